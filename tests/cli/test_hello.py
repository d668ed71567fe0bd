"""``dataflow hello``: a first graph that runs and is left to play with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import dataflow as flow


def test_it_draws_tables_and_leaves_its_graph(dataflow, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = dataflow("hello")
    assert (code, err) == (0, "")
    assert "@@" in out
    assert re.search(r"^node +block +bits +SQNR dB +time us$", out, re.MULTILINE)
    assert "hello.yaml is the graph that ran. Next:\n  dataflow show hello.yaml\n" in out
    assert [path.name for path in tmp_path.iterdir()] == ["hello.yaml"]
    assert dataflow("check", "hello.yaml").code == 0
    assert json.loads(dataflow("run", "hello.yaml", "--json").out)


def test_the_table_has_a_row_per_quantizer_with_what_the_graph_measures(dataflow, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = dataflow("hello").out
    graph = flow.load("hello.yaml")
    found = flow.run(graph)
    measured = {
        node.link("value").node: name for name, node in graph.nodes.items() if type(node.block).__name__ == "SQNR"
    }
    assert measured
    for node, sqnr in measured.items():
        (line,) = [line for line in out.splitlines() if line.startswith(f"{node} ")]
        assert line.split()[1] == type(graph.nodes[node].block).__name__
        assert float(line.split()[-2]) == round(float(found[sqnr]), 2)


def test_a_file_that_is_there_is_run_and_left_alone(dataflow, folder):
    text = "dataflow: 1\nnodes: {p: {block: Const, attrs: {value: [[0.0, 1.0], [0.5, 9.0]]}}}\noutputs: {p: p}\n"
    Path("hello.yaml").write_text(text)
    code, out, _ = dataflow("hello")
    assert (code, Path("hello.yaml").read_text()) == (0, text)
    assert out.splitlines()[:3] == ["p", "  @@".rjust(4), "++@@"] or out.splitlines()[1].endswith("@@")
    assert "hello.yaml is yours and was left as it is. Next:" in out


def test_a_file_that_is_wrong_is_told(dataflow, folder):
    Path("hello.yaml").write_text("dataflow: 2\n")
    code, out, err = dataflow("hello")
    assert (code, out, err.partition(": ")[0]) == (1, "", "hello.yaml:1:11")
