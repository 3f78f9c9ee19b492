"""Twins of the polytopes: vertices as numbers, dimensionality by its definition."""

from __future__ import annotations

from typing import Any

import numpy as np

from superposition.numerics.twins.twin import numbers, twin


def _dimensionality(vertices: list[list[Any]]) -> Any:
    """D of the first vertex: ‖w‖² / Σ_j (ŵ·w_j)²; vertices are rows."""
    points = numbers(vertices)
    products = points @ points[0]
    return products[0] ** 2 / (products**2).sum()


@twin("polytopes/polygon")
def polygon(k: int) -> Any:
    """k points on the circle."""
    import mpmath

    angles = [2 * mpmath.pi * vertex / k for vertex in range(k)]
    return _dimensionality([[mpmath.cos(a), mpmath.sin(a)] for a in angles])


@twin("polytopes/simplex")
def simplex(d: int) -> Any:
    """The d + 1 coordinate vectors seen from their mean."""
    import mpmath

    size = d + 1
    return _dimensionality([list(row) for row in numbers(np.eye(size)) - mpmath.mpf(1) / size])


@twin("polytopes/square-antiprism")
def square_antiprism(t: Any) -> Any:
    """Two squares at heights ±t on the unit sphere."""
    import mpmath

    radius = mpmath.sqrt(1 - t**2)
    rows = []
    for vertex in range(8):
        angle = mpmath.pi * vertex / 4
        rows.append([radius * mpmath.cos(angle), radius * mpmath.sin(angle), (-1) ** vertex * t])
    return _dimensionality(rows)
