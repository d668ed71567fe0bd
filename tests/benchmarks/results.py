"""What was measured, as plain values, and the JSON file that keeps it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import dataflow as flow

from .timing import CORES, Timing

PACKAGES = ("numpy", "numba", "tensorflow", "tensorflow-cpu", "jax", "torch", "onnxruntime", "onnx")
BUSY = 0.5  # processes that run beside; with more than this no ratio can be trusted


@dataclass(frozen=True)
class Subject:
    """What a case is about.

    family : the cases that stand in one table, and that goals speak of.
    size : how many, ``of`` what; the axis of the plots.
    yardstick : the contender that is 1 in the tables.
    unit : of what is counted, ``seconds`` or ``bytes``.
    channels : how many, where elements have some.
    """

    family: str
    title: str
    size: int
    of: str = "elements"
    yardstick: str = "copy"
    unit: str = "seconds"
    channels: int = 0

    @property
    def name(self) -> str:
        return f"{self.label}, {self.size:,} {self.of}"

    @property
    def label(self) -> str:
        """The title, with the number of channels."""
        return self.title + f", {self.channels} channels" * bool(self.channels)


@dataclass(frozen=True)
class Result:
    """The measured values of a case by contender, and remarks on contenders that failed or gave other results."""

    subject: Subject
    values: dict[str, Timing]
    notes: dict[str, str] = field(default_factory=dict)

    def ratio(self, name: str, other: str) -> float:
        """How many times as long (or as much) as another."""
        return self.values[name].median / self.values[other].median


@dataclass
class Results:
    """All that a run of the suite measured, or several did, and on what."""

    scale: str
    machine: dict[str, Any]
    cases: list[Result] = field(default_factory=list)
    runs: int = 1

    @property
    def heading(self) -> str:
        """The machine and the versions, in a line."""
        told = self.machine
        versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
        busy = f" (busy with other work, load {told['load']:.1f})" * (told["load"] > BUSY)
        runs = f", {self.runs} runs" * (self.runs > 1)
        return f"{told['processor']}, {told['cores']} cores{busy}{runs}; Python {told['python']}, {versions}"

    def families(self) -> dict[str, list[Result]]:
        """Results by family, in the order in which they were measured."""
        found: dict[str, list[Result]] = {}
        for result in self.cases:
            found.setdefault(result.subject.family, []).append(result)
        return found

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load(*paths: Path) -> Results:
    """The results in a file; of several files the median over their runs, for the cases that all of them have."""
    runs = [_load(path) for path in paths]
    cases = {case.subject: [case] for case in runs[0].cases}
    for run in runs[1:]:
        found = {case.subject: case for case in run.cases}
        cases = {subject: [*known, found[subject]] for subject, known in cases.items() if subject in found}
    load = median(run.machine["load"] for run in runs)
    merged = [_together(known) for known in cases.values()]
    return Results(runs[0].scale, {**runs[0].machine, "load": load}, merged, len(runs))


def _together(cases: Sequence[Result]) -> Result:
    """One case in several runs: medians of medians, and what was fastest in all."""
    values = {}
    for name in cases[0].values:
        if timings := [case.values[name] for case in cases if name in case.values]:
            least, rounds = min(t.minimum for t in timings), sum(t.rounds for t in timings)
            values[name] = Timing(median(t.median for t in timings), least, rounds)
    return Result(cases[0].subject, values, {name: note for case in cases for name, note in case.notes.items()})


def _load(path: Path) -> Results:
    told = json.loads(path.read_text("utf-8"))
    return Results(told["scale"], told["machine"], [_result(case) for case in told["cases"]])


def _result(told: dict[str, Any]) -> Result:
    values = {name: Timing(**value) for name, value in told["values"].items()}
    return Result(Subject(**told["subject"]), values, told["notes"])


def machine() -> dict[str, Any]:
    """The processor and the versions of what takes part."""
    return {
        "processor": _processor(),
        "cores": CORES,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        "python": platform.python_version(),
        "versions": {"dataflow-blocks": flow.__version__, **dict(_versions(PACKAGES))},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _versions(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
