"""Every module, class and function that others may use is documented, and its examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.repository import module_name, sources

# __main__.py runs the command line when imported; tests/cli runs it. The kernels for GPUs can be
# imported only where Triton is.
KERNELS = set() if find_spec("triton") else {"fused_samples.py", "fused_step.py"}
ASIDE = {"__main__.py", *KERNELS}
MODULES = [source for source in sources() if source.name not in ASIDE]


@pytest.mark.parametrize("source", MODULES, ids=str)
def test_examples_run(source: Path) -> None:
    module = importlib.import_module(module_name(source))
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.parametrize("source", MODULES, ids=str)
def test_public_names_are_documented(source: Path) -> None:
    module = importlib.import_module(module_name(source))
    assert module.__doc__
    for name, value in vars(module).items():
        value = inspect.unwrap(value)  # noqa: PLW2901 - a cached function hides the function
        ours = getattr(value, "__module__", None) == module.__name__
        if (
            ours
            and not name.startswith("_")
            and (inspect.isfunction(value) or inspect.isclass(value))
        ):
            assert inspect.getdoc(value), f"{module.__name__}.{name} has no docstring"


def test_statement_modules_name_their_source() -> None:
    from superposition.theory import registry

    for name in registry.MODULES:
        module = importlib.import_module(f"superposition.theory.{name}")
        assert "source" in str(module.__doc__).lower(), name
