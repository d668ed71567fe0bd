"""The elements of a picture: cards with ports and text, wires, and their style."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dataflow.core import dtypes
from dataflow.core.errors import visible
from dataflow.inspection.columns import Box
from dataflow.inspection.data import hue

_ROW, _PAD, _MARGIN, _HEAD, _PILL = 20.0, 12.0, 24.0, 44.0, 44.0
_FORBIDDEN = re.compile("[\ufffe\uffff]")  # what XML cannot hold, visible or not
_MONO = 6.7  # width of a character in 11px monospace, the widest of the fonts asked for
_FAMILIES = {
    "float": dtypes.floating + dtypes.narrow_floats,
    "int": dtypes.signed + dtypes.narrow_integers[:2],
    "uint": dtypes.unsigned + dtypes.narrow_integers[2:],
    "quantized": dtypes.quantized,
    "complex": dtypes.complexes,
    "bool": ("bool",),
}
_STYLE = """
.df{--paper:#fff;--card:#fcfdfe;--ink:#1b2430;--dim:#5b6675;--l:38%;--tint:95%;--sat:50%;--float:#2563c4;--int:#0f7f5a;
--uint:#6a7a0c;--quantized:#8a3ccf;--complex:#bf2a74;--bool:#b4590b;--any:#66727f}
@media(prefers-color-scheme:dark){.df{--paper:#12161c;--card:#1a2028;--ink:#e6ebf1;--dim:#98a5b5;--l:66%;--tint:19%;
--sat:24%;--float:#6ea8ff;--int:#45cf9e;--uint:#c0d050;--quantized:#c592ff;--complex:#ff84bd;--bool:#f5a54a;--any:#9aa7b5}}
.df .paper{fill:var(--paper)}
.df text{fill:var(--ink);font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.df .name{font:600 13px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.df .kind{font:11px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:hsl(var(--hue) 55% var(--l))}
.df .dim{fill:var(--dim)}.df .end{text-anchor:end}
.df .card{fill:var(--card);stroke:hsl(var(--hue) 50% var(--l));stroke-width:1.6}
.df .head{fill:hsl(var(--hue) var(--sat) var(--tint))}
.df .rule{stroke:hsl(var(--hue) 50% var(--l));stroke-opacity:.35}
.df .grey .card,.df .grey .rule{stroke:var(--dim)}.df .grey .head{fill:var(--paper)}.df .grey .kind{fill:var(--dim)}
.df .pill{fill:var(--card);stroke:var(--dim);stroke-width:1.4}
.df .halo{fill:none;stroke:var(--paper);stroke-width:5}.df .wire{fill:none;stroke-width:1.8;stroke-linecap:round}
.df .port{stroke-width:1.6;fill:var(--paper)}
"""


@dataclass(frozen=True)
class Label:
    """A line of text: a strong part, a dim part, and the colour of the port beside it (none: no port).

    hollow : the port is drawn empty, as no wire needs to come.
    """

    strong: str = ""
    dim: str = ""
    family: str = ""
    hollow: bool = False

    @property
    def width(self) -> float:
        """Pixels that the text takes."""
        return _MONO * (len(self.strong) + len(self.dim) + bool(self.strong and self.dim))


@dataclass(eq=False)
class Card(Box):
    """A box with its texts; without a kind it is a pill, an input or output of a graph."""

    name: str = ""
    kind: str = ""
    hue: int = 0
    tip: str = ""
    left: Sequence[Label] = ()
    right: Sequence[Label] = ()
    notes: Sequence[Label] = ()
    grey: bool = False


@dataclass(frozen=True)
class Mark:
    """How a card stands out: its hue from 0, red, to 120, green, and what its head says instead of the kind."""

    hue: int
    text: str


def family(names: Iterable[str]) -> str:
    """The family of dtypes that decides the colour of a port; ``any`` for dtypes of several families."""
    return next((name for name, members in _FAMILIES.items() if set(names) <= set(members)), "any")


def card(
    name: str,
    kind: str,
    group: str,
    tip: str,
    left: Sequence[Label],
    right: Sequence[Label],
    notes: Sequence[Label],
) -> Card:
    """A card large enough for its text; ``group`` decides its colour."""
    rows = max(len(left), len(right))
    beside = _width(left) + _width(right) + 22 * bool(left and right)
    height = _HEAD + (_ROW * rows + 8 if rows else 2) + (_ROW * len(notes) + 6 if notes else 0)
    return Card(
        width=max(beside, _width(notes), sans(name, 13), sans(kind, 11), 68.0) + 2 * _PAD,
        height=height,
        lefts=[_HEAD + 4 + _ROW * (i + 0.5) for i in range(len(left))],
        rights=[_HEAD + 4 + _ROW * (i + 0.5) for i in range(len(right))],
        name=name,
        kind=kind,
        hue=hue(group),
        tip=tip,
        left=left,
        right=right,
        notes=notes,
    )


def marked(drawn: Card, mark: Mark | None) -> Card:
    """The card with a mark, or grey without one."""
    if mark is None:
        drawn.grey = True
    else:
        drawn.hue, drawn.kind = mark.hue, f"{drawn.kind}  {mark.text}"
        drawn.width = max(drawn.width, sans(drawn.kind, 11) + 2 * _PAD)
    return drawn


def pill(name: str, tip: str, left: Sequence[Label] = (), right: Sequence[Label] = ()) -> Card:
    """An input of a graph (with a port on the right) or an output (on the left)."""
    return Card(
        width=max(sans(name, 13), _width([*left, *right])) + 36,
        height=_PILL,
        lefts=[_PILL / 2] * len(left),
        rights=[_PILL / 2] * len(right),
        pin="left" if right else "right",
        name=name,
        tip=tip,
        left=left,
        right=right,
    )


def _width(labels: Iterable[Label]) -> float:
    return max((label.width for label in labels), default=0.0)


def sans(text: str, size: float) -> float:
    """The width of text in an unknown proportional font, assumed to be a wide one."""
    narrow, wide = "ijl.,:;'|!()[]/ ", "mwMW@%"
    ems = sum(0.42 if c in narrow else 1.0 if c in wide else 0.78 if c.isupper() else 0.66 for c in text)
    return ems * size


def draw(drawn: Card) -> str:
    """The SVG of a card, where it was placed."""
    w, h = drawn.width, drawn.height
    style = f'style="--hue:{drawn.hue}"' + ' class="grey"' * drawn.grey
    parts = [f'<g transform="translate({drawn.x:.1f} {drawn.y:.1f})" {style}>']
    if drawn.tip:
        parts.append(f"<title>{escape(drawn.tip)}</title>")
    if drawn.kind:
        head = f"M1 {_HEAD - 4:.0f}V9a8 8 0 0 1 8-8H{w - 9:.1f}a8 8 0 0 1 8 8V{_HEAD - 4:.0f}z"
        parts.append(f'<rect class="card" width="{w:.1f}" height="{h:.1f}" rx="9"/><path class="head" d="{head}"/>')
        parts.append(_text(_PAD, 18, drawn.name, "name") + _text(_PAD, 33, drawn.kind, "kind"))
    else:
        parts.append(f'<rect class="pill" width="{w:.1f}" height="{h:.1f}" rx="{h / 2:.0f}"/>')
        parts.append(_text(18, 19, drawn.name, "name"))
        parts += [_text(18, 34, label.dim, "dim") for label in (*drawn.left, *drawn.right)]
    for label, y in zip(drawn.left, drawn.lefts, strict=True):
        parts.append(_port(label, 0.0, y) + (_line(label, _PAD, y) if drawn.kind else ""))
    for label, y in zip(drawn.right, drawn.rights, strict=True):
        parts.append(_port(label, w, y) + (_line(label, w - _PAD, y, ' class="end"') if drawn.kind else ""))
    top = h - 4 - _ROW * len(drawn.notes)
    if drawn.notes:
        parts.append(f'<path class="rule" d="M{_PAD:.0f} {top - 1:.1f}H{w - _PAD:.1f}"/>')
    parts += [_line(note, _PAD, top + _ROW * (i + 0.5)) for i, note in enumerate(drawn.notes)]
    return "".join(parts) + "</g>\n"


def wire(path: str, family: str, tip: str) -> str:
    """A wire along a path; where it crosses another, a gap shows which runs on top."""
    return (
        f'<path class="halo" d="{path}"/>'
        f'<path class="wire" stroke="var(--{family})" d="{path}"><title>{escape(tip)}</title></path>\n'
    )


def document(width: float, height: float, body: str, title: str, doc: str) -> str:
    """The whole SVG around a drawing of this size."""
    w, h = width + 2 * _MARGIN, height + 2 * _MARGIN
    note = f"<desc>{escape(doc)}</desc>" if doc else ""
    corner = f"{-_MARGIN:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="df" width="{w:.0f}" height="{h:.0f}" '
        f'viewBox="{corner} {corner} {w:.0f} {h:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>{note}\n<style>{_STYLE}</style>\n"
        f'<rect class="paper" x="{corner}" y="{corner}" width="100%" height="100%" rx="8"/>\n{body}</svg>\n'
    )


def escape(text: str) -> str:
    """Text as XML holds it."""
    return html.escape(_FORBIDDEN.sub("\ufffd", visible(text)))


def _port(label: Label, x: float, y: float) -> str:
    fill = "" if label.hollow else f' style="fill:var(--{label.family})"'
    return f'<circle class="port" cx="{x:.1f}" cy="{y:.1f}" r="4" stroke="var(--{label.family})"{fill}/>'


def _line(label: Label, x: float, y: float, style: str = "") -> str:
    """The strong part in ink and the dim part behind it, as one text so that no font can make them overlap."""
    parts = [escape(label.strong)] * bool(label.strong)
    parts += [f'<tspan class="dim">{escape(label.dim)}</tspan>'] * bool(label.dim)
    return f'<text{style} x="{x:.1f}" y="{y + 4:.1f}">{" ".join(parts)}</text>'


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'
