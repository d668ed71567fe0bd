"""The framework made smaller: tiles of a few hundred elements, loops that Python runs, and what ran compiled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from dataflow.core.evaluator import jit_loop
from dataflow.engine import render_numba

TINY = {"TILE": 256, "ROW": 64, "COMPILED": 128, "MIN_PARALLEL": 512, "_FOLD_LIMIT": 128}


@contextmanager
def replaced(**values):
    """Other values for these names, in every module of the framework that has them."""
    modules = [m for name, m in sys.modules.items() if name.startswith("dataflow.") and m is not None]
    changed = [(m, name, vars(m)[name]) for name in values for m in modules if name in vars(m)]
    if missing := set(values) - {name for _, name, _ in changed}:
        raise AttributeError(f"no module has {', '.join(sorted(missing))} any more; the fuzzer must learn its new name")
    try:
        for module, name, _ in changed:
            setattr(module, name, values[name])
        yield
    finally:
        for module, name, before in changed:
            setattr(module, name, before)


@contextmanager
def small_tiles() -> Iterator[None]:
    """Tiles of a few hundred elements, so that arrays of as many go through all that large ones go through."""
    with replaced(**TINY):
        yield


@contextmanager
def interpreted() -> Iterator[None]:
    """Compiled loops run by Python, element by element: the same formulas in the same order, nothing to compile."""
    call = jit_loop.__call__
    with replaced(fused=_python):
        jit_loop.__call__ = lambda self, *args: self.function(*args)
        try:
            yield
        finally:
            jit_loop.__call__ = call


def _python(lines, dtypes):
    """A fused loop as a plain function."""
    import numba

    scope = {}
    before, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, True
    try:
        exec(compile(render_numba._source(lines), "fused loop", "exec", dont_inherit=True), scope)
    finally:
        numba.config.DISABLE_JIT = before
    return scope["fused"]


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collects what runs compiled by Numba: fused loops and kernels of blocks."""
    ran: list[str] = []
    call, fused = jit_loop.__call__, render_numba.fused
    if find_spec("numba") is None or _is_interpreted():
        yield ran
        return

    def counting(self, *args):
        ran.append(self.function.__name__)
        return call(self, *args)

    def making(lines, dtypes):
        ran.append("fused")
        return fused(lines, dtypes)

    with replaced(fused=making):
        jit_loop.__call__ = counting
        try:
            yield ran
        finally:
            jit_loop.__call__ = call


def _is_interpreted() -> bool:
    return render_numba.fused is _python
