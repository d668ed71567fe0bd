"""A step of an integer graph as C sees it, with what its code is written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from dataflow.core.errors import DataflowError
from dataflow.quantize.export.c_arrays import CArray
from dataflow.quantize.export.manifest import attrs_of
from dataflow.quantize.export.net import Step

Lines = list[str]


@dataclass(frozen=True)
class Layer:
    """A step with the arrays on its ports; ``out`` is its output.

    ``prefix`` begins the names of functions, ``macro`` those of the macros of this step.
    """

    step: Step
    inputs: Mapping[str, tuple[CArray, ...]]
    out: CArray
    prefix: str
    macro: str

    @property
    def attrs(self) -> dict[str, Any]:
        """The attrs of the block."""
        return attrs_of(self.step)

    def one(self, port: str) -> CArray:
        """The array on a port."""
        return self.inputs[port][0]

    def constant(self, port: str) -> list[int]:
        """The numbers on a port, which must be constant."""
        value = self.one(port).value
        if value is None:
            raise self.error(f"input '{port}' must be constant, got one that is computed")
        return [int(number) for number in np.ravel(value)]

    def number(self, port: str, index: str) -> str:
        """What stands for the number on a port: itself, an element for each channel, or 0 where nothing is."""
        if not self.inputs[port]:
            return "0"
        given = self.one(port)
        if given.size == 1 and given.value is not None:
            return str(int(given.value.reshape(())))
        return given.at("0" if given.size == 1 else index)

    def error(self, problem: str) -> DataflowError:
        """The error of a step that this target cannot say."""
        return DataflowError(f"{self.step.node.who}: {problem}; export its vectors, and write it by hand")

    def each(self, value: str) -> Lines:
        """Code that gives every element ``i`` of the output a value."""
        return loop("i", self.out.size, [f"out[i] = ({self.out.type})({value});"])


Writer = Callable[[Layer], Lines]


def loop(name: str, count: int, body: Lines) -> Lines:
    """Code that counts from 0."""
    return [f"for (int32_t {name} = 0; {name} < {count}; {name}++) {{", *indented(body), "}"]


def loops(counts: Mapping[str, int], body: Lines) -> Lines:
    """Code of loops within each other, the first one outside."""
    for name, count in reversed([*counts.items()]):
        body = loop(name, count, body)
    return body


def indented(lines: Lines) -> Lines:
    """Lines of an inner block."""
    return [f"    {line}" for line in lines]


def wrapped(left: str, operator: str, right: str, dtype: str) -> str:
    """A sum or difference that wraps around, as it does in the graph."""
    unsigned = "uint64_t" if dtype == "int64" else "uint32_t"
    return f"({unsigned})({left}) {operator} ({unsigned})({right})"


def strides(shape: tuple[int, ...]) -> list[int]:
    """How far elements lie apart along each axis."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def place(shape: tuple[int, ...], steps: list[int], start: int = 0, name: str = "i") -> str:
    """Where element ``i`` of an array of this shape lies in another, which has such strides for its axes."""
    terms = [str(start)] if start else []
    for size, inner, step in zip(shape, strides(shape), steps, strict=True):
        if size > 1 and step:
            index = name if inner == 1 else f"{name} / {inner}"
            index += f" % {size}" * (size * inner < prod(shape))
            terms.append(index if step == 1 else f"{index} * {step}")
    return " + ".join(terms) or "0"


def broadcast(layer: Layer, given: CArray, port: str) -> str:
    """The index of what meets element ``i`` of the output."""
    shape = layer.out.shape
    if given.size == prod(shape):
        return "i"
    own = (1,) * (len(shape) - len(given.shape)) + given.shape
    if len(own) != len(shape) or any(size not in (1, whole) for size, whole in zip(own, shape, strict=True)):
        raise layer.error(f"input '{port}' must broadcast to {shape}, got {given.shape}")
    return place(shape, [step if size > 1 else 0 for size, step in zip(own, strides(own), strict=True)])
