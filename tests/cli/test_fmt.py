"""``dataflow fmt``: puts files in order, or only says which are not."""

from __future__ import annotations

from pathlib import Path

UGLY = "dataflow:  1\nnodes: {a: {block:  Relu}}\n"
TIDY = "dataflow: 1\nnodes: {a: {block: Relu}}\n"


def test_files_are_put_in_order(dataflow, folder):
    Path("ugly.yaml").write_text(UGLY)
    assert dataflow("fmt", "ugly.yaml") == (0, "ugly.yaml: put in order\n", "")
    assert Path("ugly.yaml").read_text() == TIDY
    assert dataflow("fmt", "ugly.yaml", "line.yaml") == (0, "", "")


def test_with_check_nothing_is_changed(dataflow, folder):
    Path("ugly.yaml").write_text(UGLY)
    assert dataflow("fmt", "--check", "line.yaml", "ugly.yaml") == (1, "ugly.yaml: is not in order\n", "")
    assert Path("ugly.yaml").read_text() == UGLY
    assert dataflow("fmt", "--check", "line.yaml") == (0, "", "")


def test_what_cannot_be_read_is_told_and_the_rest_done(dataflow, folder):
    Path("ugly.yaml").write_text(UGLY)
    Path("broken.yaml").write_text("dataflow: 1\nnodes: {a: [}\n")
    code, out, err = dataflow("fmt", "broken.yaml", "zzzzz.yaml", "ugly.yaml")
    assert (code, out) == (1, "ugly.yaml: put in order\n")
    assert err.startswith("broken.yaml:2:13: not YAML: ")
    assert err.endswith("zzzzz.yaml:1:1: no such file or directory\n")


def test_there_must_be_a_file(dataflow):
    assert dataflow("fmt").code == 2
