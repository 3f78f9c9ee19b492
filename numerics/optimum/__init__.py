"""The minima of the exact expected loss: descent from many starts, evidence, continuation."""
