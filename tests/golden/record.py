"""Record vectors from TensorFlow: ``python record.py --out DIR [--seed N] [--size N] [Op ...]``.

Needs TensorFlow 2.21 (``pip install tensorflow-cpu``) in a virtual environment of its own; nothing else here imports
it. What is asked stands in ``questions.py``. There are no CPU kernels for float16 and bfloat16: these are not recorded.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import questions
import tensorflow as tf
from questions import TABLE, Question
from reader import Case, save
from tensorflow.python.framework import op_def_registry

EAGER = f"tensorflow {tf.__version__} eager"
SLICED = f"{EAGER}, composed slice by slice"


def record(op: str, seed: int = 0) -> list[Case]:
    """What the reference answers to every question about an op."""
    cases = []
    attrs = {attr.name for attr in op_def_registry.get(op).attr}
    for question in questions.questions(op, seed):
        # questions may be about several ops: each gets what its definition names
        question = Question(
            question.name,
            {name: value for name, value in question.attrs.items() if name in attrs | _names(op)},
            {name: np.asarray(a) for name, a in question.inputs.items() if name.rstrip("0123456789") in _names(op)},
        )
        outputs, oracle = answer(op, question)
        cases.append(Case(question.name, op, question.attrs, oracle, question.inputs, outputs))
    return cases


def answer(op: str, question: Question) -> tuple[list[Any], str]:
    """The outputs, and how they were got: V2 and V4 refuse an axis with a given range, so each slice is asked alone."""
    axis = question.attrs.get("axis", -1)
    if (
        op not in ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV4")
        or axis < 0
        or not question.attrs["range_given"]
    ):
        return call(op, question.attrs, question.inputs), EAGER
    slices = []
    for i, part in enumerate(np.moveaxis(question.inputs["input"], axis, 0)):
        low, high = question.inputs["input_min"][i], question.inputs["input_max"][i]
        inputs = {"input": part, "input_min": np.asarray(low), "input_max": np.asarray(high)}
        slices.append(call(op, question.attrs | {"axis": -1}, inputs)[0])
    return [np.stack(slices, axis)], SLICED


def call(op: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> list[Any]:
    """Run one op; what its definition calls an input is taken from the attrs where it stands there."""
    definition = op_def_registry.get(op)
    given = {arg.name: _argument(definition, arg, attrs, inputs) for arg in definition.input_arg}
    for attr in definition.attr:
        if attr.name in attrs and attr.name not in _inferred(definition):
            value = attrs[attr.name]
            given[attr.name] = tf.as_dtype(value) if attr.type == "type" else value
    results = getattr(tf.raw_ops, op)(**given)
    return [_array(r) for r in (results if isinstance(results, tuple) else (results,))]


def _argument(definition: Any, arg: Any, attrs: dict[str, Any], inputs: dict[str, Any]) -> Any:
    if arg.number_attr:
        many = inputs.get(arg.name)
        if many is None:
            stem = arg.name.removesuffix("s")
            many = [inputs[n] for n in sorted(inputs) if n.startswith(stem) and n[len(stem) :].isdigit()]
        return [_tensor(definition, arg, a) for a in many]
    return _tensor(definition, arg, inputs[arg.name] if arg.name in inputs else np.asarray(attrs[arg.name], np.int32))


def _tensor(definition: Any, arg: Any, array: Any) -> Any:
    """A tensor of the array; where the op wants quantized numbers, of the quantized twin of its dtype."""
    allowed = next((a.allowed_values.list.type for a in definition.attr if a.name == arg.type_attr), ())
    tensor = tf.constant(array)
    twin = getattr(tf, "q" + tensor.dtype.name, None)
    wants = twin is not None and (twin.as_datatype_enum in allowed or definition.name == "QuantizedConcat")
    return tf.bitcast(tensor, twin) if wants and array.dtype.kind in "iu" and arg.type_attr else tensor


def _array(tensor: Any) -> Any:
    plain = getattr(tf, tensor.dtype.name.removeprefix("q"))
    return (tensor if plain == tensor.dtype else tf.bitcast(tensor, plain)).numpy()


def _names(op: str) -> set[str]:
    """Names of inputs, and of single values of a list."""
    names = {arg.name for arg in op_def_registry.get(op).input_arg}
    return names | {name.removesuffix("s") for name in names}


def _inferred(definition: Any) -> set[str]:
    return {name for arg in definition.input_arg for name in (arg.type_attr, arg.number_attr, arg.name) if name}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write the files into")
    parser.add_argument("ops", nargs="*", metavar="Op", help="ops to record; all if none is named")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    parser.add_argument("--size", type=int, default=1, help="how many times more of them")
    options = parser.parse_args()
    questions.size = options.size
    for op in options.ops or TABLE:
        cases = record(op, options.seed)
        save(options.out / f"{op}.npz", cases)
        print(f"{op}: {len(cases)} cases, {sum(a.size for case in cases for a in case.outputs)} values")


if __name__ == "__main__":
    main()
