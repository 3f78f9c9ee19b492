"""docs/sweeps.md runs as it stands and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT
from tests.validate.sweep.documented import blocks, scripts


def test_examples_run_and_print_what_they_say(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    dask = scripts()["on_dask.py"]  # test_dask.py runs it
    for number, block in enumerate(block for block in blocks("python") if block != dask):
        path = tmp_path / (block.split("\n")[0].removeprefix("# ") if number == 0 else "other.py")
        path.write_text(block, encoding="utf-8")
        run = subprocess.run(
            [sys.executable, str(path)], check=True, capture_output=True, text=True, cwd=tmp_path
        )
        shown = re.findall(r"^ *print\(.*\)  # (.*)$", block, flags=re.MULTILINE)
        assert run.stdout.splitlines() == shown


def test_links_lead_somewhere() -> None:
    text = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    for path in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (ROOT / "docs" / path).exists(), path
