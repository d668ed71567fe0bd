"""Kernels compiled by Numba, where that is installed: one loop for blocks that run together, to the bit the same.

Nothing here is imported before it is needed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import logging
import pickle
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from dataflow.core.errors import visible
from dataflow.engine import jit_cache

log = logging.getLogger("dataflow")
WARM = 1.0  # seconds of running after which compiling pays, where nobody says what kernels to use
DTYPES = frozenset(map(np.dtype, (np.float32, np.float64, np.bool_)))
OPTIONS = "nogil=True, error_model='numpy'"  # no fast maths: it would join multiplications and additions


@cache
def available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


def compile_loop(function: Callable[..., None]) -> Callable[..., None]:
    """The function, compiled by Numba when it is first called; what it makes of it is kept on disk."""
    import numba

    made: Callable[..., None] = numba.njit(nogil=True, error_model="numpy")(function)
    with suppress(OSError, TypeError):  # no file has its source, so nothing says what would be kept
        made = _keeping(made, inspect.getsource(sys.modules[function.__module__]))
    return made


def compile_source(text: str, dtypes: Sequence[tuple[str, Any]], blocks: int) -> Callable[..., None] | None:
    """The function ``fused`` that the text of a module defines, compiled for two integers and arguments of these kinds.

    ``dtypes`` has the kind (``s`` a scalar, else an array) and the dtype of each argument after the first two. None
    where it cannot be compiled; the log says why.
    """
    import numba

    name = "fused_" + hashlib.sha256(text.encode()).hexdigest()[:24]
    examples = [dtype.type(0) if kind == "s" else np.empty(0, dtype) for kind, dtype in dtypes]
    began = time.perf_counter()
    try:
        function = _keeping(_module(name, text).fused, text)
        function.compile(tuple(map(numba.typeof, (0, 0, *examples))))
    except Exception as error:  # a Numba that knows less than is asked: NumPy does as well
        log.warning("cannot compile %d blocks into one loop: %s: %s", blocks, type(error).__name__, visible(str(error)))
        return None
    log.info("compiled %d blocks into one loop in %.2f s", blocks, time.perf_counter() - began)
    made: Callable[..., None] = function
    return made


def _module(name: str, text: str) -> Any:
    """The source as a module."""
    module = ModuleType(name)
    sys.modules[name] = module  # where Numba looks for it when it reads what it compiled before
    exec(compile(text, name, "exec"), module.__dict__)
    return module


def _keeping(function: Any, source: str) -> Any:
    """A function of Numba's that keeps on disk what it is compiled to; the source is all that this depends on."""
    function._cache = _Kept(function.__name__, source)
    return function


class _Kept:
    """What Numba calls the cache of a function: what it is compiled to for some types is a file of its own.

    Numba's own stops a run where it finds no place or a damaged file, and its index is not safe from other processes.
    """

    def __init__(self, name: str, source: str):
        self.name, self.source = name, source

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The compiled function for types of arguments; None if it is not kept."""
        try:
            from numba.core.compiler import CompileResult

            result: Any = CompileResult
            target.refresh()
            data = jit_cache.read(self._file(signature, target.codegen()))
            return None if data is None else result._rebuild(target, *pickle.loads(data))
        except Exception as error:  # a Numba that is different inside
            jit_cache.warn(f"{type(error).__name__}: {error}")
            return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Keeps a compiled function."""
        try:
            from numba.core import serialize

            dumps: Any = serialize.dumps
            if not made.library.has_dynamic_globals:
                jit_cache.write(self._file(signature, made.codegen), dumps(made._reduce()))
        except Exception as error:
            jit_cache.warn(f"{type(error).__name__}: {error}")

    def _file(self, signature: Any, codegen: Any) -> str:
        """A name for all that the compiled function depends on."""
        of = repr((self.source, OPTIONS, str(signature), codegen.magic_tuple(), _versions()))
        return f"{self.name}-{hashlib.sha256(of.encode()).hexdigest()[:32]}"


def _versions() -> str:
    import numba

    return f"{numba.__version__} {np.__version__} {sys.version}"
