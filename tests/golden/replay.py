"""A recorded or drawn case as a call of the block."""

from __future__ import annotations

from typing import Any

from dataflow import blocks
from dataflow.conformance import Sample
from dataflow.core.block import TensorType


def asked(op: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> Sample:
    """The block and its inputs; what the reference takes as a scalar input may stand among the attrs."""
    block = blocks[op]
    ports, known = block.signature.inputs, block.signature.attrs
    for name in attrs.keys() - known.keys() - ports.keys():
        # T follows from the inputs, and V3 rounds half to even only
        assert name == "T" or (op, name, attrs[name]) == ("QuantizeAndDequantizeV3", "round_mode", "HALF_TO_EVEN")
    made = block(**{name: value for name, value in attrs.items() if name in known})
    operands = {name: _operand(port, attrs, inputs) for name, port in ports.items()}
    types = made.operand_types(made.signature.bind(op, (), operands), TensorType.of)
    return Sample(made, tuple(tuple(t.value for t in ts) if isinstance(ts, tuple) else ts and ts.value for ts in types))


def parts(port: Any, inputs: dict[str, Any]) -> list[str]:
    """The names under which a case has the values of a port: those of a list have a number behind each."""
    stem = port.name.removesuffix("s") if port.many else port.name
    numbered = [name for name in inputs if name.startswith(stem) and name[len(stem) :].isdigit()]
    return sorted(numbered, key=lambda name: int(name[len(stem) :])) if port.many else [port.name]


def _operand(port: Any, attrs: dict[str, Any], inputs: dict[str, Any]) -> Any:
    if not port.many:
        return inputs[port.name] if port.name in inputs else None if port.optional else attrs[port.name]
    if port.name in inputs:
        return list(inputs[port.name])
    return [inputs[name] for name in parts(port, inputs)]
