"""Inputs made to take long: what they cost is bounded by what is counted here, or they are refused with their place."""

from __future__ import annotations

import difflib
import subprocess
import sys

import pytest

from dataflow.core.errors import GraphFileError, listing
from dataflow.graphfile import format, parse, subgraphs
from dataflow.graphfile.format import format_file
from dataflow.graphfile.load import check
from dataflow.graphfile.tree import MAX_PROBLEMS, Document

pytestmark = pytest.mark.slow

MANY = 3000
LAST = f"this is problem {MAX_PROBLEMS:,} of the file; what comes after it is not looked at"


def numbered(text, count=MANY):
    return "".join(text.replace("#", str(i)) for i in range(count))


HEAD = "dataflow: 1\ninputs: {x: 'float32[3]'}\n"
NODE = "nodes:\n  a:\n    block: Relu\n    inputs:\n      features: x\n"
MISTAKES = {
    "keys": HEAD + NODE + "outputs: {y: a}\n" + numbered("key#: 1\n"),
    "node keys": HEAD + NODE + numbered("    key#: 1\n") + "outputs: {y: a}\n",
    "ports": HEAD + NODE + numbered("      port#: x\n") + "outputs: {y: a}\n",
    "attrs": HEAD + NODE + "    attrs:\n" + numbered("      attr#: 1\n") + "outputs: {y: a}\n",
    "wires": HEAD + "nodes:\n" + numbered("  n#: {block: Relu, inputs: {features: m#}}\n") + "outputs: {y: n0}\n",
    "list": HEAD + "nodes:\n  a: {block: AddN, inputs: {inputs: [" + numbered("m#, ") + "x]}}\noutputs: {y: a}\n",
    "blocks": HEAD + "nodes:\n" + numbered("  n#: {block: Relux#, inputs: {features: x}}\n") + "outputs: {y: n0}\n",
    "outputs": HEAD + NODE + "outputs:\n" + numbered("  y#: m#\n"),
    "params": HEAD
    + "params:\n"
    + numbered("  p#: 1\n")
    + NODE
    + "  b: {block: AddN, inputs: {inputs: ["
    + numbered("$q#, ")
    + "x]}}\noutputs: {y: a}\n",
    "param keys": HEAD
    + "params:\n  p: {default: 1,\n"
    + numbered("    key#: 1,\n")
    + "  }\n"
    + NODE
    + "outputs: {y: a}\n",
    "feeds": "dataflow: 1\ninputs:\n"
    + numbered("  x#: 'float32[3]'\n")
    + "nodes: {a: {block: Relu, inputs: {features: x0}}}\noutputs: {y: a}\n"
    + "data: {train: {path: x.npz, inputs: {"
    + numbered("z#: x, ")
    + "}}}\n",
    "twice": HEAD + "nodes:\n" + numbered("  n: {block: Relu, inputs: {features: x}}\n") + "outputs: {y: n}\n",
}


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".dataflow").mkdir()
    return tmp_path


@pytest.mark.parametrize("case", MISTAKES)
def test_thousands_of_mistakes_are_not_all_looked_at(case, project, monkeypatch):
    compared, reports, report = [], [], Document.report
    matches = difflib.get_close_matches

    def counted(name, known, **how):
        known = list(known)
        compared.append(len(known))
        return matches(name, known, **how)

    def noted(self, *args):
        reports.append(args)
        return report(self, *args)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    monkeypatch.setattr(Document, "report", noted)
    path = project / "wrong.yaml"
    path.write_text(MISTAKES[case])
    problems = check(path)
    assert len(problems) == MAX_PROBLEMS + 1
    assert [problem.message for problem in problems].count(LAST) == 1
    assert sum(compared) < 60_000
    assert len(reports) <= MAX_PROBLEMS + 1


def test_a_file_of_too_many_values_is_refused_at_the_first_that_is_too_many(project, monkeypatch):
    monkeypatch.setattr(parse, "MAX_VALUES", 1000)
    path = project / "long.yaml"
    path.write_text(
        "dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: [" + "1, " * 1000 + "]}}\noutputs: {y: a}\n"
    )
    (problem,) = check(path)
    assert (problem.line, problem.message) == (3, "a file may hold 1,000 values and keys, got more")
    path.write_text(
        "dataflow: 1\nnodes:\n  a: {block: Const, attrs: {value: [" + "1, " * 900 + "]}}\noutputs: {y: a}\n"
    )
    assert check(path) == []


def test_files_that_use_each_other_tenfold_are_refused_once(project, monkeypatch):
    monkeypatch.setattr(subgraphs, "MAX_NODES", 300)
    for i in range(6):
        block, port = (f"./{i + 1}.yaml", "x") if i < 5 else ("Relu", "features")
        nodes = "".join(
            f"  a{k}: {{block: {block}, inputs: {{{port}: {f'a{k - 1}' if k else 'x'}}}}}\n" for k in range(10)
        )
        (project / f"{i}.yaml").write_text(f"{HEAD}nodes:\n{nodes}outputs: {{y: a9}}\n")
    (problem,) = check(project / "0.yaml")
    assert problem.message.endswith("sub-graphs may have 300 nodes in all, got more")


def test_an_input_that_cannot_be_is_refused_with_its_place(project):
    path = project / "wide.yaml"
    path.write_text("dataflow: 1\ninputs:\n  x: 'float32[" + "1, " * 64 + "1]'\noutputs: {y: x}\n")
    (problem,) = check(path)
    assert (problem.line, problem.column) == (3, 6)
    assert problem.message == "node 'x' (Placeholder): output 'output' must have at most 64 dims, got 65"


def test_lists_of_names_in_messages_end():
    assert listing("abc", "and") == "a, b and c"
    text = listing([f"c{i}" for i in range(100_000)], "and")
    assert text.startswith("c0, c1, ") and text.endswith(" and 99950 more")
    assert listing(["c"] * 51, "and").endswith("c, c and c")


def in_time(code, project):
    """Run what once took minutes: a process that takes a minute is too slow, on any machine."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=project, check=True, timeout=60, text=True, capture_output=True
    )


def test_a_csv_file_of_a_hundred_thousand_columns(project):
    columns = 100_000
    (project / "wide.csv").write_text(
        ",".join(f"c{i}" for i in range(columns)) + "\n" + (",".join(["1"] * columns) + "\n") * 3
    )
    code = "import pathlib, dataflow.training.data.arrays as a; print(a.open_rows(pathlib.Path('wide.csv')).shape)"
    assert in_time(code, project).stdout == "(3, 100000)\n"


def test_rows_of_many_columns_are_parsed_a_few_at_a_time(project, monkeypatch):
    from dataflow.training.data import arrays

    (project / "wide.csv").write_text(
        ",".join(f"c{i}" for i in range(100)) + "\n" + "".join(",".join([str(k)] * 100) + "\n" for k in range(70))
    )
    monkeypatch.setattr(arrays, "_VALUES", 1000)
    taken, load = [], arrays.np.loadtxt

    def loadtxt(lines, *args, **how):
        taken.append(len(lines))
        return load(lines, *args, **how)

    monkeypatch.setattr(arrays.np, "loadtxt", loadtxt)
    values = arrays.open_rows(project / "wide.csv").take(arrays.np.arange(70))
    assert taken == [10] * 7
    assert (values == arrays.np.arange(70)[:, None]).all()


def test_files_of_more_values_than_anyone_waits_for_are_not_put_in_order(tmp_path, monkeypatch):
    """The limit of `fmt` counts values and keys, and the file stays as it is."""
    monkeypatch.setattr(format, "MAX_FORMATTED", 50)
    path = tmp_path / "g.yaml"
    for numbers, fine in ((20, True), (60, False)):
        value = f"{{block: Const, attrs: {{value: {list(range(numbers))}}}}}"
        text = f"dataflow: 1\nnodes: {{c: {value}}}\noutputs: {{y: c}}\n"
        path.write_text(text)
        if fine:
            format_file(path)
            continue
        with pytest.raises(GraphFileError, match=r"g.yaml:1:1: .*may hold 50 values and keys, got \d+; keep arrays in"):
            format_file(path)
        assert path.read_text() == text
