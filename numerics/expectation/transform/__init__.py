"""The law of an output from its characteristic function, on a contour: for many features."""
