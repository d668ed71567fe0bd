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
import textwrap
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from dataflow import kept
from dataflow.core.errors import visible

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


# One element of what a ufunc gives. Those that are not here are computed otherwise by NumPy than by a compiler.
ELEMENTS: dict[Any, str] = {
    np.add: "x + y",
    np.subtract: "x - y",
    np.multiply: "x * y",
    np.divide: "x / y",
    np.negative: "-x",
    np.absolute: "abs(x)",
    np.square: "x * x",
    np.sqrt: "np.sqrt(x)",
    np.floor: "np.floor(x)",
    np.ceil: "np.ceil(x)",
    np.rint: "np.rint(x)",
    np.greater: "x > y",
    np.greater_equal: "x >= y",
    np.less: "x < y",
    np.less_equal: "x <= y",
    np.equal: "x == y",
    np.not_equal: "x != y",
    np.logical_and: "x & y",
    np.logical_or: "x | y",
    np.logical_not: "not x",
}


def element(block: Any, dtype: Any) -> str | None:
    """Source of a function ``element`` that computes one element as the block does; None if there is none.

    ``dtype`` is that of the output.
    """
    call = block.call(dtype)
    if isinstance(call, np.ufunc):
        if (formula := ELEMENTS.get(call)) is None:
            return None
        return f"def element({', '.join('xy'[: len(block.signature.inputs)])}):\n    return {formula}\n"
    return None if block.element is None else _written(block.element)


@cache
def _written(function: Any) -> str | None:
    """The source of an element function under the name ``element``; None where no file has it."""
    try:
        source = textwrap.dedent(inspect.getsource(function)).removeprefix("@staticmethod\n")
    except (OSError, TypeError):
        return None
    return source[: source.index("(")].replace(function.__name__, "element") + source[source.index("(") :]


class Line(NamedTuple):
    """One block in a fused loop: its element function, where its arguments come from, and where its result goes.

    args : ``("a", i)`` the element of array i, ``("p", i)`` of the row i that is repeated, ``("s", i)`` scalar i,
        ``("t", i)`` the result of line i.
    out : the array that gets the result too, if any.
    """

    source: str
    args: tuple[tuple[str, int], ...]
    out: int | None


@cache
def fused(lines: tuple[Line, ...], dtypes: tuple[tuple[str, Any], ...]) -> Callable[..., None] | None:
    """A function of elements, elements in a row, arrays, results, rows and scalars that runs the lines on each element.

    ``dtypes`` has the kind (``a``, ``o``, ``p``, ``s``) and the dtype of each argument after the first two. None where
    it cannot be compiled; the log says why.
    """
    import numba

    text = _source(lines)
    name = "fused_" + hashlib.sha256(text.encode()).hexdigest()[:24]
    examples = [dtype.type(0) if kind == "s" else np.empty(0, dtype) for kind, dtype in dtypes]
    began = time.perf_counter()
    try:
        function = _keeping(_module(name, text).fused, text)
        function.compile(tuple(map(numba.typeof, (0, 0, *examples))))
    except Exception as error:  # a Numba that knows less than is asked: NumPy does as well
        log.warning(
            "cannot compile %d blocks into one loop: %s: %s", len(lines), type(error).__name__, visible(str(error))
        )
        return None
    log.info("compiled %d blocks into one loop in %.2f s", len(lines), time.perf_counter() - began)
    made: Callable[..., None] = function
    return made


def _source(lines: Sequence[Line]) -> str:
    """The module of a fused loop: the function of each element, then the loop over them."""
    sources = list(dict.fromkeys(line.source for line in lines))
    names = {source: f"element{i}" for i, source in enumerate(sources)}
    used = {(kind, i) for line in lines for kind, i in line.args if kind != "t"}
    used |= {("o", line.out) for line in lines if line.out is not None}
    arrays = sorted(used)
    body = []
    for i, line in enumerate(lines):
        args = ", ".join(f"{kind}{j}" + "[j]" * (kind in "ap") for kind, j in line.args)
        body.append(f"t{i} = {names[line.source]}({args})")
        body += [f"o{line.out}[j] = t{i}"] if line.out is not None else []
    parts = [f"{kind}{i} = {kind}{i}_[r:r + m]" for kind, i in arrays if kind in "ao"]
    parts += [f"p{i} = p{i}_[:m]" for kind, i in arrays if kind == "p"]
    given = ", ".join(f"{kind}{i}" + "_" * (kind != "s") for kind, i in arrays)  # in the order a, o, p, s
    functions = [f"@njit({OPTIONS})\n" + s.replace("def element(", f"def {names[s]}(") for s in sources]
    return "\n\n".join(
        [
            "from __future__ import annotations\n\nimport numpy as np\nfrom numba import njit",
            *functions,
            f"@njit({OPTIONS})\n"
            f"def fused(count, row, {given}):\n"
            "    for r in range(0, count, row):\n"
            "        m = min(row, count - r)\n"
            + "".join(f"        {part}\n" for part in parts)
            + "        for j in range(m):\n"
            + "".join(f"            {line}\n" for line in body),
        ]
    )


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
            data = kept.read(self._file(signature, target.codegen()))
            return None if data is None else result._rebuild(target, *pickle.loads(data))
        except Exception as error:  # a Numba that is different inside
            kept.warn(f"{type(error).__name__}: {error}")
            return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Keeps a compiled function."""
        try:
            from numba.core import serialize

            dumps: Any = serialize.dumps
            if not made.library.has_dynamic_globals:
                kept.write(self._file(signature, made.codegen), dumps(made._reduce()))
        except Exception as error:
            kept.warn(f"{type(error).__name__}: {error}")

    def _file(self, signature: Any, codegen: Any) -> str:
        """A name for all that the compiled function depends on."""
        of = repr((self.source, OPTIONS, str(signature), codegen.magic_tuple(), _versions()))
        return f"{self.name}-{hashlib.sha256(of.encode()).hexdigest()[:32]}"


def _versions() -> str:
    import numba

    return f"{numba.__version__} {np.__version__} {sys.version}"
