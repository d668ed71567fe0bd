"""Checks that a block's dtype and shape rules agree with its kernel, also if shapes are not known yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dataflow.conformance.samples import Sample, broken, candidates, samples
from dataflow.core import dtypes
from dataflow.core.attrs import key
from dataflow.core.block import Block, TensorType
from dataflow.core.errors import BlockError
from dataflow.core.ports import map_port
from dataflow.core.shapes import Shape, fits, show


def accepted(block_class: type[Block]) -> None:
    """The block accepts every dtype and shape that its ports declare."""
    for sample in candidates(block_class):
        if sample.surely:
            try:
                _ = sample.outputs
            except BlockError as error:
                raise broken(block_class, f"must accept {sample}, got the error: {error}") from error


def inferred(block_class: type[Block]) -> None:
    """The kernel gives the inferred dtype and shape, for every dtype and for empty, scalar and broadcast shapes."""
    for sample in samples(block_class):
        ports = sample.block.signature.outputs.values()
        for port, expected, value in zip(ports, sample.outputs, sample.results(), strict=True):
            got = np.asarray(value)
            if got.dtype != dtypes.storage(expected.dtype) and port.reduce is None:
                raise broken(block_class, f"'{port.name}' of {sample} must be {expected.dtype}, got {got.dtype.name}")
            if not fits(got.shape, expected.shape):
                wanted = show(expected.shape)
                raise broken(block_class, f"'{port.name}' of {sample} must have shape {wanted}, got {show(got.shape)}")


def valueless(block_class: type[Block]) -> None:
    """Types follow from dtypes, shapes and the values on static ports: calls and graphs remember them for these."""
    for sample in samples(block_class):
        found = sample.block.infer(*_weaker(sample, lambda type_: type_.shape, True))
        if [(t, key(t.value)) for t in found] != [(t, key(t.value)) for t in sample.outputs]:
            got = f"{', '.join(map(str, sample.outputs))} with values, {', '.join(map(str, found))} without"
            raise broken(block_class, f"must have static=True on inputs whose values decide the types, got {got}")


def unknown_dims(block_class: type[Block]) -> None:
    """Inference accepts dims and values that are known only at run time, and its result is then still true."""
    ways: dict[str, Callable[[TensorType], Shape]] = {
        "named dims": lambda t: tuple(d if d in (0, 1) else f"N{d}" for d in t.shape or ()),
        "unknown dims": lambda t: (None,) * len(t.shape or ()),
        "unknown rank": lambda t: None,
    }
    for sample in samples(block_class):
        if not sample.arrays:
            continue
        for what, shape_of in ways.items():
            for keep_values in (True, False):
                types = _weaker(sample, shape_of, keep_values)
                _check_weaker(sample, types, what + " and values" * (not keep_values))


def _weaker(sample: Sample, shape_of: Callable[[TensorType], Shape], keep_values: bool) -> list[Any]:
    """The types of a sample with other shapes, and with values on static ports at most."""

    def weaker(type_: TensorType) -> TensorType:
        return TensorType(type_.dtype, shape_of(type_))

    ports = sample.block.signature.inputs.values()
    return [
        given if port.static and keep_values else map_port(weaker, given)
        for port, given in zip(ports, sample.types, strict=True)
    ]


def _check_weaker(sample: Sample, types: list[Any], what: str) -> None:
    block_class = type(sample.block)
    try:
        guessed = sample.block.infer(*types)
    except Exception as error:
        raise broken(
            block_class, f"inference must accept {what} for {sample}, got {type(error).__name__}: {error}"
        ) from error
    for name, guess, true in zip(sample.block.signature.outputs, guessed, sample.outputs, strict=True):
        sizes = tuple(None if isinstance(d, str) else d for d in guess.shape) if guess.shape is not None else None
        if guess.dtype != true.dtype or not fits(true.shape, sizes):
            raise broken(
                block_class, f"'{name}' of {sample} with {what} must be inferred as {true} or less, got {guess}"
            )
