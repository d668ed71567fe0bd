"""The generated pages are up to date, and what they show works."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import places
import pytest

import dataflow as flow
from dataflow.conformance.samples import documented
from dataflow.core.registry import blocks

DOCS = places.DOCS
GENERATE: dict[str, Any] = runpy.run_path(str(DOCS / "generate.py"))
LIBRARY = {name: block for name, block in blocks.items() if block.__module__.startswith("blocks.")}


def test_pages_are_up_to_date() -> None:
    assert GENERATE["drift"]() == []


def test_drift_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "docs" / "blocks" / "core" / "Gone.md"
    path.parent.mkdir(parents=True)
    path.write_text("")
    wanted = {path.with_name("New.md"): "", path.with_name("Old.md"): "new"}
    path.with_name("Old.md").write_text("old")
    main = GENERATE["main"]
    monkeypatch.setitem(main.__globals__, "DOCS", tmp_path / "docs")
    monkeypatch.setitem(main.__globals__, "files", lambda: wanted)
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert main() == 1
    told = capsys.readouterr().err
    assert [line.partition(";")[0] for line in told.splitlines()] == [
        "docs/blocks/core/Gone.md: no such block",
        "docs/blocks/core/New.md: missing",
        "docs/blocks/core/Old.md: differs",
    ]
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert main() == 0
    assert sorted(p.name for p in path.parent.iterdir()) == ["New.md", "Old.md"]
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert main() == 0


@pytest.mark.parametrize("name", LIBRARY)
def test_the_graph_file_on_a_page_gives_what_python_gives(name: str, tmp_path: Path) -> None:
    """The graph file loads; where all its values are in it, it gives what the block gives for the same values."""
    path = tmp_path / "example.yaml"
    path.write_text(GENERATE["example"](LIBRARY[name]), encoding="utf-8")
    graph = flow.load(path)
    (node,) = [n for n in graph.nodes.values() if type(n.block) is LIBRARY[name]]
    sample = documented(LIBRARY[name])[0]
    assert node.block == sample.block
    assert list(graph.outputs) == list(sample.block.signature.outputs)
    if graph.inputs or not graph.outputs or not node.block.pure:
        return
    computed = sample.block.compute(sample.arrays, sample.outputs)
    for given, wanted in zip(flow.run(graph).values(), computed, strict=True):
        assert given.dtype == wanted.dtype
        np.testing.assert_array_equal(given, wanted)


def test_links_on_pages_lead_somewhere() -> None:
    for page in (*DOCS.rglob("*.md"), *places.ROOT.glob("*.md"), *places.TESTS.glob("*.md")):
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", prose):
            assert (page.parent / target).exists(), f"{page.relative_to(places.ROOT)} links to {target}"


def test_every_page_is_on_the_site() -> None:
    """The navigation in mkdocs.yml and the list in docs/index.md name every page that is written by hand."""
    site, index = ((places.ROOT / name).read_text("utf-8") for name in ("mkdocs.yml", "docs/index.md"))
    for page in DOCS.glob("*.md"):
        assert f" {page.name}\n" in site
        assert page.name == "index.md" or f"]({page.name})" in index


def test_fences_say_the_language_alone():
    # the site would take the block, and all up to the next one, for a paragraph
    words = {
        page.name: found
        for page in places.DOCS.glob("*.md")
        if (found := re.findall(r"^```\w+ .+$", page.read_text("utf-8"), re.MULTILINE))
    }
    assert words == {}
