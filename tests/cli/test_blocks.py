"""``dataflow blocks``: all blocks, those that have some words, or one."""

from __future__ import annotations

import json

import pytest

import dataflow as flow
from dataflow.inspection import describe, text


def names(out):
    return [line.split(" ")[0] for line in out.splitlines()[1:]]


def test_all_blocks_are_listed_with_what_they_compute(dataflow):
    code, out, err = dataflow("blocks")
    assert (code, err) == (0, "")
    header, *_ = out.splitlines()
    assert header.split() == ["block", "category", "what", "it", "computes"]
    assert names(out) == [block.__name__ for block in flow.blocks.values()]
    assert "``" not in out


def test_words_find_blocks_that_have_all_of_them(dataflow):
    found = names(dataflow("blocks", "quantize", "CHANNEL").out)
    assert "RequantizePerChannel" in found
    assert all("quantize" in str(describe(name)).lower() and "channel" in str(describe(name)).lower() for name in found)
    assert len(found) < len(names(dataflow("blocks", "quantize").out))


def test_a_name_or_alias_shows_one_block(dataflow):
    assert dataflow("blocks", "Subtract").out == dataflow("blocks", "Sub").out == text("Subtract")


def test_as_json(dataflow):
    assert json.loads(dataflow("blocks", "Tanh", "--json").out) == describe("Tanh")
    every = json.loads(dataflow("blocks", "--json").out)
    assert [each["name"] for each in every] == [block.__name__ for block in flow.blocks.values()]
    assert json.loads(dataflow("blocks", "nothing has this", "--json").out) == []


@pytest.mark.parametrize(
    "words, said",
    [
        (["FakeQuantz"], "no block has 'FakeQuantz' in its name or text; did you mean '"),
        (["zzz", "yyy"], "no block has 'zzz yyy' in its name or text\n"),
    ],
)
def test_words_that_no_block_has(dataflow, words, said):
    code, out, err = dataflow("blocks", *words)
    assert (code, out) == (1, "")
    assert err.startswith(said)


def test_a_block_of_a_broken_plugin_is_told_with_its_fault(dataflow, monkeypatch):
    monkeypatch.setattr(type(flow.blocks), "fault", lambda self, name: f"plugin of {name}: broken")
    assert dataflow("blocks", "Extra") == (1, "", "no block 'Extra': plugin of Extra: broken\n")
