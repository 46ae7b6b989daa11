"""What can be done on the machine floor: plain functions, one file a subject."""
