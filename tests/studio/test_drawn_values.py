"""The values of a run as they are drawn: numbers, spreads, and what quantizing does."""

from __future__ import annotations

from typing import Any

from dataflow.inspection.port_values import PortValue
from dataflow.studio.drawn_values import drawn_values

PLAIN = {"shape": [2, 3], "min": 0.0, "nan": 0, "inf": 0, "bins": [1, 2, 3], "shown": [[0.0] * 3] * 2, "quality": None}
QUALITY = {"bits": 8, "scale": [0.0631], "zero_point": [-3], "clipped": 1.26, "sqnr": 31.4}


def drawn(old: list[str] | None = None, **stats: Any) -> PortValue:
    return drawn_values({"values": {"a/b.y": {**PLAIN, **stats}}, "old": old or []})["a/b.y"]


def test_of_one_element_the_number_is_told_and_of_more_how_they_are_spread() -> None:
    assert drawn() == PortValue(bins=[1, 2, 3])
    for shown, text in ((0.104321, "0.104"), ([[1e-05]], "1e-05"), (7, "7"), ([True], "true"), (None, "")):
        assert drawn(shape=[1], shown=shown).text == text
    assert drawn(min=None, nan=4).text == "nan"


def test_what_is_old_is_so_of_the_node() -> None:
    assert [drawn([name]).old for name in ("a/b", "a", "b")] == [True, False, False]


def test_what_quantizing_does_is_told_as_far_as_it_tells_something() -> None:
    found = drawn(quality=QUALITY)
    assert (found.bits, found.sqnr) == (["8b", "31dB", "×0.063", "z-3", "1.3%"], 31.4)
    more = {**QUALITY, "scale": [1.0, 2.0], "zero_point": [0, 0], "clipped": 0.04, "sqnr": None}
    assert drawn(quality=more).bits == ["8b", "×[2]"]
    behind = drawn(sqnr=12.0)
    assert (behind.bits, behind.sqnr) == ((), 12.0)
