"""``dataflow grad``: a graph with the gradient, printed or written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dataflow as flow


def test_the_graph_that_is_printed_runs(dataflow, folder):
    code, out, err = dataflow("grad", "line.yaml", "--of", "y", "--wrt", "x", "-p", "slope=5")
    assert (code, err) == (0, "")
    Path("grad.yaml").write_text(out)
    ran = dataflow("run", "grad.yaml", "-i", "x=x.npy", "--json")
    assert json.loads(ran.out) == {"y": [6.0, 11.0], "grad_x": [5.0, 5.0]}


def test_it_may_be_written_to_a_file(dataflow, folder):
    code, out, err = dataflow("grad", "line.yaml", "--of", "y", "--wrt", "x, product", "-o", "grad.yaml")
    graph = flow.load("grad.yaml")
    assert (code, out, err) == (0, f"grad.yaml: {len(graph.nodes)} nodes, outputs y, grad_x, grad_product\n", "")
    assert flow.run(graph, x=[1.0])["grad_product"].tolist() == [1.0]


def test_a_gradient_that_is_zero_is_warned_of(dataflow, folder):
    text = (
        Path("line.yaml").read_text().replace("nodes:\n", "nodes:\n  w: {block: Variable, inputs: {initvalues: 1.0}}\n")
    )
    Path("line.yaml").write_text(text)
    code, _, err = dataflow("grad", "line.yaml", "--of", "y", "--wrt", "w")
    assert (code, err) == (0, "warning: gradient: 'y' does not depend on 'w'; its gradient is zero\n")


@pytest.mark.parametrize(
    "args, code, said",
    [
        (("--of", "z", "--wrt", "x"), 1, "line.yaml: no node or input named 'z'"),
        (("--of", "y", "--wrt", ""), 1, "no node or input named ''"),
        (("--of", "y", "--wrt", "x,xx"), 1, "no node or input named 'xx'"),
        (("--wrt", "x"), 2, "Missing option '--of'"),
        (("--of", "y"), 2, "Missing option '--wrt'"),
        (("--of", "y", "--wrt", "x", "-o", "none/g.yaml"), 1, "none/g.yaml: cannot be written: no such file"),
    ],
)
def test_mistakes(dataflow, folder, args, code, said):
    done = dataflow("grad", "line.yaml", *args)
    assert (done.code, done.out, said in done.err) == (code, "", True), done.err


def test_the_graph_is_not_written_over(dataflow, folder):
    before = Path("line.yaml").read_text()
    done = dataflow("grad", "line.yaml", "--of", "y", "--wrt", "x", "-o", "line.yaml")
    assert (done.code, done.err) == (1, "line.yaml: is the graph, which -o would replace; name another file\n")
    assert Path("line.yaml").read_text() == before


def test_that_of_a_graph_that_can_be_trained_loads(dataflow, folder):
    path = "dataflow:digits/cnn.yaml"
    assert dataflow("grad", path, "--of", "loss", "--wrt", "image", "-o", "grad.yaml").code == 0
    assert dataflow("check", "grad.yaml") == (0, f"grad.yaml: ok, {len(flow.load('grad.yaml').nodes)} nodes\n", "")
    ran = dataflow("run", "grad.yaml", "-s", "test")
    assert ran.code == 0 and "grad_image" in ran.out
