"""What blocks say of a wrong call, word for word: the calls in `messages.json` are written as in `errors.json`."""

from __future__ import annotations

import json

import places
import pytest
from golden.error_calls import CASES, NAMES, ending

from dataflow import DataflowError

MESSAGES = json.loads((places.TESTS / "messages.json").read_text())


@pytest.mark.parametrize("call", MESSAGES, ids=lambda call: call[2:60])
def test_message(call):
    with pytest.raises(DataflowError) as caught:
        eval(call, dict(NAMES))
    assert str(caught.value) == MESSAGES[call]


def test_every_refusal_of_the_reference_is_among_them():
    assert {case["call"] for case in CASES if ending(case) == "refused"} <= MESSAGES.keys()
