"""What docs/sweeps.md shows, block by block."""

from __future__ import annotations

import re

from tests.repository import ROOT


def blocks(language: str) -> list[str]:
    text = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def scripts() -> dict[str, str]:
    """The Python files by name, without the blocks that are none."""
    named = {block.split("\n")[0].removeprefix("# "): block for block in blocks("python")}
    return {name: block for name, block in named.items() if name.endswith(".py")}
