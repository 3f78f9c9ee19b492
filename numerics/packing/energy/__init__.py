"""The energies of an arrangement: each a small object seeing the points through one Gram matrix."""
