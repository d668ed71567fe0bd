"""Frames that pages send."""

from __future__ import annotations

import pytest

from dataflow.studio.frames import MAX_DEPTH, request_of


def test_a_request() -> None:
    assert request_of('{"id": 7, "do": "open", "path": "a.yaml"}') == (7, "open", {"path": "a.yaml"})
    assert request_of('{"id": -1, "do": ""}') == (-1, "", {})


@pytest.mark.parametrize("text", [None, b"{}", 1, "", "[]", "{}", '{"id": 1}', '{"id": true, "do": "x"}', '{"a": NaN}'])
def test_what_is_no_request(text: object) -> None:
    assert request_of(text) is None


def test_depth() -> None:
    for depth, right in ((MAX_DEPTH - 1, True), (MAX_DEPTH, False)):
        text = '{"id": 1, "do": "x", "y": ' + "[" * depth + "]" * depth + "}"
        assert (request_of(text) is not None) == right
