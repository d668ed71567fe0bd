"""What is done to runs without a word of it in the file."""

from __future__ import annotations

from dataflow.studio.session import Session


def test_plain_is_a_copy() -> None:
    session = Session(bypassed=["a"], frozen={"b": "run 1"}, rows=3)
    plain = session.plain()
    assert plain == {
        "bypassed": ["a"], "frozen": {"b": "run 1"}, "forced": {}, "watched": [], "split": "", "rows": 3, "params": {},
        "trained": False,
    }  # fmt: skip
    session.bypassed.append("c")
    assert plain["bypassed"] == ["a"]
