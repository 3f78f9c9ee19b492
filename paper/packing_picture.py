"""The picture of a packing: the polytope in 2-D and 3-D, the Gram matrix, its inner products."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from superposition.numerics.packing.kind_of_points import directions_of, is_of_lines
from superposition.numerics.packing.packing import Packing
from superposition.paper.gram_order import gram_order
from superposition.paper.house_style import DIVERGING, INK, house_style, save
from superposition.paper.polytope_picture import CONTACT, draw_polygon, draw_polytope

Array = NDArray[np.float64]
ALIKE = 1e-6  # inner products that differ by less are one
MOST_STEMS, MOST_LABELS, LABEL_GAP = 40, 10, 0.085
PRODUCT = {False: "$x_i · x_j$", True: "$|⟨x_i, x_j⟩|$"}


def save_packing_picture(packing: Packing, path: Path, name: str | None = None) -> Path:
    """The picture as a file; the format follows the suffix. name: what the points are called.

    Raises ``ValueError`` for a suffix other than .pdf, .png, .svg.
    """
    with house_style():
        return save(packing_figure(packing, name), path)


def packing_figure(packing: Packing, name: str | None = None) -> Figure:
    """Points in two or three dimensions, the Gram matrix, and the sorted inner products."""
    lines, directions = is_of_lines(packing), directions_of(packing)
    shown = directions.shape[1] in (2, 3) and not np.iscomplexobj(directions)
    with house_style():
        figure = Figure(figsize=(7.2 if shown else 5.0, 2.9))
        widths = (1.15, 1.2, 1) if shown else (1.2, 1)
        *first, gram, spectrum = figure.subplots(1, len(widths), width_ratios=widths)
        if shown:
            _draw_points(first[0], packing, directions, lines)
        picture = draw_gram_matrix(gram, directions, lines)
        beyond = np.abs(np.asarray(picture.get_array())).max() > 1 + ALIKE  # free norms
        bar = figure.colorbar(
            picture,
            ax=gram,
            shrink=0.8,
            ticks=(-1, -0.5, 0, 0.5, 1),
            extend="both" if beyond else "neither",
        )
        bar.outline.set_linewidth(0.4)
        touching = packing.value if packing.contacts is not None else None
        draw_spectrum(spectrum, directions, lines, touching)
        figure.suptitle(_title(packing, directions, lines, name), fontsize=9, y=0.99)
        _settle_layout(figure)
    return figure


def draw_gram_matrix(axes: Axes, points: NDArray[Any], lines: bool = False) -> ScalarMappable:
    """All inner products (of lines their moduli) on [-1, 1], points in an order that shows them."""
    # Rounded: equal inner products are one colour, even on the border between two colours.
    products = np.round(_products(points, lines), 9)
    order = gram_order(points, lines=lines)
    picture = axes.imshow(
        products[np.ix_(order, order)], cmap=DIVERGING, vmin=-1, vmax=1, interpolation="nearest"
    )
    axes.set(xticks=[], yticks=[], xlabel="point, sorted", ylabel="point, sorted")
    axes.set_title(f"Gram matrix {PRODUCT[lines]}", fontsize=8)
    return picture


def draw_spectrum(
    axes: Axes, points: NDArray[Any], lines: bool = False, touching: float | None = None
) -> None:
    """How many pairs have which inner product; that of contacts, ``touching``, in their colour."""
    products = _products(points, lines)[np.triu_indices(len(points), 1)]
    low = products.min(initial=0 if lines else -1) - (0.05 if lines else 0.25)
    high = products.max(initial=1) + 0.1
    axes.set(xlim=(low, high), xlabel=PRODUCT[lines], ylabel="pairs")
    axes.set_title("inner products", fontsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    values, counts = distinct(products)
    if not len(values):
        axes.set(yticks=[], ylim=(0, 1))
        axes.text((low + high) / 2, 0.5, "one point has no pair", ha="center", fontsize=7)
        return
    if len(values) > MOST_STEMS:
        axes.hist(products, bins=50, range=(products.min(), products.max()), color=INK)
        return
    near = np.zeros(len(values), dtype=bool)
    if touching is not None:
        near = np.abs(values - touching) < 100 * ALIKE
    colours = np.where(near, CONTACT, INK).tolist()
    axes.vlines(values, 0, counts, colors=colours, linewidths=2.0)
    axes.set_ylim(0, counts.max() * (1.75 if len(values) <= MOST_LABELS else 1.1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    if (
        len(values) <= MOST_LABELS
        and np.diff(values, append=9).min() > LABEL_GAP * (high - low) / 2
    ):
        for value, count in zip(values, counts, strict=True):
            words = f" {count} at {value:.4f}".replace("-", "\N{MINUS SIGN}")
            axes.text(value, count, words, rotation=90, ha="center", va="bottom", fontsize=6.5)


def distinct(products: Array) -> tuple[Array, NDArray[np.intp]]:
    """The distinct inner products, increasing, and how often each occurs.

    >>> values, counts = distinct(np.array([0.5, -1.0, 0.5 + 1e-9]))
    >>> values.round(6).tolist(), counts.tolist()
    ([-1.0, 0.5], [1, 2])
    """
    ordered = np.sort(products)
    starts = np.flatnonzero(np.diff(ordered, prepend=-np.inf) > ALIKE)
    counts = np.diff(starts, append=len(ordered))
    return np.add.reduceat(ordered, starts) / counts if len(starts) else ordered, counts


def _settle_layout(figure: Figure) -> None:
    """Keep the layout, rounded: its last bits differ from run to run, and files must not."""
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 0.88))  # the rest is the title's
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        x, y, width, height = np.round(axes.get_position(original=True).bounds, 6).tolist()
        axes.set_position((x, y, width, height))


def _draw_points(axes: Axes, packing: Packing, directions: Array, lines: bool) -> None:
    contacts = [] if packing.contacts is None else packing.contacts.pairs.tolist()
    plane = directions.shape[1] == 2
    draw = draw_polygon if plane else draw_polytope
    axes.legend(
        handles=draw(axes, directions, contacts, lines=lines),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.02),
        ncols=2,
        fontsize=6.5,
        handlelength=1.4,
        columnspacing=1.2,
    )


def _products(points: NDArray[Any], lines: bool) -> Array:
    gram = points @ points.conj().T
    return np.asarray(np.abs(gram) if lines else gram.real)


def _title(packing: Packing, directions: NDArray[Any], lines: bool, name: str | None) -> str:
    count, dim = directions.shape
    field = "complex " if np.iscomplexobj(directions) else ""
    what = ("line" if lines else "point") + "s" * (count > 1)
    place = f"N = {count} {what} in d = {dim} {field}dimension{'s' * (dim > 1)}"
    value = f"{packing.value:.10g}".replace("-", "\N{MINUS SIGN}")
    return f"{f'{name}: ' if name else ''}{place}\n{packing.energy} {value} · {packing.evidence}"
