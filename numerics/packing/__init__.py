"""Packing: the best arrangement of N points on a sphere, under any of the energies met here."""
