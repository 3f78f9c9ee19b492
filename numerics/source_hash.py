"""The hash of the sources that a stored result depends on: another version, another result."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path


def source_hash(*packages: str) -> str:
    """SHA-256 over every Python file of ``packages``, such as ``"superposition.validate"``."""
    digest = hashlib.sha256()
    for package in packages:
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()
