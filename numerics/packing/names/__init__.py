"""What an arrangement of points is: spectrum, strength, symmetry, factors and a name."""
