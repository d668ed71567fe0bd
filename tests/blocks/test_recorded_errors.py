"""What the reference refuses is an error here that names the port or attr; what it accepts gives what it gave."""

from __future__ import annotations

import json
import re

import pytest
from golden.error_calls import CASES, NAMES, ending

from dataflow import DataflowError, blocks


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
