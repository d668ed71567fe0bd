"""``dataflow check``: every mistake of every file, with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataflow.cli.check import annotation
from dataflow.core.errors import Problem
from dataflow.graphfile.load import check as flow_check

WRONG = """\
dataflow: 1
inputs: {x: "float32[4]"}
nodes:
  a: {block: Rellu, inputs: {features: x}}
  b: {block: Relu, inputs: {feature: x}}
  c: {block: Relu, inputs: {features: xx}}
  d: {block: FakeQuantWithMinMaxVars, inputs: {inputs: x, min: 0.0, max: 1.0}, attrs: {num_bit: 4}}
  e: {block: AddV2, inputs: {x: x, y: [1.0, 2.0]}}
outputs: {y: x}
"""


def test_right_files(dataflow, folder):
    assert dataflow("check", "line.yaml", "learn.yaml") == (0, "line.yaml: ok, 3 nodes\nlearn.yaml: ok, 6 nodes\n", "")


def test_every_mistake_is_told_with_its_place_and_a_way_out(dataflow, folder):
    Path("wrong.yaml").write_text(WRONG)
    code, out, err = dataflow("check", "wrong.yaml")
    assert (code, out) == (1, "")
    assert [line.split(" ")[0] for line in err.splitlines() if line.startswith("wrong.yaml:")] == [
        "wrong.yaml:4:14:",
        "wrong.yaml:5:29:",
        "wrong.yaml:6:39:",
        "wrong.yaml:7:88:",
        "wrong.yaml:8:33:",
    ]
    for hint in ("did you mean 'Relu'?", "did you mean 'features'?", "did you mean 'x'?", "did you mean 'num_bits'?"):
        assert hint in err
    assert err.splitlines()[-1] == "5 problems"


def test_a_wrong_file_does_not_keep_others_from_being_checked(dataflow, folder):
    Path("wrong.yaml").write_text("dataflow: 2\n")
    code, out, err = dataflow("check", "wrong.yaml", "line.yaml", "zzzzz.yaml", "failing.yaml")
    assert (code, out) == (1, "line.yaml: ok, 3 nodes\nfailing.yaml: ok, 3 nodes\n")
    assert err.splitlines() == [
        "wrong.yaml:1:11: 'dataflow' must be 1, the version of the format, got 2",
        "    1 | dataflow: 2",
        "                  ^",
        "zzzzz.yaml:1:1: no such file or directory",
        "2 problems",
    ]


def test_a_file_of_another_name_is_told_once(dataflow, folder):
    code, _, err = dataflow("check", "lime.yaml")
    assert (code, err.splitlines()[0]) == (1, "lime.yaml:1:1: no such file or directory; did you mean 'line.yaml'?")


def test_one_problem_is_one_problem(dataflow, folder):
    assert dataflow("check", "zzzzz.yaml").err.splitlines()[-1] == "1 problem"


@pytest.mark.parametrize(
    "args, code, said",
    [
        (("line.yaml", "-p", "slope=fast"), 1, "param 'slope' must be a number like its default 2.0, got 'fast'"),
        (("line.yaml", "-p", "slope=3"), 0, ""),
        (("line.yaml", "-p", "slop=3"), 1, "did you mean 'slope'?"),
        ((".",), 1, ".:1:1: must be a file, got a folder"),
        ((), 2, "Missing argument 'GRAPH...'"),
    ],
)
def test_parameters_and_what_is_no_file(dataflow, folder, args, code, said):
    done = dataflow("check", *args)
    assert (done.code, said in done.err) == (code, True)


QUANTIZED = """\
dataflow: 1
params: {bits: {type: int}}
nodes:
  y: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: 1.0}, attrs: {num_bits: $bits}}
outputs: {y: y}
"""


def test_a_parameter_that_is_missing_or_wrong_is_told_by_its_option(dataflow, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("q.yaml").write_text(QUANTIZED)
    missing = "q.yaml:2:10: param 'bits' has no default and must be given, got nothing; write -p bits=...\n"
    assert dataflow("check", "q.yaml").err.startswith(missing)
    wrong = "node 'y' (FakeQuantWithMinMaxArgs): attr 'num_bits' must be between 2 and 16, got 77\n"
    told = dataflow("check", "q.yaml", "-p", "bits=77").err
    assert f"q.yaml:2:10: param 'bits' as -p gives it: {wrong}" in told and f"q.yaml:4:80: {wrong}" in told


def test_problems_as_json(dataflow, folder):
    Path("wrong.yaml").write_text(WRONG)
    done = dataflow("check", "line.yaml", "wrong.yaml", "--format", "json")
    assert (done.code, done.err) == (1, "")
    problems = json.loads(done.out)
    assert [(each["path"], each["line"], each["column"]) for each in problems] == [
        (each.path, each.line, each.column) for each in flow_check("wrong.yaml")
    ]
    assert problems[0].keys() == {"path", "line", "column", "message", "hint", "source"}
    assert json.loads(dataflow("check", "line.yaml", "--format", "json").out) == []


def test_problems_as_annotations(dataflow, folder):
    Path("so, what:.yaml").write_text("dataflow: 1\nnodes:\n  y: {block: Rellu}\n")
    done = dataflow("check", "line.yaml", "so, what:.yaml", "--format", "github")
    assert done.out.splitlines() == [
        "line.yaml: ok, 3 nodes",
        "::error file=so%2C what%3A.yaml,line=3,col=14,title=dataflow check::node 'y': no block 'Rellu'; "
        "did you mean 'Relu'?",
    ]
    assert (done.code, done.err) == (1, "1 problem\n")


def test_an_annotation_is_one_line():
    text = annotation(Problem("a%b.yaml", 1, 2, "100 %\nof it"))
    assert text == "::error file=a%25b.yaml,line=1,col=2,title=dataflow check::100 %25%0Aof it"
