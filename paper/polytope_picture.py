"""The picture of points in two or three dimensions: a polygon, or a polytope seen from nearby.

What the body hides is drawn lighter. Contacts are the pairs at the largest cosine. A line is
drawn as its two directions: a full and an open dot.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray

from superposition.paper.house_style import FAINT, INK
from superposition.paper.polytope_edges import polygon_edges, polytope_edges

Array = NDArray[np.float64]
BODY, CONTACT, CONTACT_HIDDEN, HIDDEN = "#edf2f7", "#d55e00", "#f0b890", "#b9bec5"
ELEVATIONS = np.radians([14, 20, 26, 32])
MOST_COMPARED = 60  # with more points no view keeps all of them apart


def draw_polygon(
    axes: Axes, points: Array, contacts: Iterable[tuple[int, int]] = (), *, lines: bool = False
) -> list[Line2D]:
    """Points in the plane, the edges of their hull, and contacts; what a legend has to explain."""
    everything = np.vstack([points, -points]) if lines else points
    edges = polygon_edges(everything)
    if len(edges) > 1:
        axes.add_patch(Polygon(everything[edges[:, 0]], facecolor=BODY, edgecolor="none"))
    _segments(axes, everything, edges, INK, 0.9)
    touching = _touching(points, contacts, lines)
    _segments(axes, everything, touching, CONTACT, 2.0)
    spokes = np.stack([-points if lines else np.zeros_like(points), points], axis=1)
    axes.add_collection(LineCollection(list(spokes), colors=FAINT, linewidths=0.5, zorder=1))
    opposite = np.arange(len(everything)) >= len(points)
    _dots(axes, everything, opposite, np.zeros(len(everything), dtype=bool))
    _frame(axes, everything)
    return _legend(_alone(edges, touching), edges[:0], touching, lines)


def draw_polytope(
    axes: Axes, points: Array, contacts: Iterable[tuple[int, int]] = (), *, lines: bool = False
) -> list[Line2D]:
    """Points in space, the edges of their hull, and contacts; what a legend has to explain."""
    everything = np.vstack([points, -points]) if lines else points
    edges = polytope_edges(everything)
    right, up, view = view_of(everything, edges.pairs)
    flat = everything @ np.column_stack([right, up])
    if np.linalg.matrix_rank(flat - flat.mean(0), tol=1e-3) == 2:
        outline = polygon_edges(flat)
        axes.add_patch(Polygon(flat[outline[:, 0]], facecolor=BODY, edgecolor="none", zorder=0))
    away = edges.hidden(view)
    seen = set(edges.pairs[~away].ravel().tolist())
    corners = set(edges.pairs.ravel().tolist())
    behind = np.array([k in corners and k not in seen for k in range(len(everything))], dtype=bool)
    touching = _touching(points, contacts, lines)
    on_edge = {
        frozenset(pair): bool(far) for pair, far in zip(edges.pairs.tolist(), away, strict=True)
    }
    far = np.array([on_edge.get(frozenset(pair), True) for pair in touching.tolist()], dtype=bool)
    _segments(axes, flat, edges.pairs[away], HIDDEN, 0.7, zorder=1)
    _segments(axes, flat, touching[far], CONTACT_HIDDEN, 1.4, zorder=1.2)
    _segments(axes, flat, edges.pairs[~away], INK, 0.9, zorder=2)
    _segments(axes, flat, touching[~far], CONTACT, 2.0, zorder=2.2)
    _dots(axes, flat, np.arange(len(flat)) >= len(points), behind)
    _frame(axes, flat)
    seen_edges, hidden = edges.pairs[~away], edges.pairs[away]
    return _legend(_alone(seen_edges, touching), _alone(hidden, touching), touching, lines)


def view_of(points: Array, pairs: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Right, up and towards the viewer: from a little above, where dots and edges do not meet.

    Upright is the axis that the tensor of inertia singles out, or else the first point.
    """
    upright = _upright(points)
    start = np.eye(3)[np.argmin(np.abs(upright))]
    first = np.cross(upright, start) / np.linalg.norm(np.cross(upright, start))
    second = np.cross(upright, first)
    best, found = -np.inf, (first, upright, second)
    for turn in np.linspace(0, 2 * np.pi, 90, endpoint=False):
        right = np.cos(turn) * first + np.sin(turn) * second
        level = np.cross(right, upright)  # towards the viewer, before the view is raised
        for elevation in ELEVATIONS:
            view = np.cos(elevation) * level + np.sin(elevation) * upright
            frame = right, np.cross(view, right), view
            clear = _clearance(points @ np.column_stack(frame[:2]), pairs)
            if clear > best + 1e-9:
                best, found = clear, frame
        if len(points) > MOST_COMPARED:
            break
    return found


def _upright(points: Array) -> Array:
    values, axes = np.linalg.eigh(points.T @ points)  # increasing
    low, high = values[1] - values[0], values[2] - values[1]
    if abs(high - low) > 1e-3 * values[2]:
        return np.asarray(axes[:, 2] if high > low else axes[:, 0])
    longest = points[np.argmax(np.linalg.norm(points, axis=1) > 0.5)]
    norm = np.linalg.norm(longest)
    return longest / norm if norm > 0 else np.array([0.0, 0.0, 1.0])


def _clearance(flat: Array, pairs: NDArray[np.intp]) -> float:
    """The least distance, in the picture, of a point from another and from others' edges."""
    if len(flat) > MOST_COMPARED or len(flat) < 2:
        return 0.0
    apart = np.linalg.norm(flat[:, None] - flat[None], axis=-1) + 9 * np.eye(len(flat))
    if not len(pairs):
        return float(apart.min())
    start, along = flat[pairs[:, 0]], flat[pairs[:, 1]] - flat[pairs[:, 0]]
    length = np.maximum((along**2).sum(-1), 1e-12)
    share = np.clip(((flat[:, None] - start) * along).sum(-1) / length, 0, 1)
    off = np.linalg.norm(flat[:, None] - start - share[..., None] * along, axis=-1)
    own = (np.arange(len(flat))[:, None, None] == pairs).any(-1)
    return float(min(apart.min(), 2 * np.where(own, 9.0, off).min()))


def _touching(points: Array, contacts: Iterable[tuple[int, int]], lines: bool) -> NDArray[np.intp]:
    """Contacts as pairs of dots; of lines x_i with the nearer of ±x_j, and their opposites."""
    if not lines:
        return np.array(list(contacts), dtype=np.intp).reshape(-1, 2)
    count = len(points)
    found: list[tuple[int, int]] = []
    for one, other in contacts:
        if points[one] @ points[other] > 0:
            found += [(one, other), (one + count, other + count)]
        else:
            found += [(one, other + count), (one + count, other)]
    return np.array(found, dtype=np.intp).reshape(-1, 2)


def _alone(edges: NDArray[np.intp], touching: NDArray[np.intp]) -> NDArray[np.intp]:
    """The edges that no contact covers."""
    covered = {frozenset(pair) for pair in touching.tolist()}
    found = [pair for pair in edges.tolist() if frozenset(pair) not in covered]
    return np.array(found, dtype=np.intp).reshape(-1, 2)


def _legend(
    edges: NDArray[np.intp], hidden: NDArray[np.intp], touching: NDArray[np.intp], lines: bool
) -> list[Line2D]:
    """A line for each kind that is there."""
    kinds = ((edges, INK, 0.9, "edge"), (hidden, HIDDEN, 0.7, "hidden edge"))
    found = [
        Line2D([], [], color=colour, linewidth=width, label=label)
        for pairs, colour, width, label in (*kinds, (touching, CONTACT, 2.0, "contact"))
        if len(pairs)
    ]
    if lines:
        found.append(Line2D([], [], color=INK, linestyle="none", marker="o", markersize=3.5))
        found[-1].set(markerfacecolor="white", label="opposite")
    return found


def _segments(
    axes: Axes, flat: Array, pairs: NDArray[np.intp], colour: str, width: float, zorder: float = 2
) -> None:
    if len(pairs):
        width *= float(np.clip(40 / len(flat), 0.16, 1)) ** 0.5
        lines = LineCollection(
            list(flat[pairs]), colors=colour, linewidths=width, zorder=zorder, capstyle="round"
        )
        axes.add_collection(lines)


def _dots(axes: Axes, flat: Array, opposite: NDArray[np.bool_], behind: NDArray[np.bool_]) -> None:
    edge = np.where(behind, HIDDEN, INK)
    inside = np.where(opposite, "white", edge)
    size = float(np.clip(400 / len(flat), 1.5, 16))
    axes.scatter(
        flat[:, 0],
        flat[:, 1],
        s=size,
        c=inside.tolist(),
        edgecolors=edge.tolist(),
        linewidths=0.7,
        zorder=3,
    )


def _frame(axes: Axes, flat: Array) -> None:
    reach = 1.08 * max(1.0, float(np.linalg.norm(flat, axis=1).max()))
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor=HIDDEN, linewidth=0.5, zorder=0))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set_axis_off()
