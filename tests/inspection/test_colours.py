"""Families of dtypes and hues of groups."""

from __future__ import annotations

import pytest

from dataflow.core import dtypes
from dataflow.inspection.colours import family, family_of, hue


@pytest.mark.parametrize(
    "names, found",
    [
        (["float32"], "float"),
        (["float16", "bfloat16"], "float"),
        (["int8", "int64"], "int"),
        (["uint8"], "uint"),
        (["qint8", "quint8"], "quantized"),
        (["complex64"], "complex"),
        (["bool"], "bool"),
        (["int8", "uint8"], "any"),
        (dtypes.every, "any"),
    ],
)
def test_the_family_of_dtypes(names: list[str], found: str) -> None:
    assert family(names) == found


def test_every_dtype_has_a_family() -> None:
    assert "any" not in {family_of(name) for name in dtypes.every}
    assert family_of("") == family_of("T") == "any"


def test_groups_have_hues() -> None:
    assert hue("nn_ops") == hue("nn_ops") != hue("math_ops")
    assert 0 <= hue("nn_ops") < 360
