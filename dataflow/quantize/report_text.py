"""The report as text: tables that a terminal shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataflow.quantize.report import worst

_UNITS = ("B", "KiB", "MiB", "GiB")


@dataclass(frozen=True)
class Table:
    """Headers and rows of a table."""

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]


def tables(plain: Mapping[str, Any], most: int | None = None) -> list[Table]:
    """The tables of a report: results, the error of the answers, layers, and nodes, the worst first."""
    made = [Table(("", "float", "quantized"), _results(plain))]
    for answer in plain["answers"]:
        rows = [(name, f"{100 * part['share']:z.1f} %", _db(part["db"])) for name, part in answer["parts"].items()]
        made.append(Table((f"error of {answer['wire']}", "share", "SQNR"), rows))
    made.append(
        Table(("layer", "bits", "bytes", "MACs", "BOPs", "sums need"), [_layer(each) for each in plain["layers"]])
    )
    headers = ("node", "bits", "range", "clipped", "unused", "SQNR alone", "SQNR accumulated", "why")
    made.append(Table(headers, [_node(each) for each in worst(plain, most)]))
    return made


def _results(plain: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    rows = [(name, _number(each["float"]), _number(each["quantized"])) for name, each in plain["metrics"].items()]
    for answer in plain["answers"]:
        rows.append((f"SQNR of {answer['wire']}", "", _db(answer["sqnr"])))
        if answer["agreement"] is not None:
            rows.append(("same largest value", "", f"{100 * answer['agreement']:.2f} %"))
    size = plain["size"]
    rows.append(("weights", size_of(size["float"]), size_of(size["quantized"])))
    if size["bops"] is not None:
        rows.append(("bit operations a row", f"{size['macs'] * 1024:.4g}", f"{size['bops']:.4g}"))
    return rows


def _layer(each: Mapping[str, Any]) -> tuple[object, ...]:
    bits = f"{each['weight_bits']} x {each['value_bits']}"
    sums = "" if each["accumulator_bits"] is None else f"{each['accumulator_bits']} bits"
    return each["node"], bits, each["bytes"], _whole(each["macs"]), _whole(each["bops"]), sums


def _node(each: Mapping[str, Any]) -> tuple[object, ...]:
    unused = "" if each["unused"] is None else f"{100 * each['unused']:.1f} %"
    ends = f"{each['low']:.4g} to {each['high']:.4g}"
    return (
        each["node"], each["bits"], ends, f"{100 * each['clipped']:.3f} %", unused, _db(each["sqnr"]),
        _db(each["accumulated"]), each["why"],
    )  # fmt: skip


def size_of(count: int) -> str:
    """A number of bytes as people say it: ``10.4 KiB``."""
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.4g} {_UNITS[unit]}"


def _db(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} dB"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _whole(value: int | None) -> object:
    return "" if value is None else value
