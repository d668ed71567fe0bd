"""Graph files from strangers: nothing in them is run, and none takes long."""

from __future__ import annotations

import contextlib
import gc
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.core.errors import GraphError, GraphFileError
from dataflow.graphfile.params import ExpansionBudget
from dataflow.graphfile.paths import confined
from dataflow.graphfile.save import resolved_text
from dataflow.graphfile.tree import TOO_DEEP
from dataflow.training.data import split

# -- nothing is evaluated -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        node("Const", "attrs: {value: !!python/object/apply:os.mkdir [ran]}"),
        node("!!python/name:antigravity.x", ""),
        node("os.mkdir", "attrs: {path: ran}"),
        node("Const", "attrs: {value: 1, __class__: antigravity}"),
        node("Const", "attrs: {value: 1, dtype: \"__import__('antigravity')\"}"),
        node("Const", "attrs: {value: \"${__import__('os').mkdir('ran')}\"}"),
        node("Const", "attrs: {value: '${env:HOME,$(mkdir ran)}'}"),
        node("Identity", "inputs: {input: __class__.__mro__}"),
        node("./antigravity.py", ""),
        "params: {a: {type: antigravity, default: 1}}\n",
        "inputs: {x: \"float32[__import__('os').mkdir('ran')]\"}\n",
        "inputs: {x: {dtype: antigravity.x}}\n",
        "x-a: {? !!python/object/apply:os.mkdir [ran] : 1}\n",
    ],
)
def test_nothing_in_a_file_is_run_or_imported(read, text):
    assert problems(read, text)
    assert not Path("ran").exists()
    assert "antigravity" not in sys.modules


def test_format_strings_and_ignored_tags_are_only_text(read):
    doc = "{0.__class__} %s %(x)s {graph} `mkdir ran` $(mkdir ran)"
    graph = read(f"doc: '{doc}'\nx-a: !!python/object/apply:os.mkdir [ran]\n" + node("Const", "attrs: {value: 1}"))
    assert (graph.doc, Path("ran").exists()) == (doc, False)


# -- limits ---------------------------------------------------------------------------------------------------------

RIGHT = "dataflow: 1\n" + node("Const", "attrs: {value: 1}")
WRONG = RIGHT.replace("Const", "Konst")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + RIGHT.encode(),
        RIGHT.replace("\n", "\r\n").encode(),
        RIGHT.replace(": {", ":\t{").encode(),
        RIGHT.rstrip().encode(),
        b"# \xc3\xa9\n---\n" + RIGHT.encode() + b"...\n",
        b"#".ljust((16 << 20) - len(RIGHT) - 1) + b"\n" + RIGHT.encode(),
    ],
    ids=["bom", "crlf", "tabs", "no_end", "markers", "16_MiB"],
)
def test_ways_to_write_the_same_text(read, data):
    assert flow.run(read(data)) == {"y": 1}


@pytest.mark.parametrize(
    "data, line, column, message",
    [
        (b"\xef\xbb\xbf" + WRONG.encode(), 3, 14, "node 'y': no block 'Konst'"),
        (WRONG.replace("\n", "\r\n").encode(), 3, 14, "node 'y': no block 'Konst'"),
        (WRONG.replace("block: ", "block:\t").encode(), 3, 14, "node 'y': no block 'Konst'"),
        (WRONG.replace("{block", "{doc: é😀, block").encode(), 3, 23, "node 'y': no block 'Konst'"),
        (RIGHT.encode("utf-16"), 1, 1, "a graph file must be UTF-8, got UTF-16"),
        (RIGHT.encode("utf-16-le"), 1, 2, "control characters are not allowed, got '\\x00'"),
        (RIGHT.encode() + "doc: caf\xe9".encode("latin-1"), 5, 9, "a graph file must be UTF-8, got the byte 0xe9"),
        (RIGHT.replace("  y", "\ty").encode(), 3, 1, "not YAML: found character that cannot start any token"),
        (b"#" * ((16 << 20) + 1), 1, 1, "may have at most 16,777,216 bytes, got 16,777,217"),
    ],
    ids=["bom", "crlf", "tab", "wide", "utf_16", "utf_16_le", "latin_1", "tab_indent", "size"],
)
def test_places_are_those_of_an_editor(read, data, line, column, message):
    (problem,) = problems(read, data)
    assert (problem.line, problem.column, problem.message) == (line, column, message)


NESTED = "x-0: &a0 [1]\n" + "".join(f"x-{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 300))
ALIASES = "x-0: &a0 [1, 1]\n" + "".join(f"x-{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
MERGES = f"x-0: &m {{{', '.join(f'k{i}: 1' for i in range(1000))}}}\n" + "".join(
    f"x-{i}: {{<<: *m}}\n" for i in range(1, 300)
)


@pytest.mark.parametrize(
    "text, message",
    [
        (f"x-a: {'[' * 100_000}", "values may be nested 100 deep, got more"),
        (
            f"{NESTED}nodes: {{y: {{block: Const, attrs: {{value: *a299}}}}}}\n",
            "values may be nested 100 deep, got more",
        ),
        (ALIASES, "aliases and merge keys may repeat 200,000 values, got more"),
        (MERGES, "aliases and merge keys may repeat 200,000 values, got more"),
    ],
    ids=["depth", "depth_by_aliases", "aliases", "merges"],
)
def test_bombs_are_refused(read, text, message):
    assert [p.message for p in problems(read, text)] == [message]


@pytest.mark.parametrize("depth", [120, 900, 1100, 100_000])
@pytest.mark.parametrize(
    "unit, line, column",
    [("[", 2, 105), ("{a: ", 2, 402), ("[\n", 101, 1), ("[{a: ", 2, 252)],
    ids=["lists", "mappings", "lines", "mixed"],
)
def test_depth_is_refused_where_it_is_reached_whatever_the_parser_allows(read, unit, line, column, depth):
    (problem,) = problems(read, f"x-a: {unit * depth}")
    assert (problem.message, problem.line, problem.column) == (TOO_DEEP, line, column)


@pytest.mark.parametrize("depth", [120, 900, 1100])
def test_depth_without_brackets_is_refused(read, depth):
    (problem,) = problems(read, f"x-a:\n  {'- ' * depth}a")
    assert (problem.message, problem.line, problem.column) == (TOO_DEEP, 3, 201)


@pytest.mark.parametrize(
    "value, more, message",
    [
        (
            "[1]",
            f"[{', '.join(['$p'] * 10)}]",
            "node 'y/y/y/y/y': $p: parameters may repeat 1,000,000 values, got more",
        ),
        ("[1]", f"{'[' * 60}$p{']' * 60}", "node 'y/y/y': $p: values may be nested 100 deep, got more"),
        ("text", f'"{"${p}" * 10}"', "node 'y/y/y/y/y': parameters may repeat 1,000,000 values, got more"),
    ],
    ids=["lists", "depth", "text"],
)
def test_parameters_that_grow_from_file_to_file_are_refused(read, monkeypatch, value, more, message):
    monkeypatch.setattr("dataflow.graphfile.load_context.ExpansionBudget", lambda: ExpansionBudget(left=100_000))
    for i in range(7):
        text = f"params: {{p: {value}}}\n" + node(f"./{i - 1}.yaml", f"attrs: {{p: {more}}}")
        Path(f"{i}.yaml").write_text("dataflow: 1\n" + text)
    Path("0.yaml").write_text(f"dataflow: 1\nparams: {{p: {value}}}\n" + node("Const", "attrs: {value: 1}"))
    assert [p.message for p in problems(read, Path("6.yaml").read_bytes(), "6.yaml")] == [message]


def test_lists_of_parameters_are_used_as_often_as_a_graph_needs(read):
    many = "".join(f"  n{i}: {{block: Const, attrs: {{value: $p}}}}\n" for i in range(300))
    graph = read(f"params: {{p: [{'1, ' * 300}]}}\nnodes:\n{many}outputs: {{y: n7}}\n")
    assert flow.run(graph)["y"].shape == (300,)


@pytest.mark.parametrize("enabled", [True, False])
def test_reading_leaves_the_garbage_collector_as_it_was(read, enabled):
    if not enabled:
        gc.disable()
    try:
        for text in ("nodes: {}\n", "nodes: 1\n"):
            with contextlib.suppress(GraphFileError):
                read(text)
            assert gc.isenabled() is enabled
    finally:
        gc.enable()


# -- links that come after a look ---------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path_factory):
    """A folder out of the project, with a file of its own for each that a graph may name."""
    folder = tmp_path_factory.mktemp("outside")
    np.save(folder / "x.npy", np.float32([666]))
    (folder / "x.csv").write_text("a\n666\n")
    (folder / "inner.yaml").write_text("dataflow: 1\n" + node("Const", "attrs: {value: 666}"))
    return folder


SWAPS = {
    "file": lambda outside, name: (Path("data", name).unlink(), Path("data", name).symlink_to(outside / name)),
    "folder": lambda outside, name: (Path("data").rename("before"), Path("data").symlink_to(outside)),
}


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("name", ["x.npy", "x.csv"])
def test_data_that_was_swapped_for_a_link_is_not_read(read, outside, swap, name):
    Path("data").mkdir()
    np.save("data/x.npy", np.float32([1]))
    Path("data/x.csv").write_text("a\n1\n")
    array = ", array: a" if name == "x.csv" else ""
    graph = read(
        f"inputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
        f"data:\n  train: {{inputs: {{x: {{path: data/{name}{array}}}}}}}\n"
    )
    opened = split(graph)
    SWAPS[swap](outside, name)
    assert opened.rows()["x"].tolist() == [1]
    for again in (graph, pickle.loads(pickle.dumps(graph)), graph.copy()):
        with pytest.raises(GraphError, match="must be what it was when the graph was loaded, got a link"):
            split(again)
    with pytest.raises(GraphFileError, match="files must lie inside the project"):
        flow.load("graph.yaml")


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize(
    "name, text",
    [
        ("x.npy", node("Const", "attrs: {value: {path: data/x.npy}}")),
        ("inner.yaml", node("./data/inner.yaml")),
    ],
)
def test_what_is_swapped_between_the_look_and_the_reading_is_not_read(read, outside, monkeypatch, swap, name, text):
    Path("data").mkdir()
    np.save("data/x.npy", np.float32([1]))
    Path("data/inner.yaml").write_text("dataflow: 1\n" + node("Const", "attrs: {value: 1}"))
    read(text)

    def looked(*args):
        found = confined(*args)
        SWAPS[swap](outside, name)
        return found

    for module in ("wires", "subgraphs"):
        monkeypatch.setattr(f"dataflow.graphfile.{module}.confined", looked)
    (problem,) = problems(read, text)
    assert "must be what it was when the graph was loaded, got a link" in problem.message


def test_links_that_a_program_names_are_followed(read, outside):
    graph = flow.Graph("links")
    graph.input("x", "float32", ["N"])
    Path("link.npy").symlink_to(outside / "x.npy")
    graph.sections["data"] = {"train": {"inputs": {"x": {"path": str(Path("link.npy").absolute())}}}}
    assert split(graph).rows()["x"].tolist() == [666]


# -- pickles --------------------------------------------------------------------------------------------------------


def test_graphs_and_plans_can_be_pickled(read):
    np.save("w.npy", np.float32([2, 3]))
    text = "inputs: {x: 'float32[N]'}\n" + node("Multiply", "inputs: {x: x, y: {path: w.npy}}, doc: times w")
    graph = read(text)
    plan = flow.plan(graph, x=[2])
    for made in (graph, plan):
        again = pickle.loads(pickle.dumps(made))
        run = again.run if made is plan else lambda feeds, again=again: flow.run(again, feeds)
        same(run({"x": [1, 1]})["y"], np.float32([2, 3]))
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert str(pickle.loads(pickle.dumps(plan))) == str(plan)
    assert resolved_text(graph, "graph.yaml") == resolved_text(read(text), "graph.yaml")
