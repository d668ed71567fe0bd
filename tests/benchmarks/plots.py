"""Plots of results as SVG that can be read on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dataflow.inspection.scene_svg import escape

from .goals import short
from .names import EAGER, JIT, NUMPY, OURS

Points = list[tuple[float, float]]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 430, 66, 168, 44, 54
LINE = 14  # between labels
STYLE = """
.plot{--paper:#fff;--ink:#1b2430;--dim:#5b6675;--grid:#e3e8ee;--l:42%}
@media(prefers-color-scheme:dark){.plot{--paper:#12161c;--ink:#e6ebf1;--dim:#98a5b5;--grid:#2a323d;--l:66%}}
.plot text{fill:var(--dim);font:12px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.plot .title{fill:var(--ink);font-weight:600;font-size:14px}.plot .middle{text-anchor:middle}.plot .end{text-anchor:end}
.plot .grid{stroke:var(--grid)}.plot .series{stroke:hsl(var(--hue) var(--sat) var(--l))}
.plot .series path{fill:none;stroke-width:1.8}.plot .series circle{fill:var(--paper);stroke-width:1.8}
.plot .ours path{stroke-width:3.4}.plot .series text{fill:hsl(var(--hue) var(--sat) var(--l));stroke:none}
.plot .ours text{font-weight:600}.plot .series .tie{stroke-width:1;stroke-opacity:.45}
"""
HUES = {  # by what the name begins with; the rest is grey
    EAGER: 190, NUMPY: 215, JIT: 260,
    "TF": 28, "tf.": 42, "XLA": 12, "JAX": 150, "torch.compile": 310, "torch fq": 358, "torch": 334, "ORT": 75,
}  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis from the lowest to the highest value, over so many pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value stands."""
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + (self.end - self.start) * part


def plot(title: str, x_name: str, y_name: str, lines: Mapping[str, Points]) -> str:
    """A picture of lines by name, labelled at their right ends; both axes are logarithmic."""
    xs = sorted({x for points in lines.values() for x, _ in points})
    ys = [y for points in lines.values() for _, y in points]
    across = Axis(xs[0], xs[-1], LEFT + 8, WIDTH - RIGHT)
    up = Axis(min(ys) / 1.3, max(ys) * 1.3, HEIGHT - BOTTOM, TOP)
    body = [*_grid(across, up, xs, list(_ticks(up.low, up.high)))]
    body += [
        _text(LEFT, 24, title, "title"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_name, "middle"),
        f'<g transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)">{_text(0, 0, y_name, "middle")}</g>',
    ]
    order = sorted(lines, key=lambda name: lines[name][-1][1], reverse=True)
    heights = _apart([up(lines[name][-1][1]) for name in order])
    for name, height in zip(order, heights, strict=True):
        body.append(_line(name, [(across(x), up(y)) for x, y in lines[name]], height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n'
        f'<rect style="fill:var(--paper)" width="100%" height="100%" rx="8"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _grid(across: Axis, up: Axis, xs: Sequence[float], ys: Sequence[float]) -> Iterator[str]:
    for x in xs:
        yield f'<path class="grid" d="M{across(x):.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield _text(across(x), HEIGHT - BOTTOM + 18, short(round(x)), "middle")
    for y in ys:
        yield f'<path class="grid" d="M{LEFT} {up(y):.1f}H{WIDTH - RIGHT}"/>'
        yield _text(LEFT - 6, up(y) + 4, f"{y:g}", "end")


def _ticks(low: float, high: float) -> Iterator[float]:
    """Round numbers between the two: 1, 2, 5 and so on, only tens where there are many."""
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in steps:
            value = float(f"{step}e{exponent}")
            if low <= value <= high:
                yield value


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights from the top down, moved so that lines of text do not overlap and none ends below the plot."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + LINE if placed else TOP))
    lowest: float = HEIGHT - BOTTOM + LINE
    for i in reversed(range(len(placed))):
        placed[i] = lowest = min(placed[i], lowest - LINE)
    return placed


def _line(name: str, points: Points, height: float) -> str:
    hue = next((hue for start, hue in HUES.items() if name.startswith(start)), None)
    ours = " ours" * name.startswith(OURS)
    style = f"--hue:{hue or 0};--sat:{'0%' if hue is None else '70%'}"
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="7 4"' * name.endswith(" 1 thread")
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)
    (x, y), label = points[-1], WIDTH - RIGHT + 26
    tie = f'<path class="tie" d="M{x + 5:.1f} {y:.1f}L{label - 4:.1f} {height:.1f}"/>'
    words = _text(label, height + 4, name)
    return f'<g class="series{ours}" style="{style}"><path d="{path}"{dashes}/>{dots}{tie}{words}</g>'


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
