"""``dataflow show``: a graph as text, as a drawing, or as the file it comes to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.inspection import dot, mermaid, svg

FED = """\
dataflow: 1
name: fed
inputs: {x: "float32[N]"}
nodes:
  y: {block: Multiply, inputs: {x: x, y: {path: x.npy}}}
outputs: {y: y}
data:
  train: {path: data.npz, inputs: {x: points}}
"""


@pytest.mark.parametrize("form, shown", [("text", str), ("mermaid", mermaid), ("dot", dot), ("svg", svg)])
def test_each_form(dataflow, folder, form, shown):
    code, out, err = dataflow("show", "line.yaml", "--format", form)
    assert (code, err) == (0, "")
    assert out.rstrip("\n") == shown(flow.load("line.yaml")).rstrip("\n")
    assert dataflow("show", "line.yaml", "--format", form, "-o", "shown") == (0, "", "")
    assert Path("shown").read_text("utf-8") == shown(flow.load("line.yaml"))


def test_text_is_what_is_shown_unless_asked(dataflow, folder):
    assert dataflow("show", "line.yaml").out == dataflow("show", "line.yaml", "--format", "text").out
    assert dataflow("show", "line.yaml").out.startswith("x ")


def test_resolved_has_no_parameters(dataflow, folder):
    out = dataflow("show", "line.yaml", "--resolved", "-p", "slope=3.5").out
    assert "3.5" in out and "$" not in out
    Path("again.yaml").write_text(out)
    assert flow.load("again.yaml") == flow.load("line.yaml", slope=3.5)


def test_expanded_has_the_training_step(dataflow, folder):
    assert "train/w/apply" in dataflow("show", "learn.yaml", "--expanded").out
    assert "train/w/apply" not in dataflow("show", "learn.yaml").out
    assert dataflow("show", "line.yaml", "--expanded").code == 1


@pytest.mark.parametrize("command", [("show", "--resolved"), ("grad", "--of", "y", "--wrt", "x")], ids=["show", "grad"])
def test_graphs_are_printed_as_they_would_stand_beside_the_file_from_any_folder(
    dataflow, folder, tmp_path_factory, monkeypatch, command
):
    Path("fed.yaml").write_text(FED)
    beside = dataflow(*command, "fed.yaml")
    (folder / "sub").mkdir()
    for elsewhere in (tmp_path_factory.mktemp("other"), folder / "sub", folder.parent):
        monkeypatch.chdir(elsewhere)
        assert dataflow(*command, folder / "fed.yaml") == (0, beside.out, "")
    (folder / "again.yaml").write_text(beside.out)
    again, wanted = flow.load(folder / "again.yaml"), flow.load(folder / "fed.yaml")
    assert again.sections == wanted.sections
    np.testing.assert_array_equal(flow.run(again, x=[1, 2])["y"], np.float32([1, 4]))


def test_resolved_writes_a_graph_that_runs(dataflow, folder, tmp_path_factory, monkeypatch):
    (folder / "sub").mkdir()
    rows = ", ".join(["[2.5, 3.5]"] * 1001)  # more than a graph file shows
    text = FED.replace(
        "y: {block: Multiply", f"y: {{block: AddV2, inputs: {{x: m, y: [{rows}]}}}}\n  m: {{block: Multiply"
    )
    (folder / "fed.yaml").write_text(text)
    monkeypatch.chdir(tmp_path_factory.mktemp("other"))
    assert dataflow("show", folder / "fed.yaml", "--resolved", "-o", folder / "sub" / "a.yaml") == (0, "", "")
    assert sorted(file.name for file in (folder / "sub").iterdir()) == ["a.npz", "a.yaml"]
    assert flow.load(folder / "sub" / "a.yaml") == flow.load(folder / "fed.yaml")


@pytest.mark.parametrize(
    "args, code, said",
    [
        (
            ("line.yaml", "--resolved", "--format", "svg"),
            2,
            "--resolved: must be given without --format, as it prints YAML, got svg",
        ),
        (("line.yaml", "--format", "png"), 2, "'png' is not one of"),
        (("line.yaml", "-o", "none/out.txt"), 1, "out.txt: cannot be written"),
        (("none.yaml",), 1, "none.yaml:1:1: no such file"),
    ],
)
def test_mistakes(dataflow, folder, args, code, said):
    done = dataflow("show", *args)
    assert (done.code, done.out, said in done.err) == (code, "", True), done.err


@pytest.mark.parametrize("more", [[], ["--format", "svg"], ["--resolved"]])
def test_the_graph_is_not_written_over(dataflow, folder, more):
    before = Path("line.yaml").read_text()
    told = "line.yaml: is the graph, which -o would replace; name another file\n"
    assert dataflow("show", "line.yaml", *more, "-o", "./line.yaml").err == f"./{told}"
    assert Path("line.yaml").read_text() == before


def test_origins_are_comments_beside_the_resolved_values(dataflow, folder):
    done = dataflow("show", "line.yaml", "--resolved", "--origin", "-p", "slope=4.0")
    assert done.code == 0
    assert "    inputs: {x: x, y: 4.0}  # x: line.yaml:7; y: -p slope" in done.out.splitlines()
    assert dataflow("show", "line.yaml", "--resolved", "--origin", "-o", "out.yaml").code == 0
    assert "y: line.yaml:3, default of slope" in Path("out.yaml").read_text()
    for options in (["--origin"], ["--origin", "--resolved", "--expanded"]):
        done = dataflow("show", "line.yaml", *options)
        assert done.code == 2 and "--origin: must be given with --resolved, and without --expanded" in done.err


def test_wires_of_a_picture_lead_down_if_told(dataflow, folder):
    out = dataflow("show", "line.yaml", "--format", "svg", "--direction", "down").out
    assert out.rstrip("\n") == svg(flow.load("line.yaml"), direction="down").rstrip("\n")
    assert out != dataflow("show", "line.yaml", "--format", "svg").out


def test_a_direction_is_of_pictures(dataflow, folder):
    code, _, err = dataflow("show", "line.yaml", "--direction", "down")
    assert code == 2 and "--direction: must be given with --format svg, got no --format" in err
