"""Files full of mistakes: what looking at them costs is bounded by what is counted here."""

from __future__ import annotations

import difflib

import pytest

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
