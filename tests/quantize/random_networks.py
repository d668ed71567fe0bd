"""Random quantized networks: convolutions, depthwise ones, dense layers, pools, rectifiers, sums and joins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref

B = flow.blocks


class Maker:
    """Grows a network, a layer at a time; each value that a layer reads is quantized to 2 to 8 bits."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.graph = Graph(f"random_{seed}")
        low = float(self.rng.choice([0, 0, -1]))
        self.channels = int(self.rng.integers(1, 4))
        size = int(self.rng.integers(4, 7))
        self.input = self.graph.input("x", "float32", ["N", size, size, self.channels], range=[low, 1.5])

    def network(self) -> Graph:
        """A network of three to five layers and a dense one."""
        value = self.quantized(self.input, -1.0, 1.5)
        layers: list[Callable[[Ref], Ref]] = [
            self.convolution, self.convolution, self.depthwise, self.pooled, self.rectified, self.added, self.joined,
        ]  # fmt: skip
        for _ in range(int(self.rng.integers(3, 6))):
            value = layers[int(self.rng.integers(len(layers)))](value)
        flat = int(np.prod(value.shape[1:]))  # type: ignore[index, arg-type]
        rows = B["Reshape"]()(value, [-1, flat])
        self.graph.output("y", self.biased(B["MatMul"]()(rows, self.weights((flat, 3), -1)), 3))
        return self.graph

    def bits(self) -> int:
        """A width of codes."""
        return int(self.rng.integers(2, 9))

    def quantized(self, value: Ref, low: float, high: float) -> Ref:
        """The value on a grid that need not reach as far as it does."""
        ends = [float(end) * self.rng.uniform(0.5, 1.1) for end in (low, high)]
        made: Ref = B["FakeQuantWithMinMaxVars"](num_bits=self.bits())(value, *ends)
        return made

    def again(self, value: Ref) -> Ref:
        """The value quantized once more."""
        low = float(self.rng.choice([0.0, -2.0]))
        return self.quantized(value, low, float(self.rng.uniform(0.5, 6)))

    def weights(self, shape: tuple[int, ...], axis: int) -> Ref:
        """Weights on a grid, of one step or one for each index along an axis."""
        drawn = self.graph.constant(self.rng.standard_normal(shape).astype(np.float32))
        most = np.full(shape[axis] if self.rng.integers(2) else (), 2.0, np.float32)
        if most.ndim:
            most *= self.rng.uniform(0.3, 1.2, most.shape).astype(np.float32)
        made: Ref = B["FakeQuantSymmetric"](num_bits=self.bits(), axis=axis if most.ndim else None)(drawn, most)
        return made

    def biased(self, sums: Ref, channels: int) -> Ref:
        """The sums with a bias, or as they are."""
        if self.rng.integers(3) == 0:
            return sums
        made: Ref = B["BiasAdd"]()(sums, self.rng.standard_normal(channels).astype(np.float32))
        return made

    def convolution(self, value: Ref) -> Ref:
        """A convolution, its bias, a rectifier perhaps, quantized."""
        channels, outputs = self.last(value), int(self.rng.integers(1, 5))
        kernel = int(self.rng.integers(1, 4))
        block = B["Conv2D"](strides=[1, 1, 1, 1], padding=str(self.rng.choice(["SAME", "SAME", "VALID"])))
        if self.smallest(value) < kernel:
            kernel = 1
        made = self.biased(block(value, self.weights((kernel, kernel, channels, outputs), 3)), outputs)
        return self.again(self.rectified(made) if self.rng.integers(2) else made)

    def depthwise(self, value: Ref) -> Ref:
        """A depthwise convolution, quantized."""
        channels, multiplier = self.last(value), int(self.rng.integers(1, 3))
        block = B["DepthwiseConv2dNative"](strides=[1, 1, 1, 1], padding="SAME")
        return self.again(
            self.biased(block(value, self.weights((3, 3, channels, multiplier), 2)), channels * multiplier)
        )

    def pooled(self, value: Ref) -> Ref:
        """The largest of windows, or their mean, quantized."""
        kind = str(self.rng.choice(["MaxPool", "AvgPool"]))
        pool = B[kind](ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
        made: Ref = pool(value)
        return made if kind == "MaxPool" else self.again(made)

    def rectified(self, value: Ref) -> Ref:
        """A rectifier."""
        made: Ref = B[str(self.rng.choice(["Relu", "Relu6"]))]()(value)
        return made

    def added(self, value: Ref) -> Ref:
        """The sum with a convolution of the same value, quantized."""
        channels = self.last(value)
        block = B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME")
        other = self.again(block(value, self.weights((3, 3, channels, channels), 3)))
        return self.again(B["AddV2"]()(value, other))

    def joined(self, value: Ref) -> Ref:
        """Beside what a convolution makes of it; both on one grid half of the time."""
        block = B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME")
        other = block(value, self.weights((1, 1, self.last(value), 2), 3))
        made: Ref = B["Concat"]()([value, self.again(other)], 3)
        return self.again(made) if self.rng.integers(2) else made

    @staticmethod
    def last(value: Ref) -> int:
        """The number of channels."""
        return int((value.shape or ())[-1] or 0)

    @staticmethod
    def smallest(value: Ref) -> int:
        """The lesser of height and width."""
        return min(int(n or 0) for n in (value.shape or ())[1:3])


def network(seed: int) -> Graph:
    """A random network."""
    return Maker(seed).network()


def images(graph: Graph, count: int, seed: int) -> Array:
    """Inputs within the declared range: random ones, ends at random, few that differ, and ends everywhere."""
    rng = np.random.default_rng(seed)
    low, high = graph.nodes["x"].range or (0, 0)
    shape = (count, *[int(n or 0) for n in (graph.inputs["x"].shape or ())[1:]])
    made = rng.uniform(low, high, shape)
    at_ends = np.where(rng.integers(0, 2, shape) == 1, high, low)
    blocks = np.where(rng.integers(0, 2, (count, 1, 1, shape[-1])) == 1, high, low)
    kind = rng.integers(0, 4, (count, 1, 1, 1))
    mixed = np.where(rng.random(shape) < 0.9, blocks, made)
    return np.select([kind == 0, kind == 1, kind == 2], [made, at_ends, mixed], blocks).astype(np.float32)
