"""Exact phase diagrams: the global minimum everywhere, and where it changes."""
