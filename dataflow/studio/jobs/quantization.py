"""Quantization as the commands do it: calibrate, quantize, report. Files are written beside the graph."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataflow.core.attrs import plain
from dataflow.core.cancellation import cancelled_by
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.files.atomic import check_writable, write_text
from dataflow.graph.graph import Graph
from dataflow.graphfile.load import load
from dataflow.graphfile.save import save
from dataflow.graphfile.shipped import place_of
from dataflow.graphfile.used_files import used_files
from dataflow.quantize.calibration import Calibration
from dataflow.quantize.found import Found, find_ranges
from dataflow.quantize.model import Model
from dataflow.quantize.pipeline import quantize
from dataflow.quantize.recipe_options import recipe_of
from dataflow.quantize.report import report, results, worst
from dataflow.quantize.report_page import ENDING, page
from dataflow.quantize.round_weights import needs_rows
from dataflow.quantize.section import quantization_section
from dataflow.quantize.stages import quantizers, reference_of
from dataflow.quantize.statistics import Statistics
from dataflow.quantize.statistics_file import kept_beside, read_statistics, write_statistics
from dataflow.quantize.targets import find_targets, without_quantizers
from dataflow.studio.jobs.call import Call, Memory
from dataflow.studio.jobs.source import Source
from dataflow.training.data import Split, split
from dataflow.training.data.splits import training_split
from dataflow.training.trained_values import values_of

TOLD = 0.1  # seconds from one event to the next


@dataclass
class Bar:
    """Tells how much of a job is done, at most ten times a second; ends it where it was cancelled.

    found : what the job has found by then, as its result will have it.
    """

    call: Call
    what: str
    found: Callable[[], object] | None = None
    _told: float = field(default=0.0, repr=False)
    _last: tuple[int, int] = field(default=(0, 0), repr=False)

    def tick(self, done: int, total: int) -> None:
        """So much of all is done."""
        self._last = done, total
        self.call.check()
        now = time.monotonic()
        if now - self._told >= TOLD or done == total:
            self._told = now
            self.tell()

    def tell(self) -> None:
        """Tell it now."""
        done, total = self._last
        found = {} if self.found is None else {"result": self.found()}
        message = f"{done:,} of {total:,} {self.what}"
        self.call.tell({"event": "job", "done": done, "total": total, "message": message, **found})


@dataclass(frozen=True)
class Trained:
    """The open graph with the values that training has left it.

    home : a path beside which files are written: that of the graph, or in the project of one of the package.
    folder : of its checkpoints.
    """

    source: Source
    home: Path
    folder: Path

    def values(
        self, graph: Graph, optional: Sequence[str] = ()
    ) -> tuple[Mapping[str, Array], Mapping[str, Any] | None]:
        """The variables of the best checkpoint, and what training told of the inputs."""
        folder = str(self.folder) if self.folder.exists() else None
        return values_of(graph, self.source.path, None, folder, "best", optional)

    def rows(self, graph: Graph, name: str, fitted: Mapping[str, Any] | None, usual: Sequence[str] = ()) -> Split:
        """The split of this name, or the first of the usual ones that there is, or else that for training."""
        splits = graph.sections.get("data") or {}
        found = name or next((each for each in usual if each in splits), None)
        return split(graph, found or (training_split(splits) if splits else None), fitted)

    def measured(self, graph: Graph, fitted: Mapping[str, Any] | None, name: str = "") -> tuple[str, Split]:
        """The split whose rows a report is of, and these: the one of this name, or ``test``, or the last."""
        splits = graph.sections.get("data") or {}
        found = name or ("test" if "test" in splits else [*splits][-1] if splits else "")
        return found, split(graph, found or None, fitted)


@dataclass(frozen=True)
class Calibrate:
    """`dataflow calibrate`: statistics of the wires are kept in a file, ranges follow from them."""

    trained: Trained
    split: str = ""
    samples: int | None = None

    def work(self, call: Call, memory: Memory) -> object:
        """The ranges as a table, and as ``values`` those that variables of the file are to begin with."""
        graph = self.trained.source.graph()
        targets = find_targets(graph, quantization_section(graph))
        if not targets:
            raise DataflowError(
                f"graph '{graph.name}': must have quantizers whose ranges are variables, or layers to quantize, got "
                "neither; add a layer"
            )
        own = [name for target in targets for name in target.variables.values()]
        values, fitted = self.trained.values(graph, own)
        rows = self.trained.rows(graph, self.split, fitted)
        observed = {target.wire: target.observed for target in targets}
        run = Calibration(without_quantizers(Model.of(graph, values)), rows, observed, self.samples)
        place = kept_beside(self.trained.home)
        known = _known(place)
        if known is None or not run.is_done_by(known):
            check_writable(place)
            with cancelled_by(call.cancelled):
                known = run.statistics(tick=Bar(call, "rows").tick)
            write_statistics(place, known)
        found = find_ranges(targets, known)
        given = {
            name: plain(value)
            for each in found
            if each.target.quantizer is not None
            for name, value in each.target.values(each.low, each.high).items()
        }
        message = f"{len(found)} ranges from {known.row_count:,} rows"
        return {"message": message, "files": [str(place)], "result": [_told(each) for each in found], "values": given}


def _known(place: Path) -> Statistics | None:
    """The statistics that are kept; None where there are none yet, or damaged ones that are written anew."""
    with suppress(DataflowError):
        return read_statistics(place)
    return None


def _told(found: Found) -> dict[str, object]:
    """A range as a row of a table."""
    told = found.told
    ends = {key: told[key] for key in ("min", "max", "scale", "zero_point")}
    short = {key: value if not isinstance(value, list) else f"{len(value)} channels" for key, value in ends.items()}
    return {"wire": told["wire"], "clipped %": 100 * told["clipped"], **short, "bits": told["bits"]}


@dataclass(frozen=True)
class Quantize:
    """`dataflow quantize`, with its options by name; ``source`` is the float graph as the made file names it."""

    trained: Trained
    out: Path
    named: str
    weights: str
    activations: str
    overrides: Sequence[str] = ()
    skip: Sequence[str] = ()
    separate: bool = False
    rounding: str | None = None
    learn: str | None = None
    float_bias: bool = False
    fold: bool = True
    equalize: bool = False
    correct_bias: bool = False
    split: str = ""
    samples: int | None = None
    overwrite: bool = False

    def work(self, call: Call, memory: Memory) -> object:
        """What was done, a line each; the file of the graph and that of the statistics."""
        graph = self.trained.source.graph()
        read = {Path(self.trained.source.path), *used_files(graph)}
        if self.out.resolve() in {path.resolve() for path in read}:
            raise DataflowError(f"{self.out.name}: is a file that the graph is read from; name another one")
        recipe = recipe_of(
            self.named, None, self.weights, self.activations, self.overrides, self.skip, self.separate, self.rounding,
            self.learn, self.float_bias,
        )  # fmt: skip
        values, fitted = self.trained.values(graph)
        rows = self.trained.rows(graph, self.split, fitted) if graph.sections.get("data") else None
        bar = Bar(call, "rows")
        with cancelled_by(call.cancelled):
            made = quantize(
                graph, recipe, values, rows, None, self.samples, self.fold, self.equalize, self.correct_bias, bar.tick
            )
            cost = self._cost(made.model, Model.of(graph, values), graph, fitted, call)
        call.check()
        check_free(self.out, self.overwrite)  # one may have come meanwhile
        save(made.graph, self.out)
        files = [str(self.out)]
        if made.statistics is not None:
            place = kept_beside(self.out)
            write_statistics(place, made.statistics)
            files.append(str(place))
        rounded = " with rows for its rounding" if needs_rows(recipe) else ""
        message = "; ".join(part for part in (f"written: {self.out.name}{rounded}", cost) if part)
        return {"message": message, "files": files, "result": list(made.model.notes)}

    def _cost(self, model: Model, source: Model, graph: Graph, fitted: Mapping[str, Any] | None, call: Call) -> str:
        """What the quantized graph costs, on the rows of a report; the graph is made although it cannot be measured."""
        if not graph.sections.get("data") or not quantizers(model):
            return ""
        try:
            name, rows = self.trained.measured(graph, fitted)
            call.tell({"event": "job", "done": 0, "total": 1, "message": f"{rows.length:,} rows through both graphs"})
            return _in_short(results(model, reference_of(model, source), rows), name)
        except DataflowError as error:
            return f"not measured: {error}"


def report_of(home: Path) -> Path:
    """The page that a report writes beside a graph."""
    return home.with_suffix(ENDING)


def check_free(out: Path, overwrite: bool) -> None:
    """Refuse to write over a file, unless a person wants that."""
    if not overwrite and os.path.lexists(out):
        raise DataflowError(f"{out.name}: is there already; overwrite it, or name another file")


@dataclass(frozen=True)
class Report:
    """`dataflow report`: what quantization costs, node by node and why."""

    trained: Trained
    split: str = ""
    samples: int | None = None

    def work(self, call: Call, memory: Memory) -> object:
        """The figures, and a page with all of them beside the graph."""
        graph, path = self.trained.source.graph(), self.trained.source.path
        values, fitted = self.trained.values(graph)
        model = Model.of(graph, values)
        if not quantizers(model):
            raise DataflowError(f"graph '{graph.name}': must have quantizers, got none; quantize it first")
        name, rows = self.trained.measured(graph, fitted, self.split)
        call.tell({"event": "job", "done": 0, "total": 1, "message": f"{rows.length:,} rows through both graphs"})
        with cancelled_by(call.cancelled):
            found = report(model, reference_of(model, _float(graph, path)), rows, self.samples)
        place = report_of(self.trained.home)
        check_writable(place)
        history = self.trained.folder / "history.csv"
        write_text(place, page(found, graph, history if history.exists() else None))
        message = f"written: {place.name}; {_in_short(found, name)}"
        return {"message": message, "files": [str(place)], "result": _figures(found)}


def _float(graph: Graph, path: str) -> Model | None:
    """The float graph that the section names, with its values; None where there is none to be had."""
    section = quantization_section(graph)
    if section is None or not section.source:
        return None
    with suppress(DataflowError):
        place = place_of(path, section.source)
        found = load(place)
        return Model.of(found, values_of(found, place, None, None, "best")[0])
    return None


def _in_short(found: Mapping[str, Any], name: str) -> str:
    """The first figures of a report in a line: metrics in float and quantized, SQNR, and of which rows they are."""
    metrics = {
        key: [pair["float"], pair["quantized"]] for key, pair in found["metrics"].items() if None not in pair.values()
    }
    parts = [f"{key} {exact:.4g} in float, {given:.4g} quantized" for key, (exact, given) in metrics.items()]
    for each in found["answers"]:
        of = f" of {each['wire']}" if len(found["answers"]) > 1 else ""
        parts.append(f"SQNR{of} " + ("without end" if each["sqnr"] is None else f"{each['sqnr']:.1f} dB"))
    return f"{'; '.join(parts)} ({found['rows']:,} rows of {name})"


def _figures(found: Mapping[str, Any]) -> dict[str, object]:
    """What of a report is shown beside its page."""
    size = found["size"]
    return {
        "metrics": [{"metric": name, **pair} for name, pair in found["metrics"].items()],
        "answers": [{"wire": each["wire"], "SQNR": each["sqnr"]} for each in found["answers"]],
        "size": {"float bytes": size["float"], "quantized bytes": size["quantized"]},
        "worst first": [
            {
                "node": node["node"],
                "SQNR accumulated": node["accumulated"],
                "SQNR alone": node["sqnr"],
                "clipped %": 100 * node["clipped"],
                "bits": node["bits"],
                "why": node["why"],
            }
            for node in worst(found, 20)
        ],
    }
