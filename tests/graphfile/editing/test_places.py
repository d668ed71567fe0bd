"""What stands at a place of a text."""

from __future__ import annotations

import pytest

from dataflow.graphfile.editing.places import offset, path_at
from dataflow.graphfile.parse import parse
from dataflow.graphfile.spans import spans
from dataflow.graphfile.tree import Value

TEXT = """\
dataflow: 1
# heading
nodes:
  a: {block: Relu, inputs: {features: x}}  # note

  b:
    inputs:
      - x
      - [1, 2]
outputs: {y: b}
"""


@pytest.mark.parametrize(
    ("line", "column", "path"),
    [
        (1, 1, ("dataflow",)),
        (2, 3, ()),
        (3, 1, ("nodes",)),
        (4, 3, ("nodes", "a")),
        (4, 16, ("nodes", "a", "block")),
        (4, 40, ("nodes", "a", "inputs", "features")),
        (4, 48, ("nodes",)),
        (6, 3, ("nodes", "b")),
        (8, 9, ("nodes", "b", "inputs", 0)),
        (9, 13, ("nodes", "b", "inputs", 1, 1)),
        (99, 1, ()),
    ],
)
def test_the_path_at_a_place(line: int, column: int, path: tuple[str | int, ...]) -> None:
    assert path_at(spans(TEXT), offset(TEXT, (line, column))) == path


def test_every_value_is_found_at_its_place() -> None:
    root = spans(TEXT)

    def look(value: Value, path: tuple[str | int, ...]) -> None:
        assert path_at(root, offset(TEXT, value.place))[: len(path)] == path
        for key, inner in value.data.items() if isinstance(value.data, dict) else ():
            assert path_at(root, offset(TEXT, value.keys[key])) == (*path, key)
            look(inner, (*path, key))
        for i, inner in enumerate(value.data) if isinstance(value.data, list) else ():
            look(inner, (*path, i))

    document = parse(TEXT, "g.yaml")
    assert document.root is not None
    look(document.root, ())


def test_lines_end_as_the_parser_counts_them() -> None:
    assert [offset("a\r\nb\u2028c", (line, 1)) for line in (1, 2, 3, 4)] == [0, 3, 5, 6]
