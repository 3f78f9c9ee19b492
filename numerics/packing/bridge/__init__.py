"""The bridge: where spherical codes are the minima of the toy model's loss, and where not."""
