"""An analysis on disk: JSON, everything in it, back bit for bit."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from superposition.numerics.atomic_file import write_text
from superposition.numerics.packing.plain_data import plain, rebuilt
from superposition.validate.analysis.analysis import Analysis


def save_analysis(analysis: Analysis, path: Path) -> Path:
    """Write an analysis as .json; ``ValueError`` for another suffix."""
    path = Path(path)
    check_suffix(path)
    versions = {name: version(name) for name in ("toy-superposition", "numpy", "scipy")}
    told = {"versions": versions, "analysis": plain(analysis)}
    write_text(path, json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1))
    return path


def load_analysis(path: Path) -> Analysis:
    """An analysis that ``save_analysis`` wrote.

    Raises ``ValueError`` if the file is no analysis, ``OSError`` if there is none.
    """
    path = Path(path)
    check_suffix(path)
    text = path.read_text(encoding="utf-8")
    try:
        found: Analysis = rebuilt(json.loads(text)["analysis"], Analysis)
    except (ValueError, KeyError, TypeError, AttributeError):  # whatever a foreign file may hold
        raise ValueError(
            f"path is {str(path)!r}; it must be a whole file that save_analysis wrote."
        ) from None
    return found


def check_suffix(path: Path, name: str = "path") -> None:
    """Raise ``ValueError`` unless an analysis can be saved there."""
    if path.suffix.lower() != ".json":
        raise ValueError(f"{name} is {str(path)!r}; its suffix must be .json.")
