"""The shape of the house: what the tree, the package list and the imports must satisfy."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import LAYERS, ROOT, module_name, pyproject, sources


def imported_modules(source: Path) -> set[str]:
    """Every module that a file imports, at the top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} has a relative import"
            found.add(str(node.module))
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_package_list_is_the_folders() -> None:
    folders = {module_name(path.parent / "__init__.py") for path in sources()}
    assert set(pyproject()["tool"]["setuptools"]["packages"]) == folders


def test_every_layer_is_mapped_and_nothing_else() -> None:
    mapping = {f"superposition.{layer}": layer for layer in LAYERS}
    assert pyproject()["tool"]["setuptools"]["package-dir"] == mapping
    assert not (ROOT / "superposition").exists()


def test_every_package_is_typed_and_has_a_face() -> None:
    for folder in {path.parent for path in sources()}:
        assert (ROOT / folder / "py.typed").exists(), folder
        assert (ROOT / folder / "__init__.py").exists(), folder


def test_tests_mirror_the_layers() -> None:
    assert {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} >= set(LAYERS)


@pytest.mark.parametrize("source", sources(), ids=str)
def test_imports_run_one_way(source: Path) -> None:
    allowed = LAYERS[: LAYERS.index(source.parts[0]) + 1]
    for module in imported_modules(source):
        head, *rest = module.split(".")
        assert head not in LAYERS, f"{source} imports the folder {module}"
        if head == "superposition" and rest:
            assert rest[0] in allowed, f"{source} imports {module}"


TWINS = sorted((ROOT / "numerics" / "twins").glob("*.py"))


@pytest.mark.parametrize("source", TWINS, ids=lambda path: path.stem)
def test_twins_share_no_code_with_the_theory(source: Path) -> None:
    modules = imported_modules(source.relative_to(ROOT))
    assert not {module for module in modules if module.startswith("superposition.theory")}


def test_quadrature_and_enumeration_share_no_code_with_the_theory() -> None:
    for name in ("kink_split_quadrature", "enumeration"):
        modules = imported_modules(Path("numerics") / f"{name}.py")
        assert not {module for module in modules if module.startswith("superposition.theory")}


@pytest.mark.parametrize("source", sources(), ids=str)
def test_files_and_functions_stay_small(source: Path) -> None:
    text = (ROOT / source).read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = (ast.get_docstring(node) or "").count("\n") + 1
            length = (node.end_lineno or 0) - node.lineno + 1 - docstring
            assert length <= 60, f"{source}: {node.name} has {length} lines"


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("superposition.theory", {"sympy", "torch", "matplotlib", "scipy"}),
        ("superposition.numerics", {"sympy", "torch", "matplotlib"}),
        ("superposition.numerics.enumeration", {"sympy", "torch", "matplotlib"}),
        ("superposition.theory.phase_diagram", {"torch", "matplotlib"}),
        ("superposition.cli", {"sympy", "torch", "matplotlib"}),
    ],
)
def test_imports_stay_light(module: str, forbidden: set[str]) -> None:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert not forbidden & set(json.loads(output.stdout))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("line", ["import {}\n", "from {} import x\n", "from {}.y import x\n"])
def test_bare_folder_imports_are_banned(layer: str, line: str) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--select", "TID251", "-"]
    run = subprocess.run(
        ruff, input=line.format(layer), check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert run.returncode == 1
    assert "The folder is not the package" in run.stdout


def test_constraints_pin_every_direct_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower() for line in lines if line and not line.startswith("#")}
    project = pyproject()
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    wanted = {
        requirement.split(">=")[0].split("[")[0].lower()
        for group in groups
        for requirement in group
        if isinstance(requirement, str)
    }
    assert wanted - {"toy-superposition"} <= {name.replace("_", "-") for name in pinned}


def test_the_public_face_is_complete() -> None:
    """Every name that ``superposition.theory`` promises is there, lazily."""
    from superposition import theory

    assert set(dir(theory)) == set(theory.__all__)
    for name in theory.__all__:
        assert getattr(theory, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        theory.nothing  # noqa: B018
