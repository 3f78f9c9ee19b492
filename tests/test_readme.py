"""What the README shows runs as pasted, in the clone and from the built wheel."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from superposition.cli.entry import parser
from tests.repository import LAYERS, ROOT, pyproject

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def shown_output(block: str) -> list[str]:
    """What the README says its Python example prints: the comments after ``print``."""
    return re.findall(r"^print\(.*\)  # (.*)$", block, flags=re.MULTILINE)


def test_python_examples_run_and_print_what_they_say(tmp_path: Path) -> None:
    assert blocks("python")
    for block in blocks("python"):
        run = subprocess.run(
            [sys.executable, "-c", block], check=True, capture_output=True, text=True, cwd=tmp_path
        )
        assert run.stdout.splitlines() == shown_output(block)


def test_shell_examples_parse() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    ours = [line for line in lines if line.startswith("superposition ")]
    assert ours
    for line in ours:
        parser().parse_args(shlex.split(line, comments=True)[1:])


def test_ci_and_readme_use_the_same_test_command() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert any("make test" in block for block in blocks("sh"))


def test_every_folder_is_on_the_map() -> None:
    for layer in (*LAYERS, "tests", "benchmarks"):
        assert f"{layer}/" in README


def test_every_path_in_the_readme_exists() -> None:
    for path in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / path).exists(), path


def test_version_is_the_same_everywhere() -> None:
    version = pyproject()["project"]["version"]
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git would ship, so that no build folder is reused."""
    folder = tmp_path_factory.mktemp("wheel")
    clone = folder / "clone"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, files):
        if (ROOT / name).exists():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(build, cwd=clone, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_ships_the_layers_and_nothing_else(wheel: Path) -> None:
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    heads = {name.split("/")[1] for name in names if name.startswith("superposition/")}
    assert heads == set(LAYERS)
    assert {name.split("/")[0] for name in names} == {
        "superposition",
        next(name.split("/")[0] for name in names if ".dist-info" in name),
    }
    packages = {name.rsplit("/", 1)[0] for name in names if name.endswith("/__init__.py")}
    assert all(f"{package}/py.typed" in names for package in packages)
    assert "superposition/paper/companion.typ" in names


def test_the_wheel_runs_the_example_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "fresh", with_pip=True)
    python = str(tmp_path / "fresh" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, str(wheel)], check=True, cwd=tmp_path)
    # Training needs the extras that this environment lacks.
    for block in (block for block in blocks("python") if "superposition.validate" not in block):
        run = subprocess.run(
            [python, "-c", block], check=True, capture_output=True, text=True, cwd=tmp_path
        )
        assert run.stdout.splitlines() == shown_output(block)
    command = [str(tmp_path / "fresh" / "bin" / "superposition"), "phases"]
    told = subprocess.run(
        [*command, "--features", "2", "--hidden", "1"], check=True, capture_output=True, text=True
    )
    assert "p = 4*r/(5*r + 2)" in told.stdout
