"""Compiling by Numba, where it is installed; the bits are the same as without it.

Numba is imported when the first function is compiled.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import logging
import pickle
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from dataflow.core.dtypes import DType, integer, storage
from dataflow.core.errors import visible
from dataflow.engine import jit_cache

log = logging.getLogger("dataflow")
WARM = 1.0  # seconds of running after which compiling pays, with kernels "auto"
DTYPES = frozenset(map(storage, ("float32", "float64", *integer, "bool")))
OPTIONS = "nogil=True, error_model='numpy'"  # no fast math: it would fuse multiplications and additions


@cache
def available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


def converts_halves() -> bool:
    """Whether what is compiled runs on a processor that has instructions between float16 and float32."""
    from numba import config
    from numba.core.registry import cpu_target

    target: Any = cpu_target
    settings: Any = config
    if settings.DISABLE_JIT:  # Python runs it
        return False
    triple, _, features = target.target_context.codegen().magic_tuple()
    return "+f16c" in features.split(",") or triple.startswith(("aarch64", "arm64"))


def compile_loop(function: Callable[..., None]) -> Callable[..., None]:
    """The function, compiled by Numba when it is first called; the machine code is kept on disk."""
    import numba

    made: Callable[..., None] = _vectorizing(numba.njit(nogil=True, error_model="numpy")(function))
    with suppress(OSError, TypeError):  # without its source there is no key to keep it under
        made = _keeping(made, inspect.getsource(sys.modules[function.__module__]))
    return made


def compile_source(text: str, dtypes: Sequence[tuple[str, DType]], blocks: int) -> Callable[..., None] | None:
    """The function ``fused`` that the text of a module defines, compiled; None where it cannot be, as the log says.

    It takes three integers, then arguments of the given kinds (``s`` a scalar, ``c`` an array of three dims, else one
    of one dim) and dtypes. ``blocks`` is how many blocks it runs, for the log.
    """
    import numba

    name = "fused_" + hashlib.sha256(text.encode()).hexdigest()[:24]
    examples = [dtype.type(0) if k == "s" else np.empty((0, 0, 0) if k == "c" else 0, dtype) for k, dtype in dtypes]
    began = time.perf_counter()
    try:
        function = _vectorizing(_keeping(_module(name, text).fused, text))
        function.compile(tuple(map(numba.typeof, (0, 0, 0, *examples))))
    except Exception as error:  # a Numba that lacks something: NumPy does as well
        log.warning("cannot compile %d blocks into one loop: %s: %s", blocks, type(error).__name__, visible(str(error)))
        return None
    log.info("compiled %d blocks into one loop in %.2f s", blocks, time.perf_counter() - began)
    made: Callable[..., None] = function
    return made


def _module(name: str, text: str) -> Any:
    """The source as a module."""
    module = ModuleType(name)
    sys.modules[name] = module  # where Numba looks it up when it loads compiled code
    exec(compile(text, name, "exec"), module.__dict__)
    return module


def _vectorizing(function: Callable[..., Any]) -> Any:
    """The Numba function, which will be compiled with vectors of neighbouring statements too; Numba has them off."""
    dispatcher: Any = function
    compile_as_numba_does = dispatcher.compile

    def compile_vectorized(signature: object) -> Any:
        with _slp_vectorizer():
            return compile_as_numba_does(signature)

    dispatcher.compile = compile_vectorized
    return function


@contextmanager
def _slp_vectorizer() -> Iterator[None]:
    """LLVM's superword-level parallelism, within; others wait, so what they compile is as they ask for it."""
    from numba import config
    from numba.core.compiler_lock import global_compiler_lock

    settings: Any = config
    with global_compiler_lock:
        before, settings.SLP_VECTORIZE = settings.SLP_VECTORIZE, 1
        try:
            yield
        finally:
            settings.SLP_VECTORIZE = before


def _keeping(function: Callable[..., Any], source: str) -> Any:
    """The Numba function, with its machine code kept on disk; that depends on this source alone."""
    dispatcher: Any = function
    dispatcher._cache = _DiskCache(function.__name__, source)
    return function


class _DiskCache:
    """The cache of a function, as Numba calls it: a file for each signature that it is compiled for.

    Numba's own cache fails a run where it has no place or finds a damaged file, and other processes can break its
    index.
    """

    def __init__(self, name: str, source: str):
        self.name, self.source = name, source

    def load_overload(self, signature: object, target: Any) -> Any:
        """The compiled function for these argument types; None if it is not kept."""
        try:
            from numba.core.compiler import CompileResult

            result: Any = CompileResult
            target.refresh()
            data = jit_cache.read(self._file(signature, target.codegen()))
            return None if data is None else result._rebuild(target, *pickle.loads(data))
        except Exception as error:  # another version of Numba may differ here
            jit_cache.warn(f"{type(error).__name__}: {error}")
            return None

    def save_overload(self, signature: object, made: Any) -> None:
        """Keep a compiled function."""
        try:
            from numba.core import serialize

            dumps: Any = serialize.dumps
            if not made.library.has_dynamic_globals:
                jit_cache.write(self._file(signature, made.codegen), dumps(made._reduce()))
        except Exception as error:
            jit_cache.warn(f"{type(error).__name__}: {error}")

    def _file(self, signature: object, codegen: Any) -> str:
        """A file name made of all that the machine code depends on."""
        of = repr((self.source, OPTIONS, str(signature), codegen.magic_tuple(), _versions(), _optimizations()))
        return f"{self.name}-{hashlib.sha256(of.encode()).hexdigest()[:32]}"


def _versions() -> str:
    import numba

    return f"{numba.__version__} {np.__version__} {sys.version}"


def _optimizations() -> tuple[object, ...]:
    """The settings of Numba that its compiler goes by."""
    from numba import config

    settings: Any = config
    return settings.OPT, settings.LOOP_VECTORIZE, settings.SLP_VECTORIZE
