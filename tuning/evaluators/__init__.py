"""Scorers: pure functions, lists in, floats out."""
