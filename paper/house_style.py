"""The look of every figure: the paper's visual language in colour-blind safe colours.

Files are byte-reproducible: no dates, fixed identifiers, text as outlines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from superposition.numerics.atomic_file import atomic_path

DIVERGING = "RdBu"  # weights and Gram matrices on [-1, 1]: red negative, blue positive
SEQUENTIAL = "cividis"  # interference from 0 to 1
INK, FAINT = "#222222", "#8a8a8a"
FORMATS = ("pdf", "png", "svg")

RC: Any = {
    "axes.edgecolor": INK,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.titlesize": 9,
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 8,
    "hatch.color": INK,
    "hatch.linewidth": 0.25,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "superposition",
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style: a non-interactive backend and the settings above."""
    with mpl.rc_context(RC):
        yield


def save(figure: Figure, path: Path) -> Path:
    """Write ``figure`` to ``path`` atomically; the format follows the suffix.

    Raises ``ValueError`` for a suffix other than .pdf, .png, .svg.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise ValueError(
            f"path is {str(path)!r}; its suffix must be one of "
            f"{', '.join('.' + name for name in FORMATS)}."
        )
    undated: dict[str, dict[str, Any]] = {
        "pdf": {"CreationDate": None},
        "png": {"Software": None},
        "svg": {"Date": None},
    }
    with house_style(), atomic_path(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=undated[kind])
    return path
