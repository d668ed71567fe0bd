"""Record vectors from TensorFlow: ``python -m tests.golden.record --out DIR [--seed N] [--size N] [Op ...]``.

Needs TensorFlow 2.21 (``pip install tensorflow-cpu``) in a virtual environment of its own; nothing else here imports
it. What is asked stands in ``questions``. Where the reference is far off, the correctly rounded value is recorded in
its place, and the case says so: see ``exact.py``.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its own kernels, which are the same on every processor
import tensorflow as tf

from . import keras_answers, lite_answers, raw_op
from .exact import corrected, far_off
from .questions import TABLE, TO_TORCH, Question, asking, questions
from .raw_op import defined, prepared
from .reader import Case, save

EAGER = f"tensorflow {tf.__version__} eager"
SLICED = f"{EAGER}, composed slice by slice"
STEPPED = f"tensorflow {tf.__version__} graph with variables"
READERS = {"IsVariableInitialized"}  # ops that take a variable and leave it as it is


def record(op: str, seed: int = 0) -> list[Case]:
    """What the reference answers to every question about an op."""
    if op in keras_answers.ANSWERS:
        return [of_keras(op, question) for question in questions(op, seed)]
    if op in lite_answers.ANSWERS:
        return [of_lite(op, question) for question in questions(op, seed)]
    cases = []
    definition = defined(op)
    for question in questions(op, seed):
        question = narrowed(op, question)
        answered, oracle = answer(op, question)
        if len(answered.outputs) == 1:
            arrays = [question.inputs[arg.name] for arg in definition.input_arg if arg.name in question.inputs]
            output, count = corrected(op, arrays, answered.outputs[0])
            if count:
                answered = answered._replace(outputs=[output])
                oracle += (
                    f"; correctly rounded where that is subnormal or more than {far_off(op)} ulps off: {count} values"
                )
        cases.append(Case(question.name, op, question.attrs, oracle, question.inputs, *answered))
    return cases


def of_keras(op: str, question: Question) -> Case:
    """The answer of Keras to a question about a block that is no op."""
    inputs = {name: np.asarray(array) for name, array in question.inputs.items()}
    answered = keras_answers.answer(op, question.attrs, inputs, question.slopes)
    return Case(question.name, op, question.attrs, f"keras {keras_answers.VERSION}", inputs, *answered)


def of_lite(op: str, question: Question) -> Case:
    """The answer of TensorFlow Lite to a question about a block whose arithmetic is its own."""
    inputs = {name: np.asarray(array) for name, array in question.inputs.items()}
    outputs = lite_answers.ANSWERS[op](question.attrs, inputs)
    oracle = f"tensorflow lite {lite_answers.VERSION}, reference kernels"
    return Case(question.name, op, question.attrs, oracle, inputs, outputs)


def narrowed(op: str, question: Question) -> Question:
    """Of a question about several ops what the definition of this one names."""
    ports, attrs = raw_op.names(op), {attr.name for attr in defined(op).attr}
    return Question(
        question.name,
        {name: value for name, value in question.attrs.items() if name in attrs | ports},
        {
            name: np.asarray(a)
            for name, a in question.inputs.items()
            if {name, name.rstrip("0123456789")} & raw_op.names(op)
        },
        question.slopes,
    )


def reserved(question: Question, answered: Answer) -> tuple[Answer, str]:
    """The answer with reserve spaces of which the reference leaves unset what it has not computed."""
    if question.attrs.get("is_training", True):
        if question.inputs["x"].size:
            return answered, EAGER
        used = [np.full_like(question.inputs["scale"], np.nan)] * 2
    else:
        used = [question.inputs["mean"], question.inputs["variance"]]
    outputs = [*answered.outputs[:3], *used, *answered.outputs[5:]]
    return answered._replace(outputs=outputs), f"{EAGER}; its reserve spaces are unset, and here what was used"


class Answer(NamedTuple):
    """Outputs; and where they were asked for the gradients by each floating input, and what each output weighed."""

    outputs: list[Any]
    weights: dict[str, Any]
    slopes: dict[str, Any]


def answer(op: str, question: Question) -> tuple[Answer, str]:
    """The outputs, and how they were got: V2 and V4 refuse an axis with a given range, so each slice is asked alone."""
    if any(arg.is_ref for arg in defined(op).input_arg):
        return Answer(step(op, question.attrs, question.inputs), {}, {}), STEPPED
    if op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        return reserved(question, call(op, *question[1:]))
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
    """Run one op, and where slopes are asked for take its gradients."""
    tensors, given = prepared(op, attrs, inputs)
    watched = {name: tensor for name, tensor in tensors.items() if slopes and _smooth(tensor.dtype)}
    with tf.GradientTape() as tape:
        tape.watch(list(watched.values()))
        results = getattr(tf.raw_ops, op)(**given)
    results = list(results) if isinstance(results, tuple | list) else [results]
    random = np.random.default_rng(7)
    weights = {str(i): _weights(random, result) for i, result in enumerate(results) if slopes and _smooth(result.dtype)}
    found = tape.gradient([results[int(i)] for i in weights], watched, list(weights.values())) if watched else {}
    gradients = {name: tf.convert_to_tensor(slope) for name, slope in found.items() if slope is not None}
    return Answer([_array(r) for r in results], weights, {name: _array(slope) for name, slope in gradients.items()})


def step(op: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> list[Any]:
    """Run an op that changes variables: its outputs, then what the variables become that none of these shows."""
    definition = defined(op)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        given = {
            arg.name: tf.compat.v1.Variable(inputs[arg.name], use_resource=False)
            if arg.is_ref
            else raw_op.tensor(definition, arg, raw_op.value(arg.name, attrs, inputs))
            for arg in definition.input_arg
        }
        result = getattr(tf.raw_ops, op)(**given, **raw_op.settings(definition, attrs))
        session.run(tf.compat.v1.global_variables_initializer())
        output = session.run(result)
        variables = [] if op in READERS else [given[arg.name] for arg in definition.input_arg if arg.is_ref]
        if definition.output_arg[0].is_ref:  # it is the first variable
            variables = variables[1:]
        return [np.asarray(value) for value in [output, *session.run(variables)]]


def _smooth(dtype: Any) -> bool:
    return bool(dtype.is_floating or dtype.is_complex)


def _weights(random: np.random.Generator, result: Any) -> Any:
    weights = random.normal(size=result.shape)
    if result.dtype.is_complex:
        weights = weights + 1j * random.normal(size=result.shape)
    return np.asarray(weights).astype(result.dtype.as_numpy_dtype)


def _array(tensor: Any) -> Any:
    name = tensor.dtype.name
    return (tf.bitcast(tensor, getattr(tf, name[1:])) if name.startswith("q") else tensor).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write the files into")
    parser.add_argument("ops", nargs="*", metavar="Op", help="ops to record; all if none is named")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    parser.add_argument("--size", type=int, default=1, help="how many times more of them")
    options = parser.parse_args()
    asking.size = options.size
    for op in options.ops or [op for op in TABLE if op not in TO_TORCH]:
        cases = record(op, options.seed)
        save(options.out / f"{op}.npz", cases)
        print(f"{op}: {len(cases)} cases, {sum(a.size for case in cases for a in case.outputs)} values")


if __name__ == "__main__":
    main()
