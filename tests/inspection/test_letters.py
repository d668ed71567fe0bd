"""How wide a text is."""

from __future__ import annotations

from dataflow.inspection.letters import MONO, sans


def test_wide_letters_are_wider_than_narrow_ones() -> None:
    assert sans("iiii", 10.0) < sans("aaaa", 10.0) < sans("MMMM", 10.0)
    assert sans("", 10.0) == 0.0


def test_a_text_grows_with_its_font() -> None:
    assert sans("filter", 24.0) == 2 * sans("filter", 12.0)
    assert sans("filter", 12.0, bold=True) > sans("filter", 12.0)


def test_letters_of_other_scripts_are_as_wide_as_the_font_is_high() -> None:
    assert sans("図", 12.0) == 12.0


def test_words_are_about_as_wide_as_dejavu_sans_makes_them() -> None:
    """Widths that a browser measures at 16 px, of names that graphs have."""
    for text, wide in (("backprop_wrt_min", 146.5), ("conv1/norm/variance", 169.9), ("SparseSoftmax", 121.3)):
        assert wide <= sans(text, 16.0) <= 1.08 * wide
    assert MONO >= 0.6 * 10.5
