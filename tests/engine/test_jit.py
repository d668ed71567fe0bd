"""Compiling: the bits of Python and NumPy, code that is kept, and what happens where something does not compile."""

from __future__ import annotations

import logging
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dataflow.conformance.equality import same
from dataflow.engine import jit, jit_cache

pytestmark = pytest.mark.slow

pytest.importorskip("numba", reason="compiled kernels are an extra: pip install 'dataflow-blocks[jit]'")

SOURCE = f"""
from numba import njit


@njit({jit.OPTIONS})
def fused(n, row, tile, x, factor, out):
    for i in range(n):
        out[i] = x[i] * factor + x[i]
"""
FLOAT = np.dtype(np.float32)
KINDS = [("a", FLOAT), ("s", FLOAT), ("a", FLOAT)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where machine code is kept: a folder of its own, so that all is compiled from the present source."""
    monkeypatch.setenv("DATAFLOW_CACHE", str(tmp_path / "kernels"))
    jit_cache.warn.cache_clear()
    yield tmp_path / "kernels"


def twice(x: Any, out: Any) -> None:
    for j in range(out.size):
        out[j] = x[j] * 2


def kept(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


def test_a_loop_gives_what_python_gives(folder: Path) -> None:
    x, out, expected = np.arange(5.0), np.zeros(5), np.zeros(5)
    jit.compile_loop(twice)(x, out)
    twice(x, expected)
    assert same(out, expected)
    before = kept(folder)
    assert [name.split("-")[0] for name in before] == ["twice"]
    jit.compile_loop(twice)(x, out)  # what another process would do
    assert kept(folder) == before


def test_other_argument_types_are_compiled_for_themselves(folder: Path) -> None:
    for dtype in (np.float32, np.float64):
        out = np.zeros(3, dtype)
        jit.compile_loop(twice)(np.arange(3, dtype=dtype), out)
        assert out.tolist() == [0, 2, 4]
    assert len(kept(folder)) == 2


def eight_sums(x: Any, out: Any) -> None:
    a = b = c = d = e = f = g = h = 0.0
    for i in range(0, x.size, 8):
        a, b, c, d = a + x[i], b + x[i + 1], c + x[i + 2], d + x[i + 3]
        e, f, g, h = e + x[i + 4], f + x[i + 5], g + x[i + 6], h + x[i + 7]
    out[0] = ((a + b) + (c + d)) + ((e + f) + (g + h))


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="other processors spell it otherwise")
def test_sums_beside_each_other_are_vectors_where_another_s_are_not() -> None:
    """And of the loop that a user compiles, before and after ours, Numba makes what it would without us."""
    import numba

    kinds = (numba.float64[::1], numba.float64[::1])
    made = {}
    for who, compiled in [("before", numba.njit), ("ours", jit.compile_loop), ("after", numba.njit)]:
        function: Any = compiled(eight_sums)
        function.compile(kinds)
        (text,) = function.inspect_asm().values()
        made[who] = "vaddpd" in text or "\taddpd" in text
    assert made == {"before": False, "ours": True, "after": False}


def test_code_that_is_optimized_otherwise_is_not_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    out = np.zeros(3)
    jit.compile_loop(twice)(np.arange(3.0), out)
    monkeypatch.setattr(numba.config, "LOOP_VECTORIZE", 0)
    jit.compile_loop(twice)(np.arange(3.0), out)
    assert len(kept(folder)) == 2


def test_the_text_of_a_module_is_compiled(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "dataflow"):
        function = jit.compile_source(SOURCE, KINDS, 2)
    assert function is not None
    assert "compiled 2 blocks into one loop in " in caplog.text
    x, out = np.float32([1, 0.1, np.nan]), np.zeros(3, np.float32)
    function(3, 3, 3, x, np.float32(0.1), out)
    assert same(out, x * np.float32(0.1) + x)  # a fused multiplication and addition would round once
    before = kept(folder)
    jit.compile_source(SOURCE, KINDS, 2)
    assert kept(folder) == before
    jit.compile_source(SOURCE.replace("+", "-"), KINDS, 2)
    assert len(kept(folder)) == 2


def test_a_division_by_zero_is_no_error() -> None:
    function = jit.compile_source(SOURCE.replace("* factor", "/ factor"), KINDS, 2)
    assert function is not None
    out = np.zeros(2, np.float32)
    function(2, 2, 2, np.float32([1, 0]), np.float32(0), out)
    assert out[0] == np.inf and np.isnan(out[1])


@pytest.mark.parametrize("text", [SOURCE.replace("factor +", "factor + nothing +"), "no python", "x = 1"])
def test_what_cannot_be_compiled_is_logged_and_left(text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert jit.compile_source(text, KINDS, 3) is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("cannot compile 3 blocks into one loop: ")


def test_a_loop_without_source_is_compiled_and_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scope: dict[str, Any] = {"__name__": "typed_in"}
    exec("def doubled(x, out):\n    for i in range(x.size):\n        out[i] = x[i] + x[i]", scope)
    monkeypatch.setitem(sys.modules, "typed_in", ModuleType("typed_in"))
    fed = np.linspace(-1, 1, 50, dtype=np.float32)
    out = np.empty_like(fed)
    jit.compile_loop(scope["doubled"])(fed, out)
    assert same(out, fed + fed)
    assert not folder.exists() or not kept(folder)


def test_an_unknown_numba_compiles_in_each_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from numba.core.compiler import CompileResult

    monkeypatch.delattr(CompileResult, "_reduce")
    out = np.zeros(5)
    jit.compile_loop(twice)(np.arange(5.0), out)
    assert out.tolist() == [0, 2, 4, 6, 8]
    assert "compiled kernels cannot be kept, AttributeError" in caplog.text


def test_code_of_another_release_is_not_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = np.zeros(3)
    jit.compile_loop(twice)(np.arange(3.0), out)
    monkeypatch.setattr(jit, "_versions", lambda: "another")
    jit.compile_loop(twice)(np.arange(3.0), out)
    assert len(kept(folder)) == 2


def test_numba_is_not_imported_for_small_work() -> None:
    program = "import sys, dataflow as flow; flow.blocks['Add']()([1.0], 2.0); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
