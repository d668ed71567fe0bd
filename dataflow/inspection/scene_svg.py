"""A scene as SVG that can be read on a light and on a dark page, with a legend of its colours."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dataflow.core.errors import visible
from dataflow.inspection.elements import Card, Chip, Frame, LeftPort, RightPort, Scene
from dataflow.inspection.letters import MONO, sans
from dataflow.inspection.port_values import (
    STYLE,
    PortValue,
    PortValues,
    bits_svg,
    grade_of,
    legend_svg,
    tint_svg,
    value_svg,
)
from dataflow.inspection.sizes import (
    BLOCK,
    HEAD,
    HISTOGRAM,
    LINE,
    NAME,
    PAD,
    PORT,
    ROW,
    attr_lines,
    names_outputs,
    note_lines,
    shape_text,
)

_MARGIN, _LEGEND = 24.0, 34.0
_FORBIDDEN = re.compile("[\ufffe\uffff]")  # what XML cannot hold, visible or not
_SANS = 'system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif'
_THEMES = {
    "light": """\
--paper:#f6f8fa;--frame:#eef1f5;--edge:#d5dce4;--card:#fff;--ink:#1b2430;--dim:#5b6675;--chip:#e9edf2;--l:36%;
--tint:96%;--sat:45%;--float:#2563c4;--int:#0f7f5a;--uint:#6a7a0c;--quantized:#8a3ccf;--complex:#bf2a74;--bool:#b4590b;
--any:#66727f;--variable:#9a5b00;--variable-paper:#fdf0da;--param:#1257b8;--grad:#f4eefd;--grad-edge:#a68ad6;--bad:#c62828;--g0:#8e1020;--g1:#cc5510;--g2:#c49c12;--g3:#2fa3b4;
--g4:#0b5566""",
    "dark": """\
--paper:#0f1318;--frame:#151a21;--edge:#29313c;--card:#1c232c;--ink:#e6ebf1;
--dim:#98a5b5;--chip:#2a333e;--l:70%;--tint:17%;--sat:22%;--float:#6ea8ff;--int:#45cf9e;--uint:#c0d050;
--quantized:#c592ff;--complex:#ff84bd;--bool:#f5a54a;--any:#9aa7b5;--variable:#f3b45c;--variable-paper:#3a2c14;
--param:#7fb2ff;--grad:#251f36;--grad-edge:#6d55a3;--bad:#ff7b72;--g0:#e8443c;--g1:#f08a3c;--g2:#f7e06a;--g3:#7fd6e2;
--g4:#2f95a6""",
}
_STYLE = f"""\
.df .paper{{fill:var(--paper)}}.df .frame{{fill:var(--frame);stroke:var(--edge)}}
.df text{{fill:var(--ink);font:{PORT}px {_SANS}}}
.df .title{{font-size:13px;font-weight:600;fill:var(--dim);stroke:var(--frame);stroke-width:5;paint-order:stroke}}
.df .name{{font-size:{NAME}px;font-weight:600}}
.df .kind{{font-size:{BLOCK}px;fill:hsl(var(--hue) 55% var(--l))}}
.df .mono{{font:10.5px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}}
.df .dim{{fill:var(--dim)}}
.df .card{{fill:var(--card);stroke:var(--edge)}}.df .head{{fill:hsl(var(--hue) var(--sat) var(--tint))}}
.df .strip{{fill:hsl(var(--hue) 50% 52%)}}
.df .grad .card{{fill:var(--grad);stroke:var(--grad-edge)}}.df .grad .head{{fill:none}}
.df .bad .card{{stroke:var(--bad);stroke-width:2}}
.df .grey .strip{{fill:var(--edge)}}.df .grey .head{{fill:none}}.df .grey .kind{{fill:var(--dim)}}
.df .graph{{fill:none;stroke:var(--edge)}}
.df .pill{{fill:var(--card);stroke:var(--dim)}}
.df .chip{{fill:var(--chip)}}.df .chip.variable{{fill:var(--variable-paper)}}
.df .chip.wire{{fill:none;stroke-opacity:.6}}
.df .chip.asked{{fill:none;stroke:var(--dim);stroke-dasharray:3 2}}
.df .mono.variable,.df .note{{fill:var(--variable)}}.df .mono.param{{fill:var(--param)}}
.df .wire{{fill:none;stroke-width:1.8;stroke-linecap:round}}.df .dash{{stroke-dasharray:6 4}}
.df .port{{stroke-width:1.6;fill:var(--card)}}
"""


@dataclass(frozen=True)
class Mark:
    """How a card stands out: its hue from 0, red, to 120, green, and what its head says beside the block."""

    hue: int
    text: str


def scene_svg(
    scene: Scene,
    title: str,
    doc: str = "",
    marks: Mapping[str, Mark] | None = None,
    legend: bool = True,
    theme: str = "",
    values: PortValues = MappingProxyType({}),
    quality: bool = False,
) -> str:
    """The SVG of a scene. With ``marks`` cards are coloured by them, and those without one are grey.

    values : of ports, in the room that a scene has for them. quality : whether they colour the cards by their SQNR.
    theme : ``light`` or ``dark``; otherwise as what shows the picture prefers.
    """
    key, wide = _legend(scene, values, quality) if legend else ("", 0.0)
    placed: list[Card | Frame] = [*scene.frames, *scene.cards]
    left = min((each.x for each in placed), default=0.0)  # below 0 where cards were moved there
    top = min((each.y for each in placed), default=0.0)
    width = max(scene.width - left, wide) + 2 * _MARGIN
    height = scene.height - top + 2 * _MARGIN + _LEGEND * bool(key)
    x, y = f"{left - _MARGIN:.0f}", f"{top - _MARGIN:.0f}"
    body = "".join(
        [
            *map(_frame, scene.frames),
            *_wires(scene, values),
            *map(_title, scene.frames),
            *(_card(card, marks, values, quality) for card in scene.cards),
        ]
    )
    note = f"<desc>{escape(doc)}</desc>" if doc else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="df" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{x} {y} {width:.0f} {height:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>{note}\n<style>\n{_colours(theme)}{_STYLE}{STYLE * bool(values)}</style>\n"
        f'<rect class="paper" x="{x}" y="{y}" width="100%" height="100%" rx="8"/>\n'
        f'{body}<g transform="translate({left:.1f} {scene.height + _MARGIN:.1f})">{key}</g></svg>\n'
    )


def _colours(theme: str) -> str:
    """The colours of a theme; without one, those of both, and which of them are to be taken when."""
    if theme:
        return f".df{{{_THEMES[theme]}}}\n"
    light, dark = _THEMES["light"], _THEMES["dark"]
    return f".df{{{light}}}\n@media(prefers-color-scheme:dark){{.df{{{dark}}}}}\n"


def escape(text: str) -> str:
    """Text as XML holds it."""
    return html.escape(_FORBIDDEN.sub("\ufffd", visible(text)))


def _frame(frame: Frame) -> str:
    size = f'x="{frame.x:.1f}" y="{frame.y:.1f}" width="{frame.width:.1f}" height="{frame.height:.1f}"'
    return f'<rect class="frame" {size} rx="12"/>\n'


def _title(frame: Frame) -> str:
    """The title of a frame, over the wires that come in there."""
    if not frame.title:
        return ""
    letters = int((frame.width - 28) / 7.6)
    title = frame.title if len(frame.title) <= letters else frame.title[: letters - 1] + "…"
    told = f"<title>{escape(frame.title)}</title>"
    return f"<g>{told}{_text(frame.x + 14, frame.y + 19, title, 'title')}</g>\n"


def _wires(scene: Scene, values: PortValues) -> Iterator[str]:
    """The wires, in the colours of their dtypes; those of what is quantized in that of its SQNR."""
    of = {(card.id, port.name): values.get(port.value_of, PortValue()) for card in scene.cards for port in card.rights}
    for wire in scene.wires:
        value = of.get(wire.source, PortValue())
        sqnr = value.sqnr if value.bits else None
        colour = wire.family if sqnr is None else f"g{grade_of(sqnr)}"
        words = "wire" + " dash" * wire.gradient + " graded" * (sqnr is not None)
        told = f"{'.'.join(wire.source)} to {'.'.join(wire.target)}"
        path = f'class="{words}" stroke="var(--{colour})" d="{wire.path}"'
        yield f"<path {path}><title>{escape(told)}</title></path>\n"


def _card(card: Card, marks: Mapping[str, Mark] | None, values: PortValues, quality: bool) -> str:
    node = card.kind not in ("input", "output")
    mark = (marks or {}).get(card.id)
    words = ["grad"] * card.gradient + ["bad"] * card.wrong + ["grey"] * (node and marks is not None and mark is None)
    style = f' class="{" ".join(words)}"' * bool(words)
    parts = [
        f'<g transform="translate({card.x:.1f} {card.y:.1f})" style="--hue:{mark.hue if mark else card.hue}"{style}>'
    ]
    if told := ": ".join([card.id] * _is_cut(card) + [card.doc] * bool(card.doc)):
        parts.append(f"<title>{escape(told)}</title>")
    parts.append(_node(card, mark, values) if node else _pill(card, values))
    parts += [_dot(port, port.chip is None and bool(port.wire)) for port in card.lefts]
    parts += [_dot(port, True) for port in card.rights]
    parts += [bits_svg(values[port.value_of], port) for port in card.rights if port.value_of in values]
    if quality:
        parts.append(tint_svg(card, values))
    return "".join(parts) + "</g>\n"


def _is_cut(card: Card) -> bool:
    """Whether not all of the name of a node is on its card."""
    return card.kind in ("node", "graph") and card.name != card.id


def _pill(card: Card, values: PortValues) -> str:
    w, h, middle = card.width, card.height, card.width / 2
    shape = " ".join(shape_text(port.type) for port in card.rights)
    chips = [port.chip.text for port in card.lefts if port.chip]
    numbers = [values[port.value_of].text for port in (*card.lefts, *card.rights) if port.value_of in values]
    below = " ".join(filter(None, numbers)) or shape or " ".join(chips)
    name = _text(middle, 17 if below else h / 2 + 5, card.name, "name", "middle")
    rect = f'<rect class="pill" width="{w:.1f}" height="{h:.1f}" rx="{h / 2:.1f}"/>'
    return rect + name + (_text(middle, 32, below, "mono dim", "middle") if below else "")


def _node(card: Card, mark: Mark | None, values: PortValues) -> str:
    w, h = card.width, card.height
    parts = [f'<rect class="card" width="{w:.1f}" height="{h:.1f}" rx="8"/>']
    if card.kind == "graph":
        parts.append(f'<rect class="graph" x="3" y="3" width="{w - 6:.1f}" height="{h - 6:.1f}" rx="6"/>')
    top, low = f"a7.5 7.5 0 0 1 7.5-7.5H{w - 8:.1f}a7.5 7.5 0 0 1 7.5 7.5", HEAD - 4
    parts.append(f'<path class="head" d="M.5 {low:.0f}V8{top}V{low:.0f}z"/><path class="strip" d="M.5 4V8{top}V4z"/>')
    kind = f"{card.block}  {mark.text}" if mark else card.block
    parts.append(_text(PAD, 20, card.name, "name") + _text(PAD, 35, kind, "kind"))
    several = names_outputs(card)
    parts += [_left(port) for port in card.lefts]
    parts += [_right(port, w, several, values.get(port.value_of)) for port in card.rights]
    y = HEAD + ROW * max(len(card.lefts), len(card.rights)) + 6.0
    for line in attr_lines(card):
        parts.append(_text(PAD, y + LINE / 2 + 4, line, "mono dim"))
        y += LINE
    for line in note_lines(card):
        parts.append(_text(PAD, y + LINE / 2 + 4, line, "mono note"))
        y += LINE
    return "".join(parts)


def _left(port: LeftPort) -> str:
    named = _text(PAD, port.row + 4, port.name, "dim" if port.optional and not port.wire else "")
    return named + (_chip(port.chip, PAD + sans(port.name, PORT) + 6, port.row, port.family) if port.chip else "")


def _chip(chip: Chip, x: float, y: float, family: str) -> str:
    width = MONO * len(chip.text) + 10
    stroke = f' stroke="var(--{family})"' if chip.kind == "wire" else ""
    style = f' style="fill:var(--{family})"' if chip.kind == "wire" else ""
    return (
        f'<rect class="chip {chip.kind}" x="{x:.1f}" y="{y - 8:.1f}" width="{width:.1f}" height="16" rx="4"{stroke}/>'
        f'<text class="mono {chip.kind}" x="{x + 5:.1f}" y="{y + 4:.1f}"{style}>{escape(chip.text)}</text>'
    )


def _right(port: RightPort, w: float, several: bool, value: PortValue | None) -> str:
    shape, x = shape_text(port.type), w - PAD
    tags = f'<tspan style="fill:var(--{port.family})">  ⇢{port.tags}</tspan>' if port.tags else ""
    at = f'x="{x:.1f}" y="{port.row + 4:.1f}" xml:space="preserve"'
    mono = f'<text class="mono dim" text-anchor="end" {at}>{escape(shape)}{tags}</text>'
    x -= MONO * (len(shape) + (2 + 2 * bool(port.tags) if port.tags else 0)) + 6
    if value is not None:
        mono += value_svg(value, x, port.row, port.family)
        x -= HISTOGRAM + 6
    return mono + _text(x, port.row + 4, port.name, "", "end") if several else mono


def _dot(port: LeftPort | RightPort, filled: bool) -> str:
    fill = f' style="fill:var(--{port.family})"' if filled else ""
    return f'<circle class="port" cx="{port.x:.1f}" cy="{port.y:.1f}" r="4" stroke="var(--{port.family})"{fill}/>'


def _legend(scene: Scene, values: PortValues, quality: bool) -> tuple[str, float]:
    """The colours that the scene has, in words; and how wide that is."""
    ports = [port for card in scene.cards for port in (*card.lefts, *card.rights)]
    used = {port.family for port in ports}
    chips = {port.chip.kind for card in scene.cards for port in card.lefts if port.chip}
    x, parts = 0.0, list[str]()
    for family in ("float", "int", "uint", "quantized", "complex", "bool"):
        if family in used:
            parts.append(f'<circle cx="{x + 5:.0f}" cy="8" r="4.5" style="fill:var(--{family})"/>')
            parts.append(_text(x + 15, 12, family, "dim"))
            x += 33 + sans(family, PORT)
    for kind, text in (("variable", "variable"), ("literal", "number"), ("param", "$param"), ("wire", "wire, by name")):
        if kind in chips:
            parts.append(_chip(Chip(text, kind), x, 8, "float"))
            x += 30 + MONO * len(text)
    if any(card.gradient for card in scene.cards):
        parts.append(f'<path class="wire dash" stroke="var(--any)" d="M{x:.0f} 8h28"/>')
        parts.append(_text(x + 36, 12, "gradient", "dim"))
        x += 56 + sans("gradient", PORT)
    sqnrs = [value.sqnr for value in values.values() if value.bits or quality]
    more, x = legend_svg((grade_of(sqnr) for sqnr in sqnrs if sqnr is not None), x)
    return "".join(parts) + more, x


def _text(x: float, y: float, text: str, style: str, anchor: str = "") -> str:
    words = f' class="{style}"' if style else ""
    words += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{words} x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
