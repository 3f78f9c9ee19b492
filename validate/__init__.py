"""How theory and numerics are confronted with models trained by gradient descent.

Needs the extra ``validate`` (torch). Nothing here knows the theory: data are sampled, the
loss is the batch's, the optimiser is AdamW.
"""
