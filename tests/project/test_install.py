"""What is tested is the installed package, and constraints.txt has all that the project needs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path

import places
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dataflow as flow
from dataflow.graphfile import shipped

pytestmark = pytest.mark.slow

ROOT = places.ROOT
PROJECT = "dataflow-blocks"
PLACES = [
    {"sys_platform": system, "python_version": python}
    for system, python in product(("linux", "darwin", "win32"), ("3.11", "3.12", "3.13"))
]


def installed(package):
    """The file of a package as the installer recorded it; of the source tree where that is installed editable."""
    files = map(str, distribution(PROJECT).files or ())
    file = f"{package}/__init__.py"
    return Path(distribution(PROJECT).locate_file(file)) if file in files else ROOT / file


@pytest.mark.parametrize("package", ["dataflow", "blocks"])
def test_the_installed_package_is_tested(package):
    code = f"import {package}; print({package}.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).resolve() == installed(package).resolve()
    flow.blocks["Add"]  # which imports the library
    assert Path(sys.modules[package].__file__).resolve() == installed(package).resolve()


def test_the_types_of_all_blocks_are_installed():
    names = (installed("dataflow").parent / "core" / "library.pyi").read_text("utf-8")
    assert f"    Relu: type[_{flow.blocks.Relu.__name__}]\n" in names
    assert all(f"    {name}: type[" in names for name in flow.blocks.names() if name in ("Mul", "MatMul", "Conv2D"))
    assert all((installed(package).parent / "py.typed").exists() for package in ("dataflow", "blocks"))


def test_graphs_are_installed():
    inside = installed("dataflow").parent / "graphs"
    assert shipped.folder() == (inside if inside.is_dir() else ROOT / "graphs").resolve()
    kinds = ("*.yaml", "*.npz", "README.md")
    wanted = sorted(path.relative_to(ROOT / "graphs") for kind in kinds for path in (ROOT / "graphs").rglob(kind))
    assert {Path("digits/cnn.yaml"), Path("data/digits.npz"), Path("data/README.md")} < set(wanted)
    assert [path for path in wanted if not (shipped.folder() / path).exists()] == []
    assert inside.is_dir() == (installed("dataflow").parent != ROOT / "dataflow")


def needed(name, extras, pins, seen):
    """The names of all that a package needs on some platform, as far as the releases of the constraints are here."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return
    if found.version != pins.get(name, found.version):
        return
    for requirement in map(Requirement, found.requires or ()):
        inner = canonicalize_name(requirement.name), frozenset(requirement.extras)
        places = [{**place, "extra": extra} for place in PLACES for extra in extras or [""]]
        if inner in seen or (requirement.marker and not any(map(requirement.marker.evaluate, places))):
            continue
        seen.add(inner)
        yield inner[0]
        yield from needed(*inner, pins, seen)


def test_constraints_have_all_that_is_needed():
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pins = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    wanted = set(needed(PROJECT, ["dev"], pins, set())) - {PROJECT}
    assert {"numpy", "numba", "pytest", "ruff"} <= wanted
    assert wanted <= set(pins)
