r"""The ReLU output model on plain tensors with an instance axis, and its gradient by hand.

.. math:: x' = \mathrm{ReLU}(W^T W x + b), \qquad
          L = \sum_i I_i \, \overline{(x_i - x'_i)^2}

W: (S, m, n); b: (S, n); x: (S, B, n); the bar is the mean over the batch. Every model has
a loss of its own; nothing couples them.
Source: Elhage et al. 2022, "Demonstrating Superposition".
"""

from __future__ import annotations

import numpy as np
import torch

from superposition.validate.feature_samples import WEIGHTS, stream
from superposition.validate.instances import Instances


def initial_weights(instances: Instances) -> tuple[torch.Tensor, torch.Tensor]:
    """Xavier-normal W, as if each model were alone, and zero biases."""
    shape = (instances.hidden, instances.features)
    scale = np.sqrt(2 / sum(shape))
    W = np.stack([scale * stream(int(seed), WEIGHTS).normal(size=shape) for seed in instances.seed])
    return torch.from_numpy(W.astype(np.float32)), torch.zeros(instances.count, instances.features)


def loss_and_gradient(
    W: torch.Tensor, b: torch.Tensor, x: torch.Tensor, importance: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The loss of every model, (S,), and its gradient in W, (S, m, n), and b, (S, n)."""
    h = torch.bmm(x, W.mT)
    z = torch.baddbmm(b[:, None], h, W)
    error = z.relu() - x
    weighted = error * importance[:, None]
    loss = (weighted * error).sum((1, 2)) / x.shape[1]
    dz = weighted * (z > 0) * (2 / x.shape[1])
    dW = torch.bmm(h.mT, dz) + torch.bmm(torch.bmm(dz, W.mT).mT, x)
    return loss, dW, dz.sum(1)
