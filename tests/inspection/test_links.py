"""What may be drawn as a wire, and which cards share a frame."""

from __future__ import annotations

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.graphfile.spelling import written_out
from dataflow.inspection.cards import Cards
from dataflow.inspection.elements import Card
from dataflow.inspection.folding import folding
from dataflow.inspection.links import Group, Link, drawable, groups, links

HEAD = "dataflow: 1\ninputs: {x: 'float32[3]', late: 'float32[3]'}\nnodes:\n"


def read_in(nodes: str, outputs: str = "{}") -> tuple[list[Group], list[Link]]:
    context = read("g.yaml", text=f"{HEAD}{nodes}\noutputs: {outputs}\n")
    told = outline(context)
    cards: dict[str, Card] = Cards(told, context.graph, folding(told)).all()
    return groups(told, cards), links(told, cards)


def names(found: list[Group]) -> list[tuple[str, list[str]]]:
    return [(group.title, [card.id for card in group.cards]) for group in found]


def ends(found: list[Link]) -> list[tuple[str, str, str]]:
    return [(x.source.id, x.target.id, x.target.lefts[x.end].name) for x in found]


PARAGRAPHS = """\
  # One.
  a: {block: Exp, inputs: [x]}

  b: {block: Exp, inputs: [a]}

  # Two.
  c: {block: Add, inputs: [late, a]}
  d: {block: Add, inputs: [c, x]}"""


def test_frames_are_paragraphs_under_comments_with_inputs_beside_their_first_reader() -> None:
    found, _ = read_in(PARAGRAPHS, "{b: b, d: d}")
    assert names(found) == [("One", ["x", "a", "b", "output:b"]), ("Two", ["late", "c", "d", "output:d"])]


def test_the_heading_of_a_layer_written_out_is_of_no_other_nodes() -> None:
    found, _ = read_in(PARAGRAPHS.replace("One.", written_out("a", "dataflow:layers/dense.yaml")))
    assert [title for title, _ in names(found)] == ["a: dataflow:layers/dense.yaml, written out", "", "Two"]
    assert names(found)[1][1] == ["b"]


def test_a_file_without_comments_is_one_frame() -> None:
    found, _ = read_in(PARAGRAPHS.replace("# One.", "").replace("# Two.", ""))
    assert names(found) == [("", ["x", "late", "a", "b", "c", "d"])]


def test_an_input_that_nothing_reads_is_in_the_first_frame() -> None:
    found, _ = read_in(PARAGRAPHS.replace("late, a", "a, a"))
    assert "late" in names(found)[0][1]


def test_an_output_that_is_an_input_stands_with_it() -> None:
    found, _ = read_in(PARAGRAPHS, "{same: late}")
    assert names(found)[1][1][:1] == ["late"] and "output:same" in names(found)[1][1]


def test_each_port_that_is_wired_has_a_link() -> None:
    _, found = read_in(PARAGRAPHS, "{d: d}")
    assert sorted(ends(found)) == [
        ("a", "b", "x"),
        ("a", "c", "y"),
        ("c", "d", "x"),
        ("d", "output:d", "value"),
        ("late", "c", "x"),
        ("x", "a", "x"),
        ("x", "d", "y"),
    ]


def test_drawn_is_what_stays_in_a_frame() -> None:
    found, every = read_in(PARAGRAPHS, "{d: d}")
    assert sorted(ends(drawable(every, found))) == [
        ("a", "b", "x"),
        ("c", "d", "x"),
        ("d", "output:d", "value"),
        ("late", "c", "x"),
        ("x", "a", "x"),
    ]


def test_a_port_that_many_read_is_told_by_name() -> None:
    nodes = "\n".join(f"  y{i}: {{block: Exp, inputs: [x]}}" for i in range(6))
    found, every = read_in(nodes)
    assert len(drawable(every, found)) == 6
    found, every = read_in(f"{nodes}\n  more: {{block: Exp, inputs: [x]}}")
    assert drawable(every, found) == []


def test_a_card_that_many_wires_come_to_tells_them_by_name() -> None:
    def merged(count: int) -> str:
        branches = "".join(f"  y{i}: {{block: Exp, inputs: [late]}}\n" for i in range(count))
        return f"{branches}  all: {{block: AddN, inputs: {{inputs: [{', '.join(f'y{i}' for i in range(count))}]}}}}"

    for count, drawn in ((8, 8), (9, 0)):
        found, every = read_in(merged(count))
        assert sum(link.target.id == "all" for link in drawable(every, found)) == drawn


def test_wires_of_a_cycle_that_lead_back_are_not_drawn() -> None:
    found, every = read_in("  a: {block: Exp, inputs: [b]}\n  b: {block: Exp, inputs: [a]}")
    assert len(every) == 2 and len(drawable(every, found)) == 1
