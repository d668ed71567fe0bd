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


def test_what_is_said_of_a_node_follows_its_name() -> None:
    session = Session(["a", "ab"], {"a.z": "run 1", "in/a": "v.npz"}, {"a/b.y": 1.0}, ["a", "b"])
    followed = session.renamed("a", "c")
    assert followed == Session(["c", "ab"], {"c.z": "run 1", "in/a": "v.npz"}, {"c/b.y": 1.0}, ["c", "b"])
    others = session.of(lambda node: node == "ab"), session.of(lambda node: node != "ab")
    assert others[0] == Session(["ab"])
    assert others[1].joined(others[0]) == Session(["a", "ab"], session.frozen, session.forced, session.watched)
    assert session.without("a") == Session(["ab"], {"in/a": "v.npz"}, {}, ["b"])
