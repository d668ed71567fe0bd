"""How wide a text is."""

from __future__ import annotations

import pytest

from dataflow.inspection.letters import MONO, sans


def test_wide_letters_are_wider_than_narrow_ones() -> None:
    assert sans("iiii", 10.0) < sans("aaaa", 10.0) < sans("MMMM", 10.0)
    assert sans("", 10.0) == 0.0


def test_a_text_grows_with_its_font() -> None:
    assert sans("filter", 24.0) == 2 * sans("filter", 12.0)
    assert sans("filter", 12.0, bold=True) > sans("filter", 12.0)


def test_letters_of_other_scripts_are_as_wide_as_the_font_is_high() -> None:
    assert sans("図", 12.0) == 12.0


@pytest.mark.parametrize(
    "text, plain, bold",
    [
        ("backprop_wrt_min", 146.5, 164.0), ("conv1/norm/variance", 169.9, 189.2), ("SparseSoftmax", 121.3, 137.0),
        ("filter", 37.2, 44.3), ("illicit", 37.3, 44.6), ("w_q", 31.2, 34.2),
    ],
)  # fmt: skip
def test_words_are_about_as_wide_as_dejavu_sans_makes_them(text: str, plain: float, bold: float) -> None:
    """Widths that a browser measures at 16 px, of names that graphs have; room for less would cut them."""
    assert plain <= sans(text, 16.0) <= 1.05 * plain
    assert bold <= sans(text, 16.0, bold=True) <= 1.08 * bold
    assert MONO >= 0.6 * 10.5
