"""The kinds of values that keys of a data section may have: what is taken, what is not, and that the schema agrees."""

from __future__ import annotations

import jsonschema
import pytest

from dataflow.training.data.section_kinds import (
    Choice,
    Fill,
    Labels,
    LabelsPerColumn,
    OneHot,
    Part,
    PerColumn,
    Rows,
    is_list,
)

NAN, INF = float("nan"), float("inf")
HUGE = 10**400
CASES = {
    Rows: (
        [[0, 0], [0, 10], [3, 3], [0, 10**30]],
        [[3, 2], [-1, 2], [0], [0, 1, 2], [0.0, 1], [True, 2], "01", 5, None, {"a": 1}],
    ),
    Part: (
        [[0, 1], [0.0, 0.5], [0.5, 1.0]],
        [[0.5, 0.5], [0.8, 0.2], [-0.1, 1], [0, 1.1], [0, NAN], [NAN, 1], [0], "01", [False, True], None],
    ),
    Choice: (
        ["all", "a*", ["a"], ["a", "b*"], {"except": "a"}, {"except": ["a", "b"]}],
        [[], {}, {"except": []}, {"except": ["a"], "more": 1}, {"only": ["a"]}, [1], 5, {"except": {"a": 1}}, None],
    ),
    PerColumn: ([1, 0.5, -3, [1], [1, 0.5]], [True, "1", [], [True], [[1]], NAN, INF, [1, -INF], HUGE, None, {"a": 1}]),
    Fill: (
        [0, -1.5, "mean", "other", NAN, ["mean", 0, "error"]],
        [True, [], [[1]], [None], {"a": 1}, None, HUGE, [HUGE]],
    ),
    Labels: (
        ["fit", ["a"], ["a", "b"], [0, 1], [True, False], ["1", 2]],
        ["fitt", [], ["a", "a"], [1, "1"], [1.5], [None], [["a"]], {"a": ["b"]}, 3, None],
    ),
    LabelsPerColumn: (
        ["fit", ["a"], {"a": "fit"}, {"a": ["x"], "b": "fit"}],
        [{}, {"a": "x"}, {"a": []}, {"a": ["x", "x"]}, {"a": {"b": "fit"}}, "all", None],
    ),
    OneHot: ([1, 10, True], [0, -1, 1.0, False, "3", None, [3]]),
}
# what a schema cannot say: order, finite numbers, sizes of whole numbers, and texts that are equal to numbers
BEYOND_SCHEMA = [[3, 2], [0.5, 0.5], [0.8, 0.2], [0, NAN], [NAN, 1], NAN, INF, [1, -INF], HUGE, [HUGE], [1, "1"]]
BEYOND_SCHEMA += [[0.0, 1], 1.0]  # to JSON these are whole numbers


@pytest.mark.parametrize("kind", CASES)
def test_what_is_taken(kind):
    for value in CASES[kind][0]:
        found = kind().parse(value)
        assert value != value or found == value or list(found) == value
        jsonschema.validate(value, kind().schema())


@pytest.mark.parametrize(
    "kind, value", [(kind, value) for kind, (_, wrong) in CASES.items() for value in wrong], ids=str
)
def test_what_is_refused(kind, value):
    with pytest.raises(ValueError, match=r"^must be .*, got "):
        kind().parse(value)
    if not any(value is each or value == each for each in BEYOND_SCHEMA):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(value, kind().schema())


def test_lists():
    assert is_list([1]) and is_list(()) and not is_list("ab") and not is_list(3)
