r"""The models by name, and how their weights make one linear form per output.

================  ==========================================  ==========
linear            x' = W_out W x + b                          W_out = Wᵀ if not given
relu-output       x' = ReLU(W_out W x + b)                    W_out = Wᵀ if not given
relu-hidden       h = ReLU(W x), x' = ReLU(W_out h + b)       W_out = Wᵀ if not given
absolute-value    h = ReLU(W x), y' = ReLU(W_out h + b)       target |x|, W_out needed
================  ==========================================  ==========

W: (…, m, n), column W_i the direction of feature i; W_out: (…, n, m); b: (…, n).
Source: Elhage et al. 2022; hidden ReLU and absolute value from "Computation in superposition".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace

MODELS = ("linear", "relu-output", "relu-hidden", "absolute-value")


@dataclass(frozen=True, eq=False)
class Weights:
    """The parameters of one model or a batch: W (…, m, n), b (…, n), W_out (…, n, m) or None."""

    W: Any
    b: Any
    W_out: Any = None

    @property
    def readout(self) -> Any:
        """W_out, which for a tied model is Wᵀ."""
        return transposed(self.W) if self.W_out is None else self.W_out

    def rows(self) -> Any:
        """A = W_out W, (…, n, n): the linear forms where the hidden layer is linear."""
        return array_namespace(self.W).matmul(self.readout, self.W)

    def rows_size(self) -> Any:
        """|W_out| |W|, (…, n, n): what the rounding of A is relative to."""
        xp = array_namespace(self.W)
        return xp.matmul(xp.abs(self.readout), xp.abs(self.W))

    def rows_change(self, along: Weights) -> Any:
        """The change of A along a direction: δW_out W + W_out δW."""
        matmul = array_namespace(self.W).matmul
        return matmul(along.readout, self.W) + matmul(self.readout, along.W)

    def rows_curve(self, along: Weights) -> Any:
        """The part of A that grows with t² along a direction: δW_out δW."""
        return array_namespace(self.W).matmul(along.readout, along.W)

    def pull_back(self, d_rows: Any) -> tuple[Any, Any]:
        """(∂W, ∂W_out) from ∂A: ∂W = W_outᵀ ∂A, ∂W_out = ∂A Wᵀ; a tied model adds the two."""
        matmul = array_namespace(self.W).matmul
        d_W = matmul(transposed(self.readout), d_rows)
        d_readout = matmul(d_rows, transposed(self.W))
        if self.W_out is None:
            return d_W + transposed(d_readout), None
        return d_W, d_readout

    def pull_back_change(self, along: Weights, d_rows: Any, change: Any) -> tuple[Any, Any]:
        """The change of ``pull_back`` when A's derivative changes by ``change``."""
        fixed, fixed_out = self.pull_back(change)
        moved, moved_out = Weights(along.W, along.b, along.W_out).pull_back(d_rows)
        return fixed + moved, None if fixed_out is None else fixed_out + moved_out


def transposed(matrix: Any) -> Any:
    """The matrices of a batch, transposed."""
    return array_namespace(matrix).matrix_transpose(matrix)
