"""The values of a run as pictures of the graph have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from dataflow.inspection.port_values import PortValue, PortValues


def drawn_values(run: Mapping[str, object]) -> PortValues:
    """By port what is drawn of the values of a run, see `Run` of web/src/protocol."""
    old = {*cast("list[str]", run["old"])}
    stats = cast("Mapping[str, Mapping[str, Any]]", run["values"])
    return {port: _drawn(found, port.rpartition(".")[0] in old) for port, found in stats.items()}


def _drawn(stats: Mapping[str, Any], old: bool) -> PortValue:
    quality = stats.get("quality")
    sqnr = stats.get("sqnr") if quality is None else quality["sqnr"]
    return PortValue(_number(stats), stats["bins"], () if quality is None else _bits(quality), sqnr, old)


def _number(stats: Mapping[str, Any]) -> str:
    """The one element of a value, in words; nothing where there are more."""
    if any(dim != 1 for dim in stats["shape"]):
        return "nan" if stats["min"] is None and stats["nan"] + stats["inf"] else ""
    shown = stats["shown"]
    while isinstance(shown, list):
        (shown,) = shown
    if isinstance(shown, float):
        return f"{shown:.3g}"
    return "" if shown is None else str(shown).lower() if isinstance(shown, bool) else str(shown)


def _bits(quality: Mapping[str, Any]) -> list[str]:
    """Width, SQNR, scale, zero point and how much is clipped, as far as they tell something."""
    scale, zero, sqnr = quality["scale"], quality["zero_point"], quality["sqnr"]
    found = [f"{quality['bits']}b"]
    if sqnr is not None:
        found.append(f"{sqnr:.0f}dB")
    found.append(f"×{scale[0]:.2g}" if len(scale) == 1 else f"×[{len(scale)}]")
    if len(zero) == 1 and zero[0]:
        found.append(f"z{zero[0]}")
    if quality["clipped"] >= 0.05:
        found.append(f"{quality['clipped']:.2g}%")
    return found
