"""The figures, one module each; every one asserts the claim it shows before it is drawn."""
