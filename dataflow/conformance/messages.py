"""Checks that misuse is an error that names the port or attr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from dataflow.conformance.samples import Change, Sample, broken, documented
from dataflow.core import dtypes
from dataflow.core.attrs import Attr
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError
from dataflow.core.kinds import Elementwise
from dataflow.core.ports import In
from dataflow.core.typing_rules import accepted_dtypes


def bad_attr(block_class: type[Block]) -> None:
    """A value of the wrong type, or outside the limits, is an error that names the attr."""
    attrs = next((s.block.attrs() for s in documented(block_class)), {})
    for name, attr in block_class.signature.attrs.items():
        for value in _wrong(attr):
            given = attrs | {name: value}
            _expect(block_class, f"attr '{name}'", f"{name}={value!r}", partial(block_class, **given))
        if attr.required:
            given = {n: v for n, v in attrs.items() if n != name}
            _expect(block_class, f"attr '{name}'", f"no {name}", partial(block_class, **given))
    _expect(block_class, "attr 'no_such'", "no_such=1", partial(block_class, **attrs, no_such=1))


def bad_dtype(block_class: type[Block]) -> None:
    """An array of a dtype that a port does not accept is an error that names the port."""
    for sample, port in _each_port(block_class):
        accepted = accepted_dtypes(sample.block, port.dtype)
        dtype = next((d for d in ("bool", "complex128", "float64", "int8") if dtypes.fit(d, accepted) is None), None)
        wrong = np.zeros((), "U1") if dtype is None else np.zeros((), dtypes.storage(dtype))
        shaped = sample.mapped(_replace(port, partial(_filled, wrong)))
        _expect(block_class, f"input '{port.name}'", f"{port.name} of dtype {wrong.dtype}", shaped.called)


def bad_shape(block_class: type[Block]) -> None:
    """A value of another rank than a port declares, or that does not broadcast, is an error that names the port."""
    for sample, port in _each_port(block_class):
        if port.shape is not None:
            deeper = sample.mapped(_replace(port, lambda a: a[None]))
            _expect(block_class, f"input '{port.name}'", f"{port.name} of one more dim", deeper.called)
    if issubclass(block_class, Elementwise):
        _bad_broadcast(block_class)


def _bad_broadcast(block_class: type[Block]) -> None:
    free = [p.name for p in block_class.signature.inputs.values() if p.shape is None]
    sizes = {name: 2 + i for i, name in enumerate(free)}
    for sample in documented(block_class)[:1] if len(free) > 1 else ():
        uneven = sample.mapped(lambda p, a: np.resize(a, (sizes[p.name],)) if p.name in sizes else a)
        _expect(block_class, f"'{free[1]}'", "shapes that do not broadcast", uneven.called)


def missing_input(block_class: type[Block]) -> None:
    """A port left unwired is an error that names it."""
    for sample, port in _each_port(block_class):
        if not port.optional:
            arrays = tuple(
                None if name == port.name else a
                for name, a in zip(block_class.signature.inputs, sample.arrays, strict=True)
            )
            _expect(block_class, f"'{port.name}'", f"no {port.name}", replace(sample, arrays=arrays).called)


def _each_port(block_class: type[Block]) -> Iterator[tuple[Sample, In]]:
    for sample in documented(block_class)[:1]:
        for port, value in zip(block_class.signature.inputs.values(), sample.arrays, strict=True):
            if value is not None:
                yield sample, port


def _replace(chosen: In, change: Callable[[Array], Array]) -> Change:
    return lambda port, array: change(array) if port is chosen else array


def _filled(value: Array, array: Array) -> Array:
    return np.resize(value, array.shape)


def _wrong(attr: Attr) -> Iterator[Any]:
    yield object()
    if attr.ge is not None:
        yield attr.parse(attr.ge) - 1
    if attr.le is not None:
        yield attr.parse(attr.le) + 1
    if attr.choices:
        yield "no such choice"


def _expect(block_class: type[Block], named: str, what: str, misuse: Callable[[], Any]) -> None:
    """The misuse must raise a BlockError that names the port or attr."""
    try:
        misuse()
    except BlockError as error:
        if named not in str(error):
            raise broken(block_class, f"the error for {what} must name {named}, got: {error}") from error
    except Exception as error:
        raise broken(
            block_class, f"{what} must be a BlockError that names {named}, got {type(error).__name__}: {error}"
        ) from error
    else:
        raise broken(block_class, f"{what} must be an error that names {named}, got none")
