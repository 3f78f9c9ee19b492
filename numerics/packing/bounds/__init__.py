"""Proven lower bounds on the energies of packing, and the optima that are proven."""
