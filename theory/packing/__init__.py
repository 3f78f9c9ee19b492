"""Packing: bounds, and the codes that meet them, in closed form."""
