"""Runs the cases, says how each went, and keeps what was measured when it is stopped."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from dataflow.cli import output

from . import goals, names, peers
from .cases import SCALES, Agree, Case, Scale, cases
from .library.table import table
from .results import Result, Results, machine
from .timing import Run, Timing, interleave

COMPARED = 100_000  # elements of a result
FEW = 1e-3  # of them may differ: frameworks round ties their own way
NEAR = 1e-4
STOPPED = 130  # exit status, as a shell gives it after Ctrl+C


def main(scale: str, only: str | None, save: str | None, wanted: str) -> int:
    """Measure, and print a line per case and the table of goals; the exit status."""
    chosen = [case for case in cases(SCALES[scale]) if only is None or only.lower() in whole_name(case)]
    if not chosen:
        families = dict.fromkeys(case.subject.family for case in cases(SCALES[scale]))
        raise click.UsageError(f"--only: no case has '{only}' in its name; families are {', '.join(families)}")
    try:
        others = peers.found(wanted)
    except LookupError as error:
        raise click.UsageError(f"--peers: {error.args[0]}") from None
    results = Results(scale, machine())
    click.echo(results.heading)
    with contextlib.suppress(KeyboardInterrupt):
        for case in chosen:
            results.cases.append(measure(case, others, SCALES[scale]))
            click.echo(line(results.cases[-1]))
            if save is not None:
                results.save(Path(save))
    stopped = len(results.cases) < len(chosen)
    if stopped:
        click.echo(f"stopped after {len(results.cases)} of {len(chosen)} cases", err=True)
    click.echo()
    headers, rows = table(results.cases)
    if rows:
        output.table(headers, rows)
        click.echo()
    output.table(goals.HEADERS, [v.row() for v in goals.verdicts(results.cases) if v.measured])
    return STOPPED if stopped else 0


def measure(case: Case, others: Sequence[peers.Peer], scale: Scale) -> Result:
    """All contenders of a case. A peer that fails is left out and noted; one with other results is noted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        contenders = case.make(others)
        given, notes = _first_calls(contenders, {peer.name for peer in others})
        notes |= _differences(case, given, {peer.name for peer in others if peer.exact})
        if case.subject.unit == "seconds":
            able = {name: run for name, run in contenders.items() if name in given}
            seconds = case.seconds or scale.seconds
            return Result(case.subject, interleave(able, seconds, scale.rounds, case.pause, case.clock), notes)
    counted = {name: float(parts[0][0]) for name, parts in given.items()}
    return Result(case.subject, {name: Timing(value, value, 1) for name, value in counted.items()}, notes)


def line(result: Result) -> str:
    """A case in a line: each contender's ratio to the yardstick, the lowest first. Remarks stand below."""
    yardstick = result.subject.yardstick
    ratios = sorted((result.ratio(name, yardstick), name) for name in result.values if name != yardstick)
    told = ", ".join(f"{name} {ratio:.3g}" for ratio, name in ratios)
    remarks = [f"  {name}: {note}" for name, note in result.notes.items()]
    return "\n".join([f"{result.subject.name} ({yardstick} = 1): {told}", *remarks])


def whole_name(case: Case) -> str:
    """What `--only` looks for its pattern in."""
    return f"{case.subject.family}: {case.subject.name}".lower()


def _first_calls(contenders: Mapping[str, Run], forgiven: set[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The first numbers that contenders give, and why some give none."""
    given: dict[str, Any] = {}
    notes: dict[str, str] = {}
    for name, run in contenders.items():
        try:
            given[name] = _parts(run())
        except Exception as error:
            if name not in forgiven:
                raise
            told = str(error).strip().splitlines() or [""]
            notes[name] = f"{type(error).__name__}: {told[0][:100]}"
    return given, notes


def _parts(result: Any) -> list[Any]:
    """The outputs, as many numbers of each as are compared."""
    outputs = result if isinstance(result, tuple | list) else () if result is None else (result,)
    return [np.array(np.asarray(output).ravel()[:COMPARED]) for output in outputs]


def _differences(case: Case, given: Mapping[str, Any], exact: set[str]) -> dict[str, str]:
    """Who gives something else than we do."""
    if case.agree is Agree.NOT:
        return {}
    mine, *_ = (name for name in given if name.startswith(names.OURS))
    notes = {}
    for name, parts in given.items():
        bits = case.agree is Agree.ALL_BITS or (
            case.agree is Agree.BITS and (name in exact or name.startswith(names.OURS))
        )
        if parts and bits and not np.array_equal(given[mine][0], parts[0], equal_nan=True):
            notes[name] = f"not the bits of {mine}"
        elif far := max((_far(a, b) for a, b in zip(given[mine], parts, strict=False)), default=0.0):
            notes[name] = f"{far:.2g} of the values differ from those of {mine}"
    return notes


def _far(a: Any, b: Any) -> float:
    """Which part of the numbers is clearly different, where that is more than ties account for."""
    if a.shape != b.shape:
        return 1.0
    near = np.isclose(a, b, rtol=NEAR, atol=NEAR * np.abs(a).max(initial=1.0), equal_nan=True)
    part = 1.0 - float(near.mean())
    return part if part > FEW else 0.0
