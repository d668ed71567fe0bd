"""Checks that a block's dtype and shape rules agree with its kernel, also if shapes are not known yet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dataflow.conformance.samples import Sample, broken, candidates, samples
from dataflow.core import dtypes
from dataflow.core.block import Block, TensorType
from dataflow.core.errors import BlockError
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
        actual = sample.outputs
        for what, shape_of in ways.items():
            for keep_values in (True, False):
                _weaker(sample, actual, what + " and values" * (not keep_values), shape_of, keep_values)


def _weaker(
    sample: Sample, actual: list[TensorType], what: str, shape_of: Callable[[TensorType], Shape], keep_values: bool
) -> None:
    block_class = type(sample.block)

    def weaker(type_: TensorType) -> TensorType:
        return TensorType(type_.dtype, shape_of(type_))

    types = [
        given
        if given is None or (port.static and keep_values)
        else tuple(map(weaker, given))
        if isinstance(given, tuple)
        else weaker(given)
        for port, given in zip(block_class.signature.inputs.values(), sample.types, strict=True)
    ]
    try:
        guessed = sample.block.infer(*types)
    except Exception as error:
        raise broken(
            block_class, f"inference must accept {what} for {sample}, got {type(error).__name__}: {error}"
        ) from error
    for name, guess, true in zip(sample.block.signature.outputs, guessed, actual, strict=True):
        sizes = tuple(None if isinstance(d, str) else d for d in guess.shape) if guess.shape is not None else None
        if guess.dtype != true.dtype or not fits(true.shape, sizes):
            raise broken(
                block_class, f"'{name}' of {sample} with {what} must be inferred as {true} or less, got {guess}"
            )
