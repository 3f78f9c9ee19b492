"""Files that are written whole or not at all, whatever kills the process in between."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STALE = 3600.0  # seconds after which a temporary file has no writer any more


@contextmanager
def atomic_path(path: Path, *, new: bool = False) -> Iterator[Path]:
    """A temporary path in the same folder, moved to ``path`` when the block ends well.

    new: raises ``FileExistsError`` if something is at ``path`` by then, and leaves it alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=f".partial{path.suffix}")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        if new:
            _put_new(temporary, path)
        else:
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, new: bool = False) -> None:
    """Write ``text`` to ``path`` atomically, as UTF-8 with a final newline; new: as above."""
    with atomic_path(path, new=new) as temporary:
        temporary.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def remove_stale(folder: Path) -> None:
    """Remove the temporary files of writers that were killed, an hour ago or more."""
    for path in folder.glob(".*.partial.*"):
        with suppress(FileNotFoundError):  # another process removes them, too
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink()


def _put_new(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: not whole at once, but nobody else's
        with path.open("xb") as file:
            file.write(temporary.read_bytes())
