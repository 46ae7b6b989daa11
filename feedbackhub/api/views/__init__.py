"""One file a resource; each view makes one domain call."""
