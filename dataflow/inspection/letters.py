"""How wide a text is: in DejaVu Sans, which is wider than the other fonts that a picture asks for."""

from __future__ import annotations

MONO = 6.4  # the width of a letter in 10.5 px monospace
_EMS = {  # the widths of letters, in sizes of the font
    **dict.fromkeys("ijl|'", 0.28), **dict.fromkeys("f.,:;/\\! ", 0.35), **dict.fromkeys("rt()[]-", 0.41),
    **dict.fromkeys("csz_", 0.55), **dict.fromkeys("mMW@%…", 1.0), **dict.fromkeys("wGHOQDN", 0.8),
    **dict.fromkeys("IJ", 0.3),
}  # fmt: skip
_BOLD = 1.12


def sans(text: str, size: float, bold: bool = False) -> float:
    """The width of text in a proportional font."""
    ems = sum(_EMS.get(c, 0.7 if c.isupper() else 0.64 if ord(c) < 0x250 else 1.0) for c in text)
    return ems * size * (_BOLD if bold else 1.0)
