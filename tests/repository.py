"""Where things are: the clone's root, its packages and its modules."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LAYERS = ("theory", "numerics", "validate", "paper", "cli")  # imports run from right to left


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def sources() -> list[Path]:
    """Every source file of every layer, relative to the root."""
    return sorted(
        path.relative_to(ROOT) for layer in LAYERS for path in (ROOT / layer).rglob("*.py")
    )


def module_name(source: Path) -> str:
    parts = source.with_suffix("").parts
    return ".".join(("superposition", *(parts[:-1] if parts[-1] == "__init__" else parts)))
