"""What is tested is the installed package, and constraints.txt has all that the project needs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dataflow as flow

ROOT = Path(__file__).parents[1]
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


def needed(name, extras, seen):
    """The names of all that a package needs on some platform, as far as it is installed here."""
    try:
        lines = distribution(name).requires or ()
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, lines):
        found = canonicalize_name(requirement.name), frozenset(requirement.extras)
        places = [{**place, "extra": extra} for place in PLACES for extra in extras or [""]]
        if found in seen or (requirement.marker and not any(map(requirement.marker.evaluate, places))):
            continue
        seen.add(found)
        yield found[0]
        yield from needed(*found, seen)


def test_constraints_have_all_that_is_needed():
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    wanted = set(needed(PROJECT, ["dev"], set())) - {PROJECT}
    assert {"numpy", "numba", "llvmlite", "pytest", "ruff", "colorama"} <= wanted
    assert wanted <= {canonicalize_name(line.split("==")[0]) for line in lines}
