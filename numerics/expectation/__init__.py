"""The exact expected loss of a toy model: problems, methods, gradients."""
