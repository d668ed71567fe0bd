"""Where a file names what is in it."""

from __future__ import annotations

import places

import dataflow  # noqa: F401, which registers the sections
from dataflow.graphfile.editing.mentions import (
    Named,
    default_path,
    mentions,
    param_uses,
    params_in,
    section,
    with_defaults,
    with_param,
)
from dataflow.graphfile.paths import read_document


def tree(name: str):
    root = read_document(places.TESTS / "graphfile" / "hard_files" / f"{name}.yaml", name).root
    assert root is not None
    return root.plain()


def test_wires_on_ports_and_under_outputs() -> None:
    found = mentions(tree("crlf"))
    assert [(each.path, each.text) for each in found] == [
        (("nodes", "a", "inputs", "features"), "x"),
        (("nodes", "b", "inputs", "inputs"), "a"),
        (("nodes", "c", "inputs", "inputs", 0), "a"),
        (("nodes", "c", "inputs", "inputs", 1), "b"),
        (("nodes", "c", "inputs", "inputs", 2), "x"),
        (("outputs", "y"), "c"),
    ]
    assert {each.what for each in found} == {"wire"}


def test_names_in_sections_come_from_what_they_declare() -> None:
    found = [each for each in mentions(tree("sections")) if each.path[0] in ("data", "train")]
    assert [(".".join(map(str, each.path)), each.text, each.what, each.is_key) for each in found] == [
        ("data.train.inputs.x", "x", "input", True),
        ("data.train.inputs.t", "t", "input", True),
        ("train.minimize", "loss", "result", False),
        ("train.optimizer.overrides.0.variables", "c", "pattern", False),
        ("train.optimizer.overrides.1.variables.0", "w", "pattern", False),
        ("train.variables.0", "w", "node", False),
        ("train.variables.1", "c", "node", False),
        ("train.metrics.0", "mse", "output", False),
        ("train.early_stopping.metric", "mse", "result", False),
    ]


def test_parts_of_a_wire() -> None:
    each = Named(("outputs", "y"), "a/b.min", "wire")
    assert (each.head, each.port) == ("a/b", ".min")
    assert Named((), "a", "wire").port == ""


def test_params_are_found_where_they_are_put_in() -> None:
    found = tree("parameters")
    uses = {(".".join(map(str, path)), text) for path, text in param_uses(found)}
    assert uses == {
        ("inputs.x", "float32[N, ${size}]"),
        ("nodes.a.block", "$kind"),
        ("nodes.b.inputs.inputs", "$which"),
        ("nodes.b.attrs.num_bits", "$bits"),
        ("nodes.c.inputs.inputs", "${which}"),
        ("nodes.c.attrs.num_bits", "${bits}"),
    }  # and in no doc
    assert default_path(found, "bits") == ("params", "bits", "default")
    assert default_path(found, "which") == ("params", "which")
    assert default_path({"params": {"a": {"type": "int"}}}, "a") is None and default_path({}, "a") is None


def test_params_within_texts() -> None:
    assert params_in("$a") == params_in("${a}") == ["a"]
    assert params_in("x${a}_${b}") == ["a", "b"]
    assert params_in("$$a ${env:HOME} $$") == params_in("${env:A}") == []
    assert with_param("$a", "a", "b") == "$b" and with_param("${a}", "a", "b") == "${b}"
    assert with_param("$ab", "a", "c") == "$ab"
    assert with_param("${a}/${ab}/$${a}", "a", "c") == "${c}/${ab}/$${a}"
    params = {"params": {"a": "x", "n": {"type": "int", "default": 3}, "none": {"type": "int"}}}
    assert with_defaults(params, "${a}_${n}") == "x_3" and with_defaults(params, "$a") == "x"
    assert with_defaults(params, "${none}") == "${none}" and with_defaults(params, "plain") == "plain"


def test_sections_that_are_missing_or_wrong_are_empty() -> None:
    assert section({}, "nodes") == section({"nodes": None}, "nodes") == section({"nodes": [1]}, "nodes") == {}
    assert mentions({"nodes": {"a": None, "b": {"inputs": 3}}, "outputs": {"y": 3}, "train": 5, "data": None}) == []
