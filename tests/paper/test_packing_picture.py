"""Pictures of packings draw true edges, mark what touches, and sort what they show."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray

from superposition.numerics.packing.contacts import Contacts
from superposition.numerics.packing.packing import Packing
from superposition.paper.gram_order import gram_order
from superposition.paper.packing_picture import (
    draw_gram_matrix,
    draw_spectrum,
    packing_figure,
    save_packing_picture,
)
from superposition.paper.polytope_edges import polytope_edges
from superposition.paper.polytope_picture import CONTACT, CONTACT_HIDDEN, draw_polytope

Array = NDArray[Any]
TILT = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
GOLD = (1 + 5**0.5) / 2
CUBE = np.array(list(product((-1.0, 1.0), repeat=3))) / 3**0.5
OCTAHEDRON = np.vstack([np.eye(3), -np.eye(3)])
ICOSAHEDRON = np.array(
    [p for a in (-1, 1) for b in (-GOLD, GOLD) for p in ((0, a, b), (a, b, 0), (b, 0, a))]
) / np.sqrt(1 + GOLD**2)
CELL24 = np.array([v for v in product((-1.0, 0, 1), repeat=4) if np.abs(v).sum() == 2]) / 2**0.5


def polygon(corners: int) -> Array:
    angles = 2 * np.pi * np.arange(corners) / corners
    return np.column_stack([np.cos(angles), np.sin(angles)])


TURNS = np.exp(2j * np.pi * np.arange(3) / 3)
SIC2 = np.array([[1, 0], *([3**-0.5, (2 / 3) ** 0.5 * turn] for turn in TURNS)])


def packing(points: Array, energy: str = "coulomb", **changed: Any) -> Packing:
    known: dict[str, Any] = {
        "value": 1.5,
        "gradient_norm": 0.0,
        "starts": 3,
        "reached": 2,
        "seconds": 0.1,
        "evidence": "best found",
        "why": "It is.",
    }
    return Packing(points, energy, **(known | changed))


def touching(points: Array, energy: str) -> Packing:
    gram = np.abs(points @ points.conj().T) if "lines" in energy else (points @ points.T).copy()
    np.fill_diagonal(gram, -9)
    pairs = np.argwhere(np.triu(gram > gram.max() - 1e-9))
    contacts = Contacts(pairs, np.full(len(pairs), 1 / len(pairs)), 0.0, True, ())
    return packing(points, energy, value=float(gram.max()), contacts=contacts)


def drawn(figure: Figure, colour: str) -> int:
    """How many segments of that colour there are beside the heat map."""
    found = [a for axes in figure.axes[:1] for a in axes.collections]
    return sum(
        len(lines.get_segments())
        for lines in found
        if isinstance(lines, LineCollection)
        and tuple(np.asarray(lines.get_color())[0]) == to_rgba(colour)
    )


@pytest.mark.parametrize(("points", "edges"), [(CUBE, 12), (OCTAHEDRON, 12), (ICOSAHEDRON, 30)])
def test_edges_are_those_of_the_polytope_not_of_triangles(points: Array, edges: int) -> None:
    found = polytope_edges(points @ TILT)
    assert len({tuple(sorted(pair)) for pair in found.pairs.tolist()}) == len(found.pairs) == edges
    lengths = np.linalg.norm(np.subtract(*points[found.pairs].swapaxes(0, 1)), axis=1)
    np.testing.assert_allclose(lengths, lengths[0])


def test_what_the_body_hides_is_what_faces_away() -> None:
    edges = polytope_edges(CUBE)
    hidden = edges.pairs[edges.hidden(np.array([0.5, 0.6, 0.7]))]
    assert len(hidden) == 3
    assert set.intersection(*map(set, hidden.tolist())) == {0}  # the corner (-1, -1, -1)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_flat_arrangements_have_the_edges_of_their_polygon(count: int) -> None:
    flat = np.column_stack([polygon(count), np.zeros(count)]) @ TILT
    edges = polytope_edges(flat)
    assert len(edges.pairs) == {1: 0, 2: 1}.get(count, count)
    assert not edges.hidden(TILT[2]).any()
    draw_polytope(Figure().subplots(), flat)


def test_contacts_are_marked_in_front_and_behind() -> None:
    figure = packing_figure(touching(ICOSAHEDRON @ TILT, "max-cosine"), "icosahedron")
    seen, behind = drawn(figure, CONTACT), drawn(figure, CONTACT_HIDDEN)
    assert seen + behind == 30
    assert behind >= 5


def test_a_line_is_its_two_directions() -> None:
    six = np.array([x for x in ICOSAHEDRON if tuple(x) > tuple(-x)])
    figure = packing_figure(touching(six @ TILT, "lines"))
    assert drawn(figure, CONTACT) + drawn(figure, CONTACT_HIDDEN) == 30
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["contact", "opposite"]


@pytest.mark.parametrize(
    ("shown", "panels"),
    [
        (packing(polygon(5)), 3),
        (touching(polygon(3), "lines"), 3),
        (packing(ICOSAHEDRON), 3),
        (packing(np.eye(3)[:1], value=0.0), 3),
        (packing(np.array([[1.0], [-1.0]])), 2),
        (packing(CELL24), 2),
        (touching(SIC2, "complex-lines"), 2),
        (packing(np.column_stack([polygon(4) * 1.1, np.zeros(4)]), "one-active"), 3),
        (packing(np.zeros((3, 3)), "one-active"), 3),
    ],
)
def test_every_kind_has_its_panels_and_a_colour_bar(shown: Packing, panels: int) -> None:
    assert len(packing_figure(shown).axes) == panels + 1


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (packing(CELL24), "24-cell: N = 24 points in d = 4 dimensions\ncoulomb 1.5 · best found"),
        (touching(SIC2, "complex-lines"), "N = 4 lines in d = 2 complex dimensions"),
        (
            packing(np.ones((1, 1)), "log", value=-2.0),
            "N = 1 point in d = 1 dimension\nlog \u22122",
        ),
        (packing(np.zeros((3, 3)), "one-active"), "N = 3 points in d = 2 dimensions"),
    ],
)
def test_the_title_tells_what_it_is(shown: Packing, words: str) -> None:
    figure = packing_figure(shown, "24-cell" if len(shown.points) == 24 else None)
    assert words in figure.get_suptitle()


def test_the_heat_map_is_the_gram_matrix_sorted() -> None:
    axes = Figure().subplots()
    shuffled = np.random.default_rng(2).permutation(OCTAHEDRON)
    picture = draw_gram_matrix(axes, shuffled)
    blocks = np.kron(np.eye(3), [[1, -1], [-1, 1]])
    np.testing.assert_array_equal(np.asarray(picture.get_array()), blocks)
    assert picture.get_clim() == (-1, 1)


def test_a_polygon_goes_around() -> None:
    shuffled = np.random.default_rng(3).permutation(polygon(7))
    turned = shuffled[gram_order(shuffled)]
    np.testing.assert_allclose((turned * np.roll(turned, 1, axis=0)).sum(1), np.cos(2 * np.pi / 7))


@pytest.mark.parametrize(("points", "lines"), [(ICOSAHEDRON, False), (CELL24, False), (SIC2, True)])
def test_an_order_is_a_permutation_that_keeps_antipodes_together(
    points: Array, lines: bool
) -> None:
    order = gram_order(points, lines=lines)
    assert sorted(order) == list(range(len(points)))
    if not lines:
        np.testing.assert_allclose(points[order][::2], -points[order][1::2], atol=1e-12)


def test_stems_count_the_pairs() -> None:
    axes = Figure().subplots()
    draw_spectrum(axes, ICOSAHEDRON, touching=5**-0.5)
    (stems,) = axes.collections
    assert isinstance(stems, LineCollection)
    tops = [segment[1].tolist() for segment in stems.get_segments()]
    np.testing.assert_allclose(tops, np.array([[-1, 6], [-(5**-0.5), 30], [5**-0.5, 30]]))
    colours = [tuple(colour) for colour in np.asarray(stems.get_color())]
    assert [colour == to_rgba(CONTACT) for colour in colours] == [False, False, True]
    labels = [text.get_text().strip() for text in axes.texts]
    assert labels == ["6 at \u22121.0000", "30 at \u22120.4472", "30 at 0.4472"]


def test_many_inner_products_are_a_histogram() -> None:
    axes = Figure().subplots()
    points = np.random.default_rng(0).normal(size=(30, 3))
    draw_spectrum(axes, points / np.linalg.norm(points, axis=1, keepdims=True))
    heights = [patch.get_height() for patch in axes.patches if hasattr(patch, "get_height")]
    assert sum(heights) == 30 * 29 / 2


def test_the_same_packing_makes_the_same_file(tmp_path: Path) -> None:
    one, other = (
        save_packing_picture(packing(ICOSAHEDRON @ TILT), tmp_path / f"{name}.svg", "icosahedron")
        for name in "ab"
    )
    assert one.read_bytes() == other.read_bytes()
    with pytest.raises(ValueError, match="its suffix must be one of"):
        save_packing_picture(packing(ICOSAHEDRON), tmp_path / "a.jpeg")
