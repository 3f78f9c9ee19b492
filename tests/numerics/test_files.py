"""Files are written whole or not at all; stored results know which sources made them."""

from __future__ import annotations

from pathlib import Path

import pytest

from superposition.numerics.atomic_file import atomic_path, write_text
from superposition.numerics.source_hash import source_hash


def test_text_is_written_with_one_final_newline(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    write_text(path, "λ\n\n")
    assert path.read_text(encoding="utf-8") == "λ\n"
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text(encoding="utf-8") == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_keeps_the_suffix(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "picture.svg") as temporary:
        assert temporary.suffix == ".svg"
        assert temporary.parent == tmp_path


def test_source_hash_tells_packages_apart() -> None:
    theory, numerics = source_hash("superposition.theory"), source_hash("superposition.numerics")
    assert theory != numerics
    assert source_hash("superposition.theory") == theory
    assert source_hash("superposition.theory", "superposition.numerics") not in (theory, numerics)
