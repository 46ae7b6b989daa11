"""The ground floor: what was said, and what people decided about it."""
