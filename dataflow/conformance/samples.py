"""Samples to check a block with: the calls in its example, and variants of them in dtype, shape and value."""

from __future__ import annotations

import contextlib
import doctest
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import Block, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError, DataflowError
from dataflow.core.kinds import Elementwise, Reduction
from dataflow.core.ports import In, flat
from dataflow.core.wire import Wire

Change = Callable[[In, Array], Array]


class ConformanceError(DataflowError, AssertionError):
    """A block does not do what every block must."""


def broken(block_class: type[Block], text: str) -> ConformanceError:
    """The error of a block, with what was expected and what came."""
    return ConformanceError(f"{block_class.__name__}: {text}")


@dataclass(frozen=True, eq=False)
class Sample:
    """A block and its operands: an array for each port, a tuple of arrays if variadic, None if left unwired."""

    block: Block
    arrays: tuple[Any, ...]
    surely: bool = True  # the block must accept it: it is documented, or its ports say so

    def __str__(self) -> str:
        given = ", ".join(str(TensorType.of(a)) for a in flat(self.arrays))
        return f"{self.block!r}({given})"

    @property
    def types(self) -> list[Any]:
        """The type of each input, in port order."""
        return self.block.operand_types(self.arrays, TensorType.of)

    @property
    def outputs(self) -> list[TensorType]:
        """The inferred type of each output."""
        return self.block.infer(*self.types)

    def results(self, out: Array | None = None) -> tuple[Any, ...]:
        """The results of the kernel itself, one per output."""
        given = {} if out is None else {"out": out}
        with np.errstate(all="ignore"):
            values = self.block.kernel(*self.block.kernel_args(self.arrays), **given)
        return (values,) if len(self.block.signature.outputs) == 1 else tuple(values)

    def called(self) -> tuple[Any, ...]:
        """The results of a call of the block, one per output."""
        made = self.block(*(list(a) if isinstance(a, tuple) else a for a in self.arrays))
        return made if len(self.block.signature.outputs) > 1 else (made,)

    def mapped(self, change: Change, surely: bool = True) -> Sample:
        """The sample with every array changed by ``change(port, array)``."""
        arrays: list[Any] = []
        for port, value in zip(self.block.signature.inputs.values(), self.arrays, strict=True):
            many = isinstance(value, tuple)
            arrays.append(
                tuple(change(port, v) for v in value) if many else value if value is None else change(port, value)
            )
        return replace(self, arrays=tuple(arrays), surely=surely)


def _once(make: Callable[[type[Block]], tuple[Sample, ...]]) -> Callable[[type[Block]], tuple[Sample, ...]]:
    known: dict[Any, tuple[Sample, ...]] = {}

    @wraps(make)
    def remembered(block_class: type[Block]) -> tuple[Sample, ...]:
        if block_class not in known:
            known[block_class] = make(block_class)
        return known[block_class]

    return remembered


def examples(block_class: type[Block]) -> list[doctest.Example]:
    """The examples in a block's own docstring."""
    return doctest.DocTestParser().get_examples(vars(block_class).get("__doc__") or "")


def scope(block_class: type[Block]) -> dict[str, Any]:
    """The names that an example may use."""
    return {block_class.__name__: block_class, "np": np}


@_once
def documented(block_class: type[Block]) -> tuple[Sample, ...]:
    """The calls of the block on values in its example."""
    calls: list[Sample] = []

    def recording(**attrs: object) -> Callable[..., Any]:
        block = block_class(**attrs)
        if not block.signature.inputs:
            calls.append(Sample(block, ()))

        def call(*args: object, **named: Any) -> Any:
            operands = block.signature.bind(block_class.__name__, args, named)
            if operands and not any(isinstance(o, Wire) for o in flat(operands)):
                types = block.operand_types(operands, TensorType.of)
                arrays = (tuple(t.value for t in ts) if isinstance(ts, tuple) else ts and ts.value for ts in types)
                calls.append(Sample(block, tuple(arrays)))
            return block(*args, **named)

        return call

    names = scope(block_class) | {block_class.__name__: recording}
    with contextlib.redirect_stdout(io.StringIO()):
        for example in examples(block_class):
            # an example that does not run is reported by the check that runs it
            with contextlib.suppress(Exception):
                exec(compile(example.source, block_class.__name__, "exec"), names)
    return tuple(calls)


@_once
def samples(block_class: type[Block]) -> tuple[Sample, ...]:
    """The documented calls and their variants, without those that the block refuses with an error."""
    return tuple(s for s in candidates(block_class) if not _refused(s))


@_once
def candidates(block_class: type[Block]) -> tuple[Sample, ...]:
    """The documented calls and their variants, including those that the block may refuse."""
    made = list(documented(block_class))
    for first in documented(block_class)[:1]:
        made += retyped(first)
        made += _resized(first)
        made += _extreme(first)
    for sample in documented(block_class):
        made += _cut(sample)
    return tuple(made)


def retyped(sample: Sample) -> Iterator[Sample]:
    """The sample in every other dtype that its type variables and dtype attrs allow."""
    block = sample.block
    for variable in dict.fromkeys(p.dtype for p in block.signature.inputs.values()):
        accepted = () if variable in dtypes.every else getattr(block, variable)
        for dtype in () if isinstance(accepted, str) else accepted:
            yield sample.mapped(_retype(variable, dtype))
    for name, attr in block.signature.attrs.items():
        for dtype in (attr.choices or dtypes.every) if attr.kind == "Dtype" else ():
            with contextlib.suppress(BlockError):
                yield replace(sample, block=type(block)(**block.attrs() | {name: dtype}), surely=False)


def cast(array: Array, dtype: str) -> Array:
    """The array in another dtype; absolute values if that is unsigned."""
    target = dtypes.storage(dtype)
    if array.dtype.kind == "c" and target.kind != "c":
        array = array.real
    if target.kind == "u" and array.dtype.kind != "b":
        array = np.abs(array)
    with np.errstate(all="ignore"):
        return array.astype(target)


def _retype(variable: str, dtype: str) -> Change:
    return lambda port, array: cast(array, dtype) if port.dtype == variable else array


def _resized(sample: Sample) -> Iterator[Sample]:
    """The sample's values as scalars, empty, in four dims and, if the block broadcasts, in unequal shapes."""
    block = sample.block
    if isinstance(block, Elementwise):
        free = [p for p in block.signature.inputs.values() if p.shape is None]
        lengths = [v.shape[-1] for p, v in _ports(sample) if p.shape is None and v.ndim]
        last = lengths[0] if lengths else 2
        # a block with declared shapes or a rule of its own may refuse some of these
        sure = len(free) == len(block.signature.inputs) and type(block).shape_of is Elementwise.shape_of
        for shape in ((), (0, last), (2, 1, 3, last)):
            yield sample.mapped(_resize({p.name: shape for p in free}), sure)
        uneven = [((2, 3, last), (3, 1)), ((last,), (2, 3, 1)), ((), (0, last)), ((1,), ())]
        for shapes in uneven if block.broadcasts and len(free) > 1 else ():
            yield sample.mapped(_resize({p.name: shapes[i % 2] for i, p in enumerate(free)}), sure)
    if isinstance(block, Reduction):
        for shape in ((), (0, 3), (2, 1, 3, 2)):
            for axes in ([], [0], [-1], list(range(len(shape)))):
                yield sample.mapped(_refold(shape, axes), surely=False)


def _resize(shapes: Mapping[str, tuple[int, ...]]) -> Change:
    return lambda port, array: np.resize(array, shapes[port.name]) if port.name in shapes else array


def _refold(shape: tuple[int, ...], axes: list[int]) -> Change:
    return lambda port, array: np.array(axes, array.dtype) if port.static else np.resize(array, shape)


def _extreme(sample: Sample) -> Iterator[Sample]:
    """Edge cases: NaN, infinities, zeros of both signs, the smallest and largest numbers."""
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 3e38, -3e38, 0.5, -0.5, 1.5, 2.5])
    if isinstance(sample.block, Elementwise):
        yield sample.mapped(
            lambda p, a: cast(values, dtypes.name_of(a.dtype)) if p.shape is None and _is_float(a) else a, surely=False
        )


def _cut(sample: Sample) -> Iterator[Sample]:
    """The sample with the first row alone, and with no rows, of every input as long as the first."""
    arrays = [v for p, v in _ports(sample) if not p.static]
    length = len(arrays[0]) if arrays and arrays[0].ndim else 0
    for rows in (1, 0) if length > 1 else (0,) if length else ():
        yield sample.mapped(_head(length, rows), surely=False)


def _head(length: int, rows: int) -> Change:
    return lambda port, array: array[:rows] if not port.static and array.ndim and len(array) == length else array


def _ports(sample: Sample) -> Iterable[tuple[In, Array]]:
    for port, value in zip(sample.block.signature.inputs.values(), sample.arrays, strict=True):
        for each in flat([value]):
            yield port, each


def _is_float(array: Array) -> bool:
    return dtypes.name_of(array.dtype) in dtypes.floating


def _refused(sample: Sample) -> bool:
    try:
        sample.block.compute(sample.arrays, sample.outputs)
    except BlockError:
        return True
    except Exception:  # a crash is no refusal: the checks will run into it and report it
        return False
    return False
