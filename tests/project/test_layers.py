"""Imports point down, and each library of others has one home."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import places
import pytest

import dataflow as flow

ROOT = places.ROOT
SITE = Path(flow.__file__).parents[1]  # where the packages are installed
FILES = sorted(
    path.relative_to(SITE).as_posix() for top in ("dataflow", "blocks") for path in (SITE / top).rglob("*.py")
)

# Where a library may be imported; NumPy may be everywhere.
HOMES = {
    "starlette": "dataflow/studio/",
    "uvicorn": "dataflow/studio/",
    "click": "dataflow/cli/",
    "ml_dtypes": "dataflow/core/dtypes.py",
    "networkx": "dataflow/graph/graph.py",
    "numba": "dataflow/engine/jit.py",
    "pyarrow": ("dataflow/files/", "dataflow/training/data/arrow_table.py", "dataflow/training/data/csv_arrow.py"),
    "rich": "dataflow/cli/",
    "sklearn": "dataflow/training/estimator.py",
    "threadpoolctl": "dataflow/core/blas.py",
    "yaml": "dataflow/graphfile/",
}


def imported(file):
    """The modules that the import statements of a file name; ``b`` of ``from a import b`` may be one too."""
    for node in ast.walk(ast.parse((SITE / file).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for inner in (f"{node.module}.{alias.name}" for alias in node.names):
                is_module = (SITE / inner.replace(".", "/")).with_suffix(".py").exists()
                yield inner if is_module else node.module


@pytest.mark.parametrize("file", FILES)
def test_libraries_stay_at_home(file):
    for module in imported(file):
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names | {"numpy", "dataflow", "blocks"}:
            assert file.startswith(HOMES[top]), f"{file} imports {top}"


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("blocks/")])
def test_blocks_see_the_core_alone(file):
    assert all(module.startswith("dataflow.core.") for module in imported(file) if module.startswith("dataflow"))


def test_kernels_hold_no_block():
    """Categories hold blocks and their bases, `blocks/kernels` the arithmetic that they share."""
    assert not [name for name in flow.blocks if flow.blocks[name].__module__.startswith("blocks.kernels.")]


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("dataflow/")])
def test_framework_knows_no_block(file):
    assert not any(module.partition(".")[0] == "blocks" for module in imported(file))


@pytest.mark.skipif(importlib.util.find_spec("importlinter") is None, reason="import-linter is only in the dev extra")
def test_contracts():
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
