"""Quantized numbers under another shape."""

from __future__ import annotations

from blocks.array_ops.reshape import Reshape
from blocks.core.sources import Identity
from blocks.kernels.static_shape import INDEX
from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.composite import Composite
from dataflow.core.wire import Wire


class QuantizedReshape(Composite):
    """Quantized numbers in the same order under another shape, ``Reshape(tensor, shape)``, with their range.

    One size may be -1: it becomes whatever keeps the number of elements.

    >>> QuantizedReshape()(np.array([[0, 1], [2, 3]], np.uint8), [-1], -1.0, 1.0).output
    array([0, 1, 2, 3], dtype=uint8)

    Source: tf.raw_ops.QuantizedReshape.
    """

    found_by = ("view", "flatten")
    T, Tshape = dtypes.quantized, INDEX
    tensor = In("T", "quantized numbers, any shape")
    shape = In("Tshape", "shape of the output; one size may be -1", shape=("rank",), static=True)
    input_min = In("float32", "value of the lowest number", shape=())
    input_max = In("float32", "value of the highest number", shape=())
    output = Out("T", "shape `shape`")
    output_min = Out("float32", "`input_min`", shape=())
    output_max = Out("float32", "`input_max`", shape=())
    grad = None

    def body(self, tensor: Wire, shape: Wire, input_min: Wire, input_max: Wire) -> tuple[Wire, Wire, Wire]:
        identity = Identity()
        return Reshape()(tensor, shape), identity(input_min), identity(input_max)
