"""What the reference refuses is an error here that names the port or attr; what it accepts gives what it gave."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dataflow import DataflowError, blocks

CASES = json.loads((Path(__file__).parent / "golden" / "errors.json").read_text())["cases"]


class _Calls:
    """Stands for ``tf.raw_ops``: keywords that the block knows as attrs become attrs, the others inputs."""

    def __getattr__(self, op):
        block = blocks[op]

        def call(**given):
            attrs = {name: value for name, value in given.items() if name in block.signature.attrs}
            return block(**attrs)(**{name: value for name, value in given.items() if name not in attrs})

        return call


NAMES = {
    "r": _Calls(),
    "np": np,
    "f": np.float32,
    "X": np.arange(12, dtype=np.float32).reshape(3, 4) / 7 - 1,
    "tf": SimpleNamespace(
        bitcast=lambda array, dtype: array,
        **{dtype: dtype for dtype in ("quint8", "qint32", "bfloat16")},
    ),
}

# Calls that end otherwise than there, on purpose: what happens here, and why.
DIFFERENT = {
    "r.FakeQuantWithMinMaxVars(inputs=X.astype(np.float16)": ("accepted", "float16 stays float16; there it is widened"),
    "r.QuantizeAndDequantizeV4(input=X,input_min=f([-1]*3)": (
        "accepted",
        "a range per slice runs here, not there",
    ),
    "r.Requantize(": ("refused", "no number stands for a range below zero; there it is moved without a word"),
}


def ending(case):
    """How the call ends here: with the recorded values, accepted (other values), or refused."""
    for call, (here, _) in DIFFERENT.items():
        if case["call"].startswith(call):
            return here
    return "recorded" if case["tf_result"] == "ok" else "refused"


def cases(*endings):
    chosen = [case for case in CASES if ending(case) in endings]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case["call"][2:70])


def run(case):
    results = eval(case["call"], dict(NAMES))
    return results if isinstance(results, tuple) else (results,)


@cases("refused")
def test_refused(case):
    block = blocks[re.match(r"r\.(\w+)", case["call"])[1]]
    with pytest.raises(DataflowError) as caught:
        run(case)
    message = str(caught.value)
    assert message.startswith(block.__name__)
    assert re.findall(r"'(\w+)'", message)[0] in {*block.signature.inputs, *block.signature.attrs}, message


@cases("accepted")
def test_accepted(case):
    (result,) = run(case)
    assert result.shape == NAMES["X"].shape


@cases("recorded")
def test_recorded(case):
    results = run(case)
    assert len(results) == len(case["detail"])
    for result, recorded in zip(results, case["detail"], strict=True):
        assert result.reshape(-1)[:6].tolist() == json.loads(recorded)
