"""Proofs, by ball arithmetic, of which phase holds the global optimum for n = 2 and m = 1."""
