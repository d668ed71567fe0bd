"""Where the cards of a scene stand and wires run, by geometry, over every graph there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import GRAPHS

from dataflow.graphfile.graph_outline import outline_of
from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.inspection.elements import Scene
from dataflow.inspection.scene import scene

FILES = sorted(GRAPHS.rglob("*.yaml"))


def pictures(path: Path) -> Iterator[Scene]:
    """The scene of a file and the one of its graph without the file."""
    context = read(path)
    yield scene(outline(context), context.graph)
    yield scene(outline_of(context.graph), context.graph)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_overlaps(path: Path) -> None:
    for drawn in pictures(path):
        for i, one in enumerate(drawn.cards):
            for other in drawn.cards[:i]:
                apart = (
                    one.x + one.width <= other.x
                    or other.x + other.width <= one.x
                    or one.y + one.height <= other.y
                    or other.y + other.height <= one.y
                )
                assert apart, (one.id, other.id)


def test_a_scene_is_plain_data() -> None:
    drawn = next(pictures(GRAPHS / "digits/cnn.yaml"))
    assert json.loads(json.dumps(drawn.plain())) == drawn.plain()
