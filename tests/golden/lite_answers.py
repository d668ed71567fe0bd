"""What the reference kernels of TensorFlow Lite answer about blocks whose arithmetic is theirs.

Needs TensorFlow, as ``record.py`` does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

VERSION = tf.__version__
Given = Mapping[str, Any]


def requantized(attrs: Given, inputs: Given) -> list[Any]:
    """Numbers of one scale converted to another by the kernel for ``QUANTIZE``, which makes multiplier and shift.

    It is given the scale ``multiplier / 2**shift``, so the multiplier may have no more bits than float32.
    """
    scale = np.ldexp(float(inputs["multiplier"]), -int(inputs["shift"]))
    assert float(np.float32(scale)) == scale
    x = np.asarray(inputs["input"])
    tensors = [_tensor("x", x, scale, 0), _tensor("y", _like(x, attrs), 1.0, int(inputs["zero_point"]))]
    return [_run(schema.BuiltinOperator.QUANTIZE, 2, tensors, x)]


def quantized(attrs: Given, inputs: Given) -> list[Any]:
    """Floats as codes, by one scale or one for each channel; there halves go away from zero."""
    x = np.asarray(inputs["x"])
    made = _tensor("y", _like(x, attrs), inputs["scale"], inputs["zero_point"], attrs.get("axis"))
    return [_run(schema.BuiltinOperator.QUANTIZE, 1, [_tensor("x", x), made], x)]


def dequantized(attrs: Given, inputs: Given) -> list[Any]:
    """Codes as floats."""
    x = np.asarray(inputs["x"])
    given = _tensor("x", x, inputs["scale"], inputs["zero_point"], attrs.get("axis"))
    return [_run(schema.BuiltinOperator.DEQUANTIZE, 2, [given, _tensor("y", x.astype(np.float32))], x)]


def _like(x: Any, attrs: Given) -> Any:
    return np.empty(x.shape, attrs["out_type"])


def _tensor(name: str, like: Any, scale: Any = None, zero_point: Any = 0, axis: int | None = None) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(like.shape), 0
    tensor.type = getattr(schema.TensorType, like.dtype.name.upper())
    if scale is not None:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = np.atleast_1d(scale).tolist()
        tensor.quantization.zeroPoint = np.broadcast_to(zero_point, np.atleast_1d(scale).shape).tolist()
        tensor.quantization.quantizedDimension = 0 if axis is None else axis % like.ndim
    return tensor


def _run(op: int, version: int, tensors: list[Any], x: Any) -> Any:
    """The output of a model of one op, from the first tensor to the last."""
    code, operator, graph, model = schema.OperatorCodeT(), schema.OperatorT(), schema.SubGraphT(), schema.ModelT()
    code.builtinCode = code.deprecatedBuiltinCode = op
    code.version = version
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0], [1]
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, [operator], [0], [1]
    model.version, model.operatorCodes, model.buffers, model.subgraphs = 3, [code], [schema.BufferT()], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    kernels = tf.lite.experimental.OpResolverType.BUILTIN_REF
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the interpreter is to move to another package
        interpreter = tf.lite.Interpreter(model_content=bytes(builder.Output()), experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, x)
    interpreter.invoke()
    return interpreter.get_tensor(1)


ANSWERS: dict[str, Callable[[Given, Given], list[Any]]] = {
    "FixedPointRequantize": requantized,
    "QuantizeLinear": quantized,
    "DequantizeLinear": dequantized,
}
