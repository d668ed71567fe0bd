"""ONNX Runtime, and the reference evaluator of ONNX, on models of standard operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from ..timing import Run
from .peer import Peer

OPSET, IR = 21, 10


class Runtime(Peer):
    name = "ORT"

    def prepare(self, op: str, *arrays: Any, **static: Any) -> Run | None:
        method = getattr(self, f"model_{op}", None)
        if method is None:
            return None
        model, feeds = method(*arrays, **static)
        run = self.session(model)
        if op.endswith("conv2d"):
            return lambda: run(None, feeds)[0].transpose(0, 2, 3, 1)
        return lambda: run(None, feeds)[0]

    def session(self, model: Any) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # its threads would go on looking for work while others are timed
        options.add_session_config_entry("session.force_spinning_stop", "1")
        return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"]).run

    def model_fake_quant(self, x: Any, low: Any, high: Any) -> Any:
        scale = np.asarray((high - low) / 255, np.float32)
        return _round_trip(x, scale, np.floor(-low / scale + 0.5).astype(np.uint8))

    def model_per_channel(self, x: Any, low: Any, high: Any) -> Any:
        return self.model_fake_quant(x, low, high)

    def model_fake_quant_args(self, x: Any, low: float, high: float) -> Any:
        return self.model_fake_quant(x, np.float32(low), np.float32(high))

    def model_quantize_dequantize(self, x: Any, low: Any, high: Any) -> Any:
        scale = np.asarray(max(low / -128, high / 127), np.float32)
        return _round_trip(x, scale, np.zeros(scale.shape, np.int8))

    def model_chain(self, x: Any) -> Any:
        steps = [
            ("Mul", 0.5), ("Add", 1.0), ("Abs", None), ("Min", 2.0), ("Sub", 0.75),
            ("Mul", "itself"), ("Neg", None), ("Max", -1.0), ("Add", 0.5), ("Relu", None),
        ]  # fmt: skip
        nodes, constants, wire = [], {}, "x"
        for i, (op, operand) in enumerate(steps):
            inputs = [wire] if operand is None else [wire, wire if operand == "itself" else f"c{i}"]
            if isinstance(operand, float):
                constants[f"c{i}"] = np.float32(operand)
            wire = f"t{i}"
            nodes.append(helper.make_node(op, inputs, [wire]))
        return _model(nodes, {"x": x}, wire, constants)

    def model_adds(self, x: Any, y: Any, count: int) -> Any:
        wires = ["x", *(f"t{i}" for i in range(count))]
        nodes = [helper.make_node("Add", [wires[i], "y"], [wires[i + 1]]) for i in range(count)]
        return _model(nodes, {"x": x, "y": y}, wires[-1], {})

    def model_conv2d(self, x: Any, w: Any) -> Any:
        weights = {"w": np.ascontiguousarray(w.transpose(3, 2, 0, 1))}
        node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
        return _model([node], {"x": np.ascontiguousarray(x.transpose(0, 3, 1, 2))}, "y", weights)

    def model_integer_matmul(self, codes: Any, weights: Any, zero: Any) -> Any:
        node = helper.make_node("MatMulInteger", ["x", "w", "zero"], ["y"])
        return _model([node], {"x": codes}, "y", {"w": weights, "zero": zero.astype(np.uint8)}, np.int32)

    def model_integer_conv2d(self, codes: Any, weights: Any, zero: Any) -> Any:
        margin = weights.shape[0] // 2
        node = helper.make_node("ConvInteger", ["x", "w", "zero"], ["y"], pads=[margin] * 4)
        given = {"w": np.ascontiguousarray(weights.transpose(3, 2, 0, 1)), "zero": zero.astype(np.uint8)}
        return _model([node], {"x": np.ascontiguousarray(codes.transpose(0, 3, 1, 2))}, "y", given, np.int32)


class Reference(Runtime):
    name = "onnx reference"

    def prepare(self, op: str, *arrays: Any, **static: Any) -> Run | None:
        return super().prepare(op, *arrays, **static) if op == "adds" else None  # it is written to be read, not to run

    def session(self, model: Any) -> Any:
        return ReferenceEvaluator(model).run


def _round_trip(x: Any, scale: Any, zero: Any) -> Any:
    axis = {"axis": x.ndim - 1} if scale.ndim else {}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"], **axis),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"], **axis),
    ]
    return _model(nodes, {"x": x}, "y", {"scale": scale, "zero": zero})


def _model(
    nodes: Sequence[Any], feeds: dict[str, Any], output: str, constants: dict[str, Any], made: Any = np.float32
) -> tuple[Any, Any]:
    def typed(name: str, dtype: Any, shape: Any) -> Any:
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)

    inputs = [typed(name, array.dtype, array.shape) for name, array in feeds.items()]
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "bench", inputs, [typed(output, made, None)], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR), feeds


PEERS = (Runtime, Reference)
