"""The framework made smaller: tiles of a few hundred elements, loops that Python runs, and what ran compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from dataflow.core.evaluator import jit_loop
from dataflow.engine import render_numba

TINY = {"TILE": 256, "ROW": 64, "COMPILED": 128, "MIN_PARALLEL": 512, "SHARED": 512, "_FOLD_LIMIT": 128, "WHOLE": 127}


@contextmanager
def replaced(**values: Any) -> Iterator[None]:
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
    with replaced(fused=_python), _called(lambda self, *args: self.function(*args)):
        yield


@contextmanager
def _called(way: Callable[..., None]) -> Iterator[None]:
    """Loops of blocks are called in another way."""
    before = jit_loop.__call__
    setattr(jit_loop, "__call__", way)  # noqa: B010 - no assignment to a method, for mypy
    try:
        yield
    finally:
        setattr(jit_loop, "__call__", before)  # noqa: B010


def _python(lines: Sequence[render_numba.Line], dtypes: tuple[str, ...]) -> Callable[..., None]:
    """A fused loop as a plain function."""
    import numba

    scope: dict[str, Any] = {}
    config: Any = numba.config
    before, config.DISABLE_JIT = config.DISABLE_JIT, True
    try:
        exec(compile(render_numba.source(lines), "fused loop", "exec", dont_inherit=True), scope)
    finally:
        config.DISABLE_JIT = before
    made: Callable[..., None] = scope["fused"]
    return made


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collects what runs compiled by Numba: fused loops and kernels of blocks."""
    ran: list[str] = []
    call, fused = jit_loop.__call__, render_numba.fused
    if find_spec("numba") is None or _is_interpreted():
        yield ran
        return

    def counting(self: jit_loop, *args: Any) -> None:
        ran.append(self.function.__name__)
        return call(self, *args)

    def making(lines: Sequence[render_numba.Line], dtypes: tuple[str, ...]) -> Callable[..., None] | None:
        ran.append("fused")
        return fused(lines, dtypes)

    with replaced(fused=making), _called(counting):
        yield ran


def _is_interpreted() -> bool:
    return render_numba.fused is _python
