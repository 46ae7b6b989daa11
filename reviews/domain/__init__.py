"""What can be done on the ground floor: plain functions, one file a subject."""
