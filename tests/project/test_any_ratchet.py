"""Parameters annotated with nothing but Any become fewer from commit to commit."""

from __future__ import annotations

import json
from pathlib import Path

import any_ratchet
from any_ratchet import Count


def test_no_package_has_more_than_it_had() -> None:
    allowed = json.loads(any_ratchet.FIGURES.read_text("utf-8"))
    assert any_ratchet.grown(any_ratchet.counts(any_ratchet.ROOT), allowed) == []


def test_parameters_are_counted(tmp_path: Path) -> None:
    package = tmp_path / "dataflow" / "engine" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "dataflow" / "flat.py").write_text("def f(x): ...\n")
    (package / "some.py").write_text(
        "class C:\n"
        "    def m(self, a: Any, /, b: int, *c: Any, d: list[Any], **e: Any) -> Any:\n"
        "        async def inner(x: 'Any | None', y: Any): ...\n"
        "    @classmethod\n"
        "    def n(cls, f=lambda g: g): ...\n"
    )
    assert any_ratchet.counts(tmp_path) == {"dataflow": Count(0, 1), "dataflow/engine": Count(4, 8)}


def test_a_figure_only_falls() -> None:
    found = {"a": Count(3, 9), "b": Count(5, 9), "c": Count(1, 9), "d": Count(0, 9)}
    allowed = {"a": 4, "b": 4, "d": 2}
    assert [text.partition(" may")[0] for text in any_ratchet.grown(found, allowed)] == ["b", "c"]
    assert any_ratchet.lowered(found, allowed) == {"a": 3, "b": 4}
