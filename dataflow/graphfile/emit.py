"""Plain values -> YAML as a person would write it: short things on one line, long ones a line each."""

from __future__ import annotations

import json
import math
import re
import textwrap
from functools import lru_cache
from typing import Any

from dataflow.core.attrs import plain, show
from dataflow.core.errors import GraphError
from dataflow.graphfile.scalars import scalar

WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_./$][\w./$+*()<=>'\"^%;@!-]*( [\w./$+*()<=>'\"^%;@!&|-]+)*")  # also within { }
_PLAIN_LINE = re.compile(r"[A-Za-z_./$(][^\x00-\x1f#:\\]*(:[^\s#:\\][^\x00-\x1f#:\\]*)*")  # only after `key: `
_FOLDED = re.compile(r"[^\s#|>&*!%@`'\"-]\S*( \S+)+")
_DOLLAR = re.compile(r"\$\$|\$\{|^\$[A-Za-z_][A-Za-z0-9_]*$")


def escaped(value: object) -> Any:
    """A plain value with the dollar signs doubled that would be read as parameters."""
    value = plain(value)
    if isinstance(value, str):
        return value.replace("$", "$$") if _DOLLAR.search(value) else value
    if isinstance(value, list):
        return [escaped(v) for v in value]
    if isinstance(value, dict):
        return {k: escaped(v) for k, v in value.items()}
    return value


def flow(value: object) -> str:
    """A value in one line: ``{min: 0.0, max: [1, 2]}``."""
    if isinstance(value, str):
        return _word(value)
    value = plain(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return str(int(value))
    if isinstance(value, float):
        return (
            repr(float(value))
            if math.isfinite(value)
            else ".nan"
            if value != value
            else ".inf"
            if value > 0
            else "-.inf"
        )
    raise GraphError(f"graph files hold numbers of 64 bits, text, lists and mappings, got {show(value)}")


@lru_cache(1 << 10)  # names of blocks and ports recur
def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and _is_text(text) else _quoted(text)


def entry(key: str, value: object, indent: int = 0) -> list[str]:
    """The lines of ``key: value``."""
    start = f"{' ' * indent}{flow(key)}:"
    value = plain(value)
    if isinstance(value, str):
        return _text(start, value, indent)
    line = f"{start} {flow(value)}"
    if len(line) <= WIDTH or not isinstance(value, dict | list) or not value:
        return [line]
    if isinstance(value, dict):
        return [start, *(line for k, v in value.items() for line in entry(k, v, indent + 2))]
    return [start, *_rows(value, indent + 2)]


def block(key: str, value: dict[str, Any], indent: int = 0) -> list[str]:
    """The lines of a mapping, an entry each, however short."""
    return [f"{' ' * indent}{flow(key)}:", *(line for k, v in value.items() for line in entry(k, v, indent + 2))]


def _rows(items: list[Any], indent: int) -> list[str]:
    """A list over several lines: a line per row of a matrix, otherwise as many numbers on each as fit."""
    margin = " " * indent
    if any(isinstance(item, list) for item in items):
        lines = [f"{margin}["]
        for item in items:
            line = f"{margin}  {flow(item)},"
            lines += (
                [line] if len(line) <= WIDTH or not isinstance(item, list) else _ending(_rows(item, indent + 2), ",")
            )
        return [*lines, f"{margin}]"]
    return filled([flow(item) for item in items], indent)


def filled(pieces: list[str], indent: int) -> list[str]:
    """A list in brackets over several lines, as many pieces in each as fit."""
    margin = " " * indent
    lines, line = [], f"{margin}["
    for i, piece in enumerate(pieces):
        piece += "," if i + 1 < len(pieces) else "]"
        if len(line) + len(piece) > WIDTH and line.strip() != "[":
            lines.append(line.rstrip())
            line = f"{margin} "
        line += piece + " "
    return [*lines, line.rstrip()]


def _ending(lines: list[str], end: str) -> list[str]:
    return [*lines[:-1], lines[-1] + end]


def _text(start: str, value: str, indent: int) -> list[str]:
    margin = " " * (indent + 2)
    lines = value.split("\n")
    if _literal(lines):
        style = "|-" if lines[-1] else "|"
        shown = lines if lines[-1] else lines[:-1]
        return [f"{start} {style}", *(margin + line if line else "" for line in shown)]
    if value.isprintable() and len(start) + len(value) >= WIDTH and _FOLDED.fullmatch(value):
        wrapped = textwrap.wrap(value, WIDTH - len(margin), break_long_words=False, break_on_hyphens=False)
        return [f"{start} >-", *(margin + line for line in wrapped)]
    if value.isprintable() and _PLAIN_LINE.fullmatch(value) and value[-1] != " " and _is_text(value):
        return [f"{start} {value}"]
    return [f"{start} {flow(value)}"]


def _literal(lines: list[str]) -> bool:
    """Whether text can be written as it is, line by line: no odd characters, no blanks that would be lost."""
    if len(lines) < 2 or not lines[0] or lines[0].startswith(" ") or not (lines[-1] or lines[-2]):
        return False
    return all(line.isprintable() and (not line or line.strip()) for line in lines)


def _is_text(value: str) -> bool:
    try:
        return isinstance(scalar(value), str)
    except ValueError:
        return False


def _quoted(value: str) -> str:
    if value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    return (
        '"' + "".join(json.dumps(c, ensure_ascii=False)[1:-1] if c.isprintable() else _escape(c) for c in value) + '"'
    )


def _escape(char: str) -> str:
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        raise GraphError(f"graph files hold text in UTF-8, got the half character {char!a}")
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
