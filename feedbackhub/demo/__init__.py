"""The whole loop on sample data, or on a team's own files, through the running hub."""
