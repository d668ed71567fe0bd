"""Scenes as plain data."""

from __future__ import annotations

import json

from dataflow.inspection.elements import Attr, Card, Chip, Frame, LeftPort, RightPort, Scene, Wire


def made() -> Scene:
    left = LeftPort(name="x", family="float", value_of="a.y", wire="a", chip=Chip("a", "wire"))
    right = RightPort(name="y", family="int", value_of="b.y", type="int8[3]", tags=2, x=9.0, y=3.0, row=3.0)
    card = Card("b", "node", "b", lefts=[left], rights=[right], attrs=[Attr("k", "$k", True)], notes=["updates w"])
    unknown = Card("c", "node", "c", rights=[RightPort(name="z", family="any")])
    wire = Wire("b.x", ("a", "y"), ("b", "x"), "float", False, "M0 0")
    return Scene(10.0, 20.0, [Frame("frame0", "title", 0.0, 0.0, 10.0, 20.0)], [card, unknown], [wire])


def test_a_scene_as_plain_data_has_all_of_it() -> None:
    plain = made().plain()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["frames"] == [{"id": "frame0", "title": "title", "x": 0.0, "y": 0.0, "width": 10.0, "height": 20.0}]
    assert plain["wires"][0]["source"] == ["a", "y"]
    card = plain["cards"][0]
    assert card["lefts"][0]["chip"] == {"text": "a", "kind": "wire"}
    assert card["rights"][0] == {
        "name": "y", "family": "int", "value_of": "b.y", "x": 9.0, "y": 3.0, "row": 3.0, "type": "int8[3]", "tags": 2,
    }  # fmt: skip
    assert card["attrs"] == [{"name": "k", "text": "$k", "param": True}]


def test_types_that_are_known() -> None:
    assert made().types == {"b.y": "int8[3]"}
