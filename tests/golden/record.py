"""Record vectors from TensorFlow: ``python record.py --out DIR [--seed N] [--size N] [Op ...]``.

Needs TensorFlow 2.21 (``pip install tensorflow-cpu``) in a virtual environment of its own; nothing else here imports
it. What is asked stands in ``questions.py``. There are no CPU kernels for float16 and bfloat16: these are not recorded.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from questions import TABLE, Question, asking, questions
from reader import Case, save
from tensorflow.python.framework import op_def_registry

EAGER = f"tensorflow {tf.__version__} eager"
SLICED = f"{EAGER}, composed slice by slice"


def record(op: str, seed: int = 0) -> list[Case]:
    """What the reference answers to every question about an op."""
    cases = []
    attrs = {attr.name for attr in op_def_registry.get(op).attr}
    for question in questions(op, seed):
        # questions may be about several ops: each gets what its definition names
        question = Question(
            question.name,
            {name: value for name, value in question.attrs.items() if name in attrs | _names(op)},
            {name: np.asarray(a) for name, a in question.inputs.items() if name.rstrip("0123456789") in _names(op)},
            question.slopes,
        )
        answered, oracle = answer(op, question)
        cases.append(Case(question.name, op, question.attrs, oracle, question.inputs, *answered))
    return cases


class Answer(NamedTuple):
    """Outputs; and where they were asked for the gradients by each floating input, and what each output weighed."""

    outputs: list[Any]
    weights: dict[str, Any]
    slopes: dict[str, Any]


def answer(op: str, question: Question) -> tuple[Answer, str]:
    """The outputs, and how they were got: V2 and V4 refuse an axis with a given range, so each slice is asked alone."""
    axis = question.attrs.get("axis", -1)
    if (
        op not in ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV4")
        or axis < 0
        or not question.attrs["range_given"]
    ):
        return call(op, *question[1:]), EAGER
    slices = []
    for i, part in enumerate(np.moveaxis(question.inputs["input"], axis, 0)):
        low, high = question.inputs["input_min"][i], question.inputs["input_max"][i]
        inputs = {"input": part, "input_min": np.asarray(low), "input_max": np.asarray(high)}
        slices.append(call(op, question.attrs | {"axis": -1}, inputs).outputs[0])
    return Answer([np.stack(slices, axis)], {}, {}), SLICED


def call(op: str, attrs: dict[str, Any], inputs: dict[str, Any], slopes: bool = False) -> Answer:
    """Run one op; what its definition calls an input is taken from the attrs where it stands there."""
    definition = op_def_registry.get(op)
    tensors: dict[str, Any] = {}  # by the name of the input in the question
    given: dict[str, Any] = {}
    for arg in definition.input_arg:
        names = _parts(arg, inputs)
        tensors |= {name: _tensor(definition, arg, _value(name, attrs, inputs)) for name in names}
        given[arg.name] = [tensors[name] for name in names] if arg.number_attr else tensors[arg.name]
    for attr in definition.attr:
        if attr.name in attrs and attr.name not in _inferred(definition):
            value = attrs[attr.name]
            given[attr.name] = tf.as_dtype(value) if attr.type == "type" else value
    watched = {name: tensor for name, tensor in tensors.items() if slopes and tensor.dtype.is_floating}
    with tf.GradientTape() as tape:
        tape.watch(list(watched.values()))
        results = getattr(tf.raw_ops, op)(**given)
    results = list(results) if isinstance(results, tuple | list) else [results]
    random = np.random.default_rng(7)
    weights = {
        str(i): random.normal(size=result.shape).astype(result.dtype.as_numpy_dtype)
        for i, result in enumerate(results)
        if slopes and result.dtype.is_floating
    }
    found = tape.gradient([results[int(i)] for i in weights], watched, list(weights.values())) if watched else {}
    gradients = {name: tf.convert_to_tensor(slope) for name, slope in found.items() if slope is not None}
    return Answer([_array(r) for r in results], weights, {name: _array(slope) for name, slope in gradients.items()})


def _parts(arg: Any, inputs: dict[str, Any]) -> list[str]:
    """The names under which a question gives an input: a list of values has a number behind each."""
    stem = arg.name.removesuffix("s")
    numbered = [name for name in inputs if name.startswith(stem) and name[len(stem) :].isdigit()]
    return sorted(numbered, key=lambda name: int(name[len(stem) :])) if arg.number_attr else [arg.name]


def _value(name: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> Any:
    return inputs[name] if name in inputs else np.asarray(attrs[name], np.int32)


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
    asking.size = options.size
    for op in options.ops or TABLE:
        cases = record(op, options.seed)
        save(options.out / f"{op}.npz", cases)
        print(f"{op}: {len(cases)} cases, {sum(a.size for case in cases for a in case.outputs)} values")


if __name__ == "__main__":
    main()
