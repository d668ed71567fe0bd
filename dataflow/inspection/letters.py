"""How wide a text is: in DejaVu Sans, which is wider than the other fonts that a picture asks for."""

from __future__ import annotations

MONO = 6.4  # the width of a letter in 10.5 px monospace
_EMS = {  # the widths of letters, in sizes of the font
    **dict.fromkeys("ijl|'", 0.28), **dict.fromkeys("IJ", 0.3), **dict.fromkeys("f.,:;/\\! ", 0.35),
    **dict.fromkeys("rt()[]-", 0.41), **dict.fromkeys("csz_", 0.55), **dict.fromkeys("kvxyFL", 0.6),
    **dict.fromkeys("aeoEPSTY", 0.62), "w": 0.83, **dict.fromkeys("GHOQDN", 0.79), **dict.fromkeys("mMW@%…", 1.0),
}  # fmt: skip
_BOLD = 0.08  # by which a bold letter is wider, a narrow one too


def sans(text: str, size: float, bold: bool = False) -> float:
    """The width of text in a proportional font."""
    ems = sum(_EMS.get(c, 0.7 if c.isupper() else 0.64 if ord(c) < 0x250 else 1.0) for c in text)
    return (ems + _BOLD * bold * len(text)) * size
