"""What a run has left on ports, drawn beside them: numbers, histograms, and what quantizing does to values on wires."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dataflow.inspection.elements import Card, RightPort
from dataflow.inspection.letters import sans
from dataflow.inspection.sizes import HISTOGRAM, PORT

GRADES = 10.0, 20.0, 30.0, 40.0  # dB, from which on an SQNR has another colour
_WORDS = "below 10", "10 to 20", "20 to 30", "30 to 40", "40 dB and more"
_TALL, _LINE = 15.0, 12.0

STYLE = """\
.df .spread{fill-opacity:.85}.df .number{font-size:11.5px;font-weight:650;fill:var(--param)}.df .old{opacity:.4}
.df .bits{font:11.5px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--dim);stroke:var(--frame);
stroke-width:3;paint-order:stroke}.df .bits:first-child{font-weight:700;fill:var(--ink)}
.df .wire.graded{stroke-width:2.6}.df .tint{fill-opacity:.13;stroke-width:3}
.df .badge{fill:var(--card);stroke-width:1.5}.df .sqnr{font-size:11px;font-weight:600}
"""


@dataclass(frozen=True)
class PortValue:
    """The value on a port as it is drawn.

    text : of one element. bins : of more, how many there are from the lowest to the highest.
    bits : lines about the grid of what is quantized. sqnr : in dB, None where none is known.
    old : whether it is of another graph by now.
    """

    text: str = ""
    bins: Sequence[int] = ()
    bits: Sequence[str] = ()
    sqnr: float | None = None
    old: bool = False


PortValues = Mapping[str, PortValue]  # by `Port.value_of`


def grade_of(sqnr: float) -> int:
    """The grade of an SQNR, from 0 on, by which it has a colour."""
    return bisect_right(GRADES, sqnr)


def value_svg(value: PortValue, x: float, y: float, family: str) -> str:
    """A value in the room before ``x`` in the line at ``y``: its number, or how its elements are spread."""
    old = " old" * value.old
    if value.text:
        return f'<text class="number{old}" text-anchor="end" x="{x:.1f}" y="{y + 4:.1f}">{value.text}</text>'
    most, each = max(value.bins, default=0), HISTOGRAM / max(len(value.bins), 1)
    bars = ""
    for i, count in enumerate(value.bins):
        if count:  # by the square root, so that a rare bin is still seen beside a full one
            tall = max(1.0, _TALL * (count / most) ** 0.5)
            bars += f"M{i * each:.1f} 0v{-tall:.1f}h{each:.1f}v{tall:.1f}z"
    place = f'transform="translate({x - HISTOGRAM:.1f} {y + _TALL / 2:.1f})"'
    return f'<path class="spread{old}" {place} style="fill:var(--{family})" d="{bars}"/>' if bars else ""


def bits_svg(value: PortValue, port: RightPort) -> str:
    """What quantizing does to a value, at the beginning of its wires: the width above them, the rest below."""
    if not value.bits:
        return ""
    ys = [port.y - 5.0, *(port.y + 9.0 + _LINE * i for i in range(1, len(value.bits)))]
    x, old = f"{port.x + 8:.1f}", ' class="old"' * value.old
    lines = [f'<text class="bits" x="{x}" y="{y:.1f}">{line}</text>' for line, y in zip(value.bits, ys, strict=True)]
    return f"<g{old}>{''.join(lines)}</g>"


def worst(card: Card, values: PortValues) -> float | None:
    """The lowest SQNR of what a card gives; None where none is known."""
    found = [values[port.value_of].sqnr for port in card.rights if port.value_of in values]
    return min((sqnr for sqnr in found if sqnr is not None), default=None)


def tint_svg(card: Card, values: PortValues) -> str:
    """A card in the colour of the lowest SQNR of what it gives, with the figure."""
    if (sqnr := worst(card, values)) is None:
        return ""
    colour, text = f"var(--g{grade_of(sqnr)})", f"{sqnr:.1f} dB"
    wide = sans(text, 11.0, bold=True) + 12.0
    left = card.width - 8.0 - wide
    return (
        f'<rect class="tint" width="{card.width:.1f}" height="{card.height:.1f}" rx="9" '
        f'style="fill:{colour};stroke:{colour}"/>'
        f'<rect class="badge" x="{left:.1f}" y="-9" width="{wide:.1f}" height="18" rx="8" style="stroke:{colour}"/>'
        f'<text class="sqnr" x="{left + 6:.1f}" y="4">{text}</text>'
    )


def legend_svg(grades: Iterable[int], x: float) -> tuple[str, float]:
    """The colours of grades in words, from ``x`` on; and where they end."""
    found = sorted({*grades})
    if not found:
        return "", x
    parts = [f'<text class="dim" x="{x:.0f}" y="12">SQNR accumulated:</text>']
    x += sans("SQNR accumulated:", PORT) + 12.0
    for grade in found:
        parts.append(f'<rect x="{x:.0f}" y="3" width="11" height="11" rx="3" style="fill:var(--g{grade})"/>')
        parts.append(f'<text class="dim" x="{x + 16:.0f}" y="12">{_WORDS[grade]}</text>')
        x += 34.0 + sans(_WORDS[grade], PORT)
    return "".join(parts), x
