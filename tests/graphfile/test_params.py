"""Parameters: their kinds, where they stand, the environment, and how much they may repeat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.core import errors
from dataflow.graphfile.params import ExpansionBudget, Substitution, declare
from dataflow.graphfile.parse import parse
from dataflow.graphfile.tree import BROKEN

PARAMS = """\
params:
  bits: 7
  low: -1.0
  mode: HALF_UP
  half: TO_EVEN
  flag: true
  rows: [1, 2]
  n: {type: int, default: 3}
  rate: {type: float}
  to: {type: dtype, default: half}
  at: {type: ints, default: [0]}
  size: {type: shape, default: [N, 1]}
inputs: {x: {dtype: $to, shape: $size}}
nodes:
  y: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: 0.5},
    attrs: {num_bits: "${bits}", min: $low, narrow_range: $flag}}
  rows: {block: Const, attrs: {value: $rows}}
  pair: {block: Const, attrs: {value: [$n, $rate]}}
  mode: {block: QuantizeAndDequantizeV4, inputs: {input: 1.0, input_min: $low, input_max: 1.0},
    attrs: {round_mode: $mode}}
  text: {block: QuantizeAndDequantizeV4, inputs: {input: 1.0, input_min: $low, input_max: 1.0},
    attrs: {round_mode: "HALF_${half}"}}
  less: {block: Squeeze, inputs: {input: [[1.0]]}, attrs: {axis: $at}}
outputs: {y: y}
"""


def test_parameters_keep_their_kind(read):
    graph = read(PARAMS, rate=1)
    blocks = {n.name: n.block for n in graph.nodes.values()}
    assert (graph.inputs["x"].dtype, graph.inputs["x"].shape) == ("float16", ("N", 1))
    assert repr(blocks["y"]) == "FakeQuantWithMinMaxArgs(min=-1.0, num_bits=7, narrow_range=True)"
    assert (blocks["mode"].round_mode, blocks["text"].round_mode) == ("HALF_UP", "HALF_TO_EVEN")
    assert blocks["less"].axis == (0,)
    same(blocks["rows"].value, np.int32([1, 2]))
    same(blocks["pair"].value, np.float32([3, 1]))


@pytest.mark.parametrize(
    "given, node, attr, value",
    [
        ({"bits": np.int64(4)}, "y", "num_bits", 4),
        ({"low": np.float32(-2)}, "y", "min", -2.0),
        ({"low": -3}, "y", "min", -3.0),
        ({"flag": np.False_}, "y", "narrow_range", False),
        ({"half": np.str_("UP")}, "text", "round_mode", "HALF_UP"),
        ({"at": (0, 1)}, "less", "axis", (0, 1)),
        ({"at": np.array([1])}, "less", "axis", (1,)),
    ],
)
def test_parameters_given_from_python(read, given, node, attr, value):
    found = getattr(read(PARAMS, rate=0.5, **given).nodes[node].block, attr)
    assert (type(found), found) == (type(value), value)


def test_an_array_as_parameter_keeps_its_dtype(read):
    value = np.arange(4, dtype=np.uint16).reshape(2, 2)
    same(read(PARAMS, rate=1, rows=value).nodes["rows"].block.value, value)


def test_the_environment_is_read_as_yaml_where_it_is_the_whole_value(read, monkeypatch):
    monkeypatch.setenv("DATAFLOW_A", "1e-3")
    monkeypatch.setenv("DATAFLOW_MODE", "UP")
    monkeypatch.delenv("DATAFLOW_B", raising=False)
    graph = read(
        'params: {a: "${env:DATAFLOW_A,7}", b: "${env:DATAFLOW_B,7}", m: "HALF_${env:DATAFLOW_MODE}"}\nnodes:\n'
        "  y: {block: Const, attrs: {value: [$a, $b]}}\n"
        "  m: {block: QuantizeAndDequantizeV4, inputs: {input: 1.0, input_min: 0.0, input_max: 1.0},\n"
        "    attrs: {round_mode: $m}}\noutputs: {y: y}\n"
    )
    same(flow.run(graph)["y"], np.float32([1e-3, 7]))
    assert graph.nodes["m"].block.round_mode == "HALF_UP"


def test_text_for_people_stays_as_it_is_written(read, monkeypatch):
    monkeypatch.setenv("HOME", "nowhere")
    doc = "costs $$5, $low of ${low}, ${env:HOME}, ${1 + 1}"
    graph = read(
        f"doc: '{doc}'\nparams: {{low: {{default: 1, doc: '{doc}'}}}}\n"
        f"inputs: {{x: {{dtype: float32, doc: '{doc}'}}}}\n" + node("Relu", f"inputs: {{features: x}}, doc: '{doc}'")
    )
    assert [graph.doc, graph.nodes["x"].doc, graph.nodes["y"].doc] == [doc] * 3


# -- declarations ---------------------------------------------------------------------------------------------------


def declared(text):
    """The parameters of a section, and what is wrong with it."""
    document = parse(text, "graph.yaml")
    return declare(document, document.root), [(p.message, p.hint) for p in document.problems.values()]


@pytest.mark.parametrize(
    "text, default, required",
    [
        ("p: 3", 3, False),
        ("p: [1, [2]]", [1, [2]], False),
        ("p:", None, False),
        ("p: {default: 2.5}", 2.5, False),
        ("p: {default: }", None, False),
        ("p: {type: float, default: 2}", 2.0, False),
        ("p: {type: ints, default: 3}", [3], False),
        ("p: {type: shape, default: [N, null]}", ["N", None], False),
        ("p: {type: dtype, default: half, doc: kind}", "float16", False),
        ("p: {type: int}", BROKEN, True),
        ("p: {}", BROKEN, True),
        ("p: $$x", "$x", False),
        ("p: '${env:DATAFLOW_NOT_SET,0x10}'", 16, False),
    ],
)
def test_declarations(text, default, required):
    found, wrong = declared(text)
    assert wrong == []
    assert (found["p"].default, found["p"].required) == (default, required)
    assert type(found["p"].default) is type(default)


@pytest.mark.parametrize(
    "text, message, hint",
    [
        ("1p: 3", "param '1p': names must be letters, digits and _, starting with a letter", ""),
        ("p: {tipe: int, default: 3}", "param 'p': no key 'tipe'", "did you mean 'type'?"),
        ("p: {doc: 3, default: 3}", "param 'p': 'doc' must be text, got 3", ""),
        (
            "p: {type: flot}",
            "param 'p': 'type' must be int, float, bool, str, dtype, ints or shape, got 'flot'",
            "did you mean 'float'?",
        ),
        ("p: {type: [a]}", "param 'p': 'type' must be int, float, bool, str, dtype, ints or shape, got a list", ""),
        ("p: {type: int, default: 2.5}", "param 'p': default must be a whole number, got 2.5", ""),
        ("p: $q", "param 'p': no param 'q'", "write $$ for a dollar sign"),
        ("p: {type: int, default: $q}", "param 'p': no param 'q'", "write $$ for a dollar sign"),
    ],
)
def test_wrong_declarations(text, message, hint):
    found, wrong = declared(text)
    assert wrong == [(message, hint)]
    assert not found or found["p"].default in (BROKEN, 3)


@pytest.mark.parametrize(
    "text, value, parsed",
    [
        ("p: 3", 4.5, 4.5),
        ("p: 3.5", 4, 4.0),
        ("p: a", "b", "b"),
        ("p: true", False, False),
        ("p: [1]", (np.int8(2), 3), [2, 3]),
        ("p: [1]", "text", "text"),  # a list tells no kind
        ("p:", 3, 3),
        ("p: {}", "any", "any"),
        ("p: {type: int}", np.int64(3), 3),
        ("p: {type: bool}", np.True_, True),
        ("p: {type: ints}", 3, [3]),
        ("p: 3", np.array(4), 4),
    ],
)
def test_values_of_a_parameter(text, value, parsed):
    found = declared(text)[0]["p"].parse(value)
    assert (type(found), found) == (type(parsed), parsed)


@pytest.mark.parametrize(
    "text, value, message",
    [
        ("p: 3", True, "must be a number like its default 3, got True"),
        ("p: true", 1, "must be true or false like its default True, got 1"),
        ("p: a", 1, "must be text like its default 'a', got 1"),
        ("p: 3", {}, "must be a number, text, a list or an array, got {}"),
        ("p: [1]", [object], "must be a number, text, a list or an array, got"),
        ("p: {type: int}", "3", "must be a whole number, got '3'"),
    ],
)
def test_values_that_a_parameter_refuses(text, value, message):
    with pytest.raises(ValueError) as caught:
        declared(text)[0]["p"].parse(value)
    assert str(caught.value).startswith(message)


# -- substitution ---------------------------------------------------------------------------------------------------

VALUES = {"a": 3, "half": 0.5, "t": "text", "yes": True, "rows": [1, [2]], "bad": BROKEN, "list": ["x"]}


def resolved(text, budget=None):
    """What a value becomes, in plain form, and what was wrong."""
    document = parse(text, "graph.yaml")
    found = Substitution(document, VALUES, budget).resolve(document.root, "it")
    return found.data if found.data is BROKEN else found.plain(), [
        (p.message, p.hint) for p in document.problems.values()
    ]


@pytest.mark.parametrize(
    "text, value",
    [
        ("$a", 3),
        ("'${a}'", 3),
        ("$rows", [1, [2]]),
        ("$yes", True),
        ("'${a} of ${half}: ${t}${yes}'", "3 of 0.5: texttrue"),
        ("$$a", "$a"),
        ("'$$ ${a}'", "$ 3"),
        ("costs $5", "costs $5"),
        ("a $a", "a $a"),  # within text only with braces
        ("[$a, {k: [$t]}, 1]", [3, {"k": ["text"]}, 1]),
        ("{$a: $a}", {"$a": 3}),
        ("'${env:DATAFLOW_NOT_SET,1.5}'", 1.5),
        ("'v${env:DATAFLOW_NOT_SET,1.50}'", "v1.50"),
        ("'${env:DATAFLOW_NOT_SET,}'", None),
        ("'${env:DATAFLOW_NOT_SET,a,b}'", "a,b"),
    ],
)
def test_parameters_in_their_places(text, value):
    found, wrong = resolved(text)
    assert (type(found), found, wrong) == (type(value), value, [])


@pytest.mark.parametrize(
    "text, message, hint",
    [
        ("$aa", "it: no param 'aa'", "did you mean 'a'?"),
        ("'x${zzzzzz}'", "it: no param 'zzzzzz'", "write $$ for a dollar sign"),
        ("'${a + 1}'", "it: must be ${param} or ${env:NAME,default}, got ${a + 1}", "write $$ for a dollar sign"),
        ("'x ${a'", "it: must be ${param} or ${env:NAME,default}, got ${a", "write $$ for a dollar sign"),
        ("'x${rows}'", "it: ${rows} within text must be text or a number, got [1, [2]]", ""),
        ("'${env:}'", "it: the form is ${env:NAME,default}, got ${env:}", ""),
        ("'${env:A B}'", "it: the form is ${env:NAME,default}, got ${env:A B}", ""),
        (
            "'${env:DATAFLOW_NOT_SET}'",
            "it: the environment has no DATAFLOW_NOT_SET",
            "set it or write ${env:DATAFLOW_NOT_SET,default}",
        ),
        (
            "'${env:DATAFLOW_NOT_SET,1e999}'",
            "it: ${env:DATAFLOW_NOT_SET,1e999}: numbers must fit 64 bits, got a larger one",
            "write .inf for infinity",
        ),
    ],
)
def test_forms_that_have_no_value(text, message, hint):
    assert resolved(text) == (BROKEN, [(message, hint)])


def test_what_is_broken_is_not_reported_again():
    assert resolved("$bad") == resolved("'x${bad}'") == resolved("[1, [$bad]]") == (BROKEN, [])
    assert resolved("{a: $bad, b: $a}") == ({"a": BROKEN, "b": 3}, [])


def test_a_text_without_dollars_is_left_as_it_is():
    document = parse("[a, {b: 1}]", "graph.yaml")
    assert Substitution(document, {}).resolve(document.root, "it") is document.root


def test_a_value_of_the_environment_is_not_told(monkeypatch):
    monkeypatch.setattr(errors, "_CONCEALED", {})
    monkeypatch.setenv("DATAFLOW_TOKEN", "swordfish-9")
    assert resolved("'x ${env:DATAFLOW_TOKEN}'") == ("x swordfish-9", [])
    assert errors.concealed("no file 'swordfish-9'") == "no file '${env:DATAFLOW_TOKEN}'"


# -- how much parameters may repeat ---------------------------------------------------------------------------------


def test_what_parameters_add_is_counted():
    budget = ExpansionBudget(left=7)
    assert resolved("[$rows, 'n${t}', 1]", budget)[1] == []
    assert budget.left == 7 - 3 - 4  # three items of lists, four letters
    assert resolved("[$rows, $rows]", budget)[1] == [
        ("it: $rows: parameters may repeat 1,000,000 values, got more", "")
    ]
    assert resolved("[$a]", budget) == (BROKEN, [])


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
