"""The recorded vectors, bit for bit: each case called eagerly, and as a graph with its reverse pass.

Freshly recorded ones are replayed with ``pytest tests/blocks/test_recorded_vectors.py --golden DIR``.
"""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
from golden import questions, reader
from golden.comparison import called, wired_up

from dataflow import blocks


def pytest_generate_tests(metafunc):
    if "vectors" in metafunc.fixturenames:
        folder = metafunc.config.getoption("golden")
        paths = sorted(folder.glob("*.npz"))
        assert paths, f"no vectors in {folder}"
        metafunc.parametrize("vectors", paths, ids=lambda path: path.stem)


def test_call(vectors):
    each(vectors, called)


@pytest.mark.slow
def test_graph(vectors):
    each(vectors, wired_up)


def each(vectors, check):
    """All the cases of a file; a test for each would take longer than what it tests."""
    cases, failures = reader.load(vectors), {}
    for case in cases:
        try:
            check(case)
        except Exception as error:
            failures[case.name] = error
    lines = [f"{name}: {type(error).__name__}: {error}" for name, error in failures.items()]
    if failures:
        text = "\n".join([f"{len(lines)} of {len(cases)} cases of {vectors.stem} fail", *lines[:20]])
        raise AssertionError(text) from next(iter(failures.values()))


def test_the_recorder_asks_about_every_op(pytestconfig):
    recorded = {path.stem for path in (pytestconfig.rootpath / "tests" / "golden").glob("*.npz")}
    assert sorted(recorded ^ questions.TABLE.keys()) == [], "questions without answers, or answers without questions"


# ops of the reference that are not asked; blocks beyond the catalogue have no op there
UNASKED = {
    "QuantizeAndDequantize": "defined there, but its kernel is gone",
    "Const": "gives what it was given",
    "Const_ex": "gives what it was given",
    "Placeholder": "gives what it was given",
    "PlaceholderWithDefault": "gives what it was given",
    "StopGradient": "gives what it was given",
    "Variable": "gives what it was given",
    "NoOp": "gives nothing",
    "MaxPoolGradGradWithArgmax": "has no kernel for a CPU there",
    "QuantizedReluX": "has no kernel for a CPU there",
    "Multinomial": "draws random numbers of its own",
    "ParameterizedTruncatedNormal": "draws random numbers of its own",
    "RandomGamma": "draws random numbers of its own",
    "RandomNormal": "draws random numbers of its own",
    "RandomNormal_ex": "draws random numbers of its own",
    "RandomShuffle": "draws random numbers of its own",
    "RandomUniform": "draws random numbers of its own",
    "RandomUniformInt": "draws random numbers of its own",
    "TruncatedNormal": "draws random numbers of its own",
}


def test_every_block_of_the_catalogue_has_recorded_vectors(pytestconfig):
    catalogue = json.loads((pytestconfig.rootpath / "tests" / "catalogue.json").read_text())
    rows = [row for row in catalogue if row["tf_op"] and row["block"] in blocks]
    asked_about = {row["block"] for row in rows if {row["block"], row["tf_op"]} & questions.TABLE.keys()}
    missing = {row["block"] for row in rows} - asked_about
    assert sorted(missing - UNASKED.keys()) == [], "ask about these in golden/questions, or say why not"
    assert sorted(UNASKED.keys() - missing) == [], "these are asked about, or are no blocks"


def test_questions_are_the_same_every_time():
    for op in questions.TABLE:
        first, second = list(questions.questions(op)), list(questions.questions(op))
        assert len({question.name for question in first}) == len(first)
        for a, b in zip(first, second, strict=True):
            assert (a.name, a.attrs) == (b.name, b.attrs)
            assert all(np.asarray(x).tobytes() == np.asarray(b.inputs[name]).tobytes() for name, x in a.inputs.items())


def test_saved_cases_are_read_back(tmp_path):
    inputs = {
        "scalar": np.float32(-0.0),
        "empty": np.zeros((2, 0), np.int8),
        "narrow": np.array([1.5, np.nan]).astype(ml_dtypes.bfloat16),
        "half": np.array([[1.5], [-np.inf]], np.float16),
    }
    case = reader.Case("some", "Op", {"axis": -1, "range_given": True}, "by hand", inputs, [np.arange(3)])
    reader.save(tmp_path / "Op.npz", [case, case])
    for again in reader.load(tmp_path / "Op.npz"):
        assert (again.name, again.op, again.attrs, again.oracle) == (case.name, case.op, case.attrs, case.oracle)
        for name, array in inputs.items():
            assert (again.inputs[name].dtype, again.inputs[name].shape) == (array.dtype, array.shape)
            assert again.inputs[name].tobytes() == array.tobytes()
        assert again.outputs[0].tolist() == [0, 1, 2]
