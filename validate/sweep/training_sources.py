"""What determines trained weights beside their settings: sources, versions, the processor."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

TRAINER, TENSORS = "superposition.validate.training", "superposition.validate.tensor_engine"


@cache
def training_sources(device: str) -> dict[str, Path]:
    """The modules that ``train`` imports on ``device``, however indirectly, and their files.

    The compiled step needs no tensors. Nothing is imported to find out.

    >>> [name for name in training_sources("compiled") if name.startswith("superposition.theory")]
    ... # doctest: +NORMALIZE_WHITESPACE
    ['superposition.theory.domain', 'superposition.theory.features.feature_law',
     'superposition.theory.features.feature_sets', 'superposition.theory.features.values']
    """
    found: dict[str, Path] = {}
    without = {TENSORS} if device == "compiled" else set()
    todo = [TRAINER]
    while todo:
        module = todo.pop()
        path = _file(module)
        if module in found or module in without or path is None:
            continue
        found[module] = path
        todo += _imported(path)
    return dict(sorted(found.items()))


@cache
def made_by(device: str) -> dict[str, str]:
    """Versions, processor and the hash of the sources: others may train other weights."""
    digest = hashlib.sha256()
    for module, path in training_sources(device).items():
        digest.update(module.encode() + path.read_bytes())
    packages = ["toy-superposition", "numpy", "numba" if device == "compiled" else "torch"]
    if device not in ("compiled", "cpu") and find_spec("triton"):
        packages.append("triton")
    return {
        **{name: version(name) for name in packages},
        "device": device,
        "machine": platform.machine(),
        "processor": processor(device),
        "sources": digest.hexdigest(),
    }


def processor(device: str) -> str:
    """What computes: a GPU by its name, a CPU as LLVM calls it; others round otherwise.

    Where numba is told to compile for another one (``NUMBA_CPU_NAME``, ``NUMBA_CPU_FEATURES``),
    that one, on this one: all but "generic" takes the host's features for its own.
    """
    if device not in ("compiled", "cpu"):
        import torch

        return torch.cuda.get_device_name(device)
    if not find_spec("llvmlite"):
        import torch

        return str(torch.backends.cpu.get_cpu_capability())
    host = str(import_module("llvmlite.binding").get_host_cpu_name())
    if device == "cpu":
        return host
    name, features = (os.environ.get(f"NUMBA_CPU_{each}") for each in ("NAME", "FEATURES"))
    if features:
        return f"{name or host} with {features}"
    if name is None or name == "generic":
        return name or host
    return f"{name} on {host}"


def _imported(path: Path) -> list[str]:
    """The names of ours that a file imports, at the top or inside functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith("superposition.")]


def _file(name: str) -> Path | None:
    """The file of a module of ours; None for what is none, such as a function in one."""
    _, layer, *rest = name.split(".")
    place = Path(str(files(f"superposition.{layer}"))).joinpath(*rest)
    module = place.with_name(f"{place.name}.py")
    package = place / "__init__.py"
    return module if rest and module.is_file() else package if package.is_file() else None
