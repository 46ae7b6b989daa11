"""Shapes of the API's bodies, one file a resource."""
