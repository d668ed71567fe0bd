"""The recorded vectors, bit for bit: each case called eagerly, and as a graph with its reverse pass.

Freshly recorded ones are replayed with ``pytest tests/test_golden.py --golden DIR``.
"""

from __future__ import annotations

import json
import warnings

import ml_dtypes
import numpy as np
from golden import exact, questions, reader
from golden.replay import asked, parts

from dataflow import blocks, gradient, run
from dataflow.conformance.wiring import wired

# outputs 1 and 2 of these are sums of the gradients over all axes, or over all but the last
SUMS = {"FakeQuantWithMinMaxVarsGradient": None, "FakeQuantWithMinMaxVarsPerChannelGradient": -1}


def pytest_generate_tests(metafunc):
    if "vectors" in metafunc.fixturenames:
        folder = metafunc.config.getoption("golden")
        paths = sorted(folder.glob("*.npz"))
        assert paths, f"no vectors in {folder}"
        metafunc.parametrize("vectors", paths, ids=lambda path: path.stem)


def test_call(vectors):
    each(vectors, called)


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


def called(case):
    sample = asked(case.op, case.attrs, case.inputs)
    results = sample.block(*sample.arrays)
    compare(case, results if isinstance(results, tuple) else (results,))


def wired_up(case):
    """A graph of the block gives the recorded values, and its reverse pass the recorded gradients."""
    sample = asked(case.op, case.attrs, case.inputs)
    graph, outputs, feeds = wired(sample)
    wires = [ref.wire for ref in outputs]
    names = sloped(case, sample, feeds)
    if names:
        graph.output("y", weighted_sum(case, outputs))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "gradient: 'y' does not depend on")  # then it is zero in both
            graph = gradient(graph, of="y", wrt=list(names.values()))
    for i, wire in enumerate(wires):
        graph.output(str(i), wire)
    results = run(graph, feeds)
    compare(case, [results[str(i)] for i in range(len(wires))])
    for name, node in names.items():
        assert_near(results[f"grad_{node}"], case.slopes[name], questions.Agreement())


def sloped(case, sample, feeds):
    """The inputs for which a gradient was recorded, each with its node."""
    ports = sample.block.signature.inputs.items()
    nodes = {name: f"{port}_{i}" for port, p in ports for i, name in enumerate(parts(p, case.inputs))}
    names = {name: node for name, node in nodes.items() if name in case.slopes and node in feeds}
    assert bool(names) == bool(case.slopes)
    return names


def weighted_sum(case, outputs):
    # the conjugate of a complex weight is the gradient that a product passes on
    sums = [
        blocks["Sum"]()(blocks["Multiply"]()(outputs[int(i)], np.conj(weights)), list(range(weights.ndim)))
        for i, weights in case.weights.items()
    ]
    return sums[0] if len(sums) == 1 else blocks["AddN"]()(sums)


def compare(case, results):
    assert len(results) == len(case.outputs)
    for i, (got, wanted) in enumerate(zip(results, case.outputs, strict=True)):
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), f"output {i}"
        if i == 0 and case.attrs.get("T") == "qint32" and case.op == "QuantizeV2":
            wanted = saturated(case)
        if i and case.op in SUMS:
            assert_sum(case, got, wanted)
        else:
            assert_agrees(got, wanted, questions.AGREEMENTS[case.op])


def saturated(case):
    """The reference wraps the top of qint32 round to the bottom, a defect; here it stays at the top."""
    quantized, low, high = case.outputs
    axis = case.attrs["axis"]
    shape = [-1 if a == axis else 1 for a in range(quantized.ndim)] if axis >= 0 else []
    upper_half = case.inputs["input"] > (low / 2 + high / 2).reshape(shape)
    info = np.iinfo(np.int32)
    return np.where((quantized == info.min) & upper_half, quantized.dtype.type(info.max), quantized)


def assert_agrees(got, wanted, agreement):
    ulps = agreement.complex_ulps if got.dtype.kind == "c" else agreement.ulps
    if got.dtype.kind not in "iub" and agreement.ulps is None:
        assert_near(got, wanted, agreement)
    elif got.dtype.kind in "iub" or ulps == 0:
        assert_bits(got, wanted)
    else:
        assert_ulps(got, wanted, ulps)


def assert_ulps(got, wanted, ulps):
    """Equal up to so many units in the last place."""
    right = exact.distance(got, wanted) <= ulps
    assert right.all(), f"got {got[~right][:5]}, wanted {wanted[~right][:5]}"


def assert_near(got, wanted, agreement):
    """Equal up to a part of the largest number, or to two units in its last place where that is less exact."""
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    relative = agreement.wide if got.dtype in (np.float64, np.complex128) else agreement.relative
    relative = max(relative, 2 * float(ml_dtypes.finfo(got.dtype).eps))
    got, wanted = np.asarray(got, wide), np.asarray(wanted, wide)
    finite = np.isfinite(wanted)
    bound = relative * np.abs(wanted[finite]).max(initial=0)
    with np.errstate(invalid="ignore"):
        right = np.where(finite, np.abs(got - wanted) <= bound, (got == wanted) | ((got != got) & (wanted != wanted)))
    assert right.all(), f"got {got[~right][:5]}, wanted {wanted[~right][:5]}"


def assert_bits(got, wanted):
    """Equal bits; any NaN equals any other."""
    bits = f"V{got.dtype.itemsize}"
    differ = np.ascontiguousarray(got).view(bits) != np.ascontiguousarray(wanted).view(bits)
    differ = differ.reshape(got.shape) & ~((got != got) & (wanted != wanted))
    assert not differ.any(), (
        f"{differ.sum()} of {differ.size} differ: got {got[differ][:5]}, wanted {wanted[differ][:5]}"
    )


def assert_sum(case, got, wanted):
    """Equal up to half a unit in the last place of a sum without cancellation."""
    gradients = np.abs(case.inputs["gradients"].astype(np.float64))
    keep = SUMS[case.op]
    size = gradients.sum() if keep is None else gradients.reshape(-1, gradients.shape[keep]).sum(0)
    assert ((got != got) == (wanted != wanted)).all()
    with np.errstate(invalid="ignore"):
        near = np.abs(got.astype(np.float64) - wanted) <= 2.0**-23 * size
    assert (near | (got == wanted) | (got != got)).all(), f"got {got}, wanted {wanted}"


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
