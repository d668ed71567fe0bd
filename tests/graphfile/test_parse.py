"""Text to a tree: places, merge keys and aliases, and what is refused before it costs anything."""

from __future__ import annotations

import pytest
from graph_text import problems

from dataflow.graphfile import parse as parsing
from dataflow.graphfile.parse import parse
from dataflow.graphfile.tree import TOO_DEEP


def parsed(text):
    """The plain value of a text, and the place, message and hint of each problem."""
    document = parse(text, "graph.yaml")
    found = [(p.line, p.column, p.message, p.hint) for p in document.problems.values()]
    return None if document.root is None else document.root.plain(), found


# -- values and their places ----------------------------------------------------------------------------------------


def test_every_value_and_key_knows_its_place():
    root = parse("a: 1\nb:\n  - c\n  - {d: [2,\n     3]}\n", "graph.yaml").root
    assert (root.place, root.keys) == ((1, 1), {"a": (1, 1), "b": (2, 1)})
    inner = root.data["b"].data[1]
    assert (inner.place, inner.keys) == ((4, 5), {"d": (4, 6)})
    assert [item.place for item in inner.data["d"].data] == [(4, 10), (5, 6)]


@pytest.mark.parametrize(
    "text, value",
    [
        ("a: 1", {"a": 1}),
        ("a: '1'", {"a": "1"}),
        ("'1': a", {"1": "a"}),
        ("a: |\n  text\n", {"a": "text\n"}),
        ("? a\n: b", {"a": "b"}),
        ("- - 1\n  - 2\n- []", [[1, 2], []]),
        ("\ufeffa: 1", {"a": 1}),
        ("a: 1 # note\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("x: &a [1]\ny: *a", {"x": [1], "y": [1]}),
        ("x: &a 1\ny: &a 2\nz: *a", {"x": 1, "y": 2, "z": 2}),
        ("x: &a {b: 1, c: 2}\ny: {<<: *a, b: 3}", {"x": {"b": 1, "c": 2}, "y": {"b": 3, "c": 2}}),
        ("y: {<<: {b: 1}, c: 2}", {"y": {"c": 2, "b": 1}}),
        ("y: {<<: [{b: 1}, {b: 2, c: 3}]}", {"y": {"b": 1, "c": 3}}),
        ("y: {'<<': 1}", {"y": {"<<": 1}}),
        ("x-any: !!python/name:os.system ''\nx-more: {1: 2, a: 1, a: 2}", None),
    ],
)
def test_values(text, value):
    found, wrong = parsed(text)
    if value is not None:
        assert (found, wrong) == (value, [])
    else:  # a key that stands twice is wrong even where all else is ignored
        assert [message for *_, message, _ in wrong] == ["key 'a' must be written once, got it again"]


def test_size_counts_keys_and_values():
    document = parse("a: 1\nb: [1, 2]\n", "graph.yaml")
    assert document.size == 1 + 2 + 2 + 2  # the mapping; keys; their values; items


def test_anchors_may_live_in_ignored_sections_and_be_merged(read):
    graph = read(
        "x-a: &a {num_bits: 4, min: -1.0}\nx-b: &b {num_bits: 2, max: 9.0}\n"
        "x-any: [!!python/name:os.system '', {1: ~}, 1e999]\ninputs: {x: float32}\nnodes:\n"
        "  all: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: *a}\n"
        "  own: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: 8, <<: *a}}\n"
        "  both: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {<<: [*a, *b]}}\n"
        "outputs: {all: all, own: own, both: both}\n"
    )
    blocks = {name: graph.nodes[name].block for name in graph.outputs}
    assert {n: (b.num_bits, b.min, b.max) for n, b in blocks.items()} == {
        "all": (4, -1, 6),
        "own": (8, -1, 6),
        "both": (4, -1, 9),
    }


# -- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", (1, 1, "a graph file begins with 'dataflow: 1', got an empty file", "")),
        ("# only\n", (1, 1, "a graph file begins with 'dataflow: 1', got an empty file", "")),
        ("~", (1, 1, "a graph file begins with 'dataflow: 1', got an empty file", "")),
        ("a: 1\n---\nb: 2\n", (2, 1, "a file holds one graph, got a second document", "")),
        ("a: 1\na: 2\n", (2, 1, "key 'a' must be written once, got it again", "first on line 1")),
        ("{1: a}", (1, 2, "keys must be text, got 1", "write it in quotes")),
        ("? \n: a", (1, 2, "keys must be text, got nothing", "")),
        ("{[a]: b}", (1, 2, "keys must be text, got a list", "")),
        ("{{}: b}", (1, 2, "keys must be text, got a mapping", "")),
        ("x: &a b\n*a : 1\n", (2, 1, "keys must be text, got the alias *a", "")),
        ("x: &a [*a]\n", (1, 8, "alias *a stands inside the value it repeats", "")),
        ("x: *a\n", (1, 4, "no anchor &a before alias *a", "")),
        ("x: {<<: 1}\n", (1, 9, "'<<' takes mappings, got 1", "")),
        ("x: {<<: [{}, a]}\n", (1, 9, "'<<' takes mappings, got 'a'", "")),
        (
            "x: {<<: {a: 1}, <<: {b: 1}}\n",
            (1, 17, "key '<<' must be written once, got it twice", "write a list: <<: [*a, *b]"),
        ),
        ("x: !!str 1\n", (1, 4, "tags are not allowed, got !!str", "write the plain value")),
        ("x: !own {}\n", (1, 4, "tags are not allowed, got !own", "write the plain value")),
        ("x: 1e999\n", (1, 4, "numbers must fit 64 bits, got a larger one", "write .inf for infinity")),
        ("x: a\x07b\n", (1, 5, "control characters are not allowed, got '\\x07'", "")),
        ("x:\n  a\ufeffb\n", (2, 4, "control characters are not allowed, got '\\ufeff'", "")),
        (
            "x: [1, 2\n",
            (
                1,
                4,
                "not YAML: did not find expected ',' or ']' while parsing a flow sequence that begins here",
                "close what is open, with a comma between items",
            ),
        ),
        (
            "x: 'a\n",
            (1, 4, "not YAML: found unexpected end of stream while scanning a quoted scalar that begins here", ""),
        ),
        (
            "x: a: b\n",
            (
                1,
                5,
                "not YAML: mapping values are not allowed in this context",
                "write a space behind each colon, keys beside each other in one column, and text with a colon in "
                "quotes",
            ),
        ),
        ("x: @a\n", (1, 4, "not YAML: found character that cannot start any token", "write the text in quotes")),
    ],
)
def test_mistakes_have_their_place(text, problem):
    assert parsed(text)[1] == [problem]


def test_mistakes_that_do_not_hinder_reading_are_told_together():
    value, wrong = parsed("a: !!str 1\n2: b\na: 3\nb: 1e999\n")
    assert [(line, column) for line, column, *_ in wrong] == [(1, 4), (2, 1), (3, 1), (4, 4)]
    assert value == {"a": "1", "2": "b", "b": 0}


def test_the_first_value_of_a_key_counts():
    assert parsed("a: 1\na: 2\n")[0] == {"a": 1}


# -- limits ---------------------------------------------------------------------------------------------------------

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


def test_a_hundred_levels_are_allowed():
    for text in ("[" * 99 + "]" * 99, "- " * 98 + "[a]"):
        assert parsed(f"x-a: {text}" if text[0] == "[" else f"x-a:\n  {text}")[1] == []


@pytest.mark.parametrize("text, count", [("&a [1, 2]\ny: *a\n", 3), ("&a {b: 1, c: 2}\ny: {<<: *a}\n", 3 + 2)])
def test_what_aliases_and_merge_keys_repeat_is_counted(monkeypatch, text, count):
    monkeypatch.setattr(parsing, "MAX_EXPANDED", count)
    assert parsed(f"x: {text}")[1] == []
    monkeypatch.setattr(parsing, "MAX_EXPANDED", count - 1)
    ((_, _, message, _),) = parsed(f"x: {text}")[1]
    assert message == f"aliases and merge keys may repeat {count - 1} values, got more"


def test_a_file_of_too_many_values_is_refused_at_the_first_that_is_too_many(monkeypatch):
    monkeypatch.setattr(parsing, "MAX_VALUES", 1000)
    text = "dataflow: 1\nx-a:\n  [{}]\n"
    assert parsed(text.format("1, " * 995))[1] == []
    ((line, column, message, hint),) = parsed(text.format("1, " * 996))[1]
    assert (line, column, message) == (3, 4 + 3 * 995, "a file may hold 1,000 values and keys, got more")
    assert hint == "keep arrays in .npz files and parts of a graph in their own"
