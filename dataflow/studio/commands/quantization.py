"""Commands that quantize the open document, as those of the command line do, and what so many bits cost."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dataflow.core.errors import DataflowError
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.shipped import named_in
from dataflow.quantize import WIDTHS
from dataflow.quantize.statistics_file import kept_beside
from dataflow.studio.commands.arguments import (
    MAX_PATH,
    Arguments,
    choice,
    flag,
    known,
    mapping,
    names,
    optional,
    text,
    whole,
)  # fmt: skip
from dataflow.studio.commands.runs import placing, source_of
from dataflow.studio.desk import Named
from dataflow.studio.jobs.bits import Bits
from dataflow.studio.jobs.call import Work
from dataflow.studio.jobs.quantization import (
    Calibrate,
    Quantize,
    Report,
    Trained,
    check_free,
    report_of,
)
from dataflow.studio.jobs.sweep import Sweep
from dataflow.studio.longer import Finished
from dataflow.studio.runs import Plain
from dataflow.studio.studio import Handler, Studio

PREPARING = 300.0  # seconds in which the first answer about bits must come, for which rows are run and kept
_LEARNT = ("range", "lsq", "pact", "tqt")
_ROUNDINGS = ("nearest", "adaround", "gptq")
_QUANTIZE = (
    "rounding_of_weights", "learn", "skip", "override", "separate", "float_bias", "no_fold", "equalize",
    "correct_bias", "split", "samples",
)  # fmt: skip


def _trained(studio: Studio) -> Trained:
    """The open document, and where files go that are written beside it."""
    folder = studio.require().checkpoints
    home = folder.with_suffix(Path(studio.require().path).suffix or ".yaml")
    for path in (folder, kept_beside(home), report_of(home)):
        studio.project.check(path)
    return Trained(source_of(studio), home, folder)


def _calibrate(studio: Studio, given: Arguments) -> object:
    known(given, "split", "samples")
    desk, (name, samples) = studio.require(), _rows(given)

    def finished(found: Plain) -> None:
        values = found["values"]
        if not isinstance(values, dict) or not values:
            return
        with studio.lock:
            try:
                if desk.view.scope or studio.desks.get(desk.path) is not desk:
                    raise DataflowError(f"{desk.path} is not shown by now; show it, and calibrate again")
                desk.change("calibrate", partial(_begin_with, values))
            except DataflowError as error:
                file = {"path": desk.path, "address": ""}
                message = f"the ranges are not written: {error}"
                studio.publish({"event": "said", "level": "warning", "message": message, "about": {"file": file}})
                return
            if studio.desk is desk:
                studio.show()

    return _start(studio, "calibrate", Calibrate(_trained(studio), name, samples), finished)


def _begin_with(values: Plain, editor: Editor) -> Named:
    """Give variables of the file these first values."""
    for name, value in values.items():
        editor.set(f"{name}.initvalues", value)
    return Named()


def _quantize(studio: Studio, given: Arguments) -> object:
    known(given, "out", "weights", "activations", "options", "overwrite")
    overwrite, options = flag(given, "overwrite"), mapping(given, "options", {})
    known(options, *_QUANTIZE)
    out = studio.project.find(text(given, "out", limit=MAX_PATH))
    if out.suffix not in (".yaml", ".yml"):
        raise DataflowError(f"'out' must be a graph file, .yaml, got '{out.name}'")
    check_free(out, overwrite)
    studio.project.check(kept_beside(out))
    name, samples = _rows(options)
    rounding = choice(options, "rounding_of_weights", _ROUNDINGS, "") if options.get("rounding_of_weights") else None
    learn = choice(options, "learn", _LEARNT, "") if options.get("learn") else None
    work = Quantize(
        _trained(studio),
        out,
        named_in(str(out), studio.require().top.location),
        text(given, "weights", "8", limit=100),
        text(given, "activations", "8", limit=100),
        names(options, "override", []),
        names(options, "skip", []),
        flag(options, "separate"),
        rounding,
        learn,
        flag(options, "float_bias"),
        not flag(options, "no_fold"),
        flag(options, "equalize"),
        flag(options, "correct_bias"),
        name,
        samples,
        overwrite,
    )
    return _start(studio, "quantize", work)


def _sweep(studio: Studio, given: Arguments) -> object:
    known(given, "options")
    options = mapping(given, "options", {})
    known(options, "sensitivity", "budget", "predict", "bits", "split", "samples")
    name, samples = _rows(options)
    budget, bits = text(options, "budget", "", limit=100), text(options, "bits", WIDTHS, limit=100)
    flag(options, "sensitivity")
    return _start(studio, "sweep", Sweep(_trained(studio), bits, budget, flag(options, "predict"), name, samples))


def _report(studio: Studio, given: Arguments) -> object:
    known(given)
    return _start(studio, "report", Report(_trained(studio)))


def _bits(studio: Studio, given: Arguments) -> object:
    known(given, "weights", "activations")
    widths = [whole(given, name, 0, 16) for name in ("weights", "activations")]
    with studio.lock:
        work = Bits(source_of(studio), studio.require().checkpoints, *widths)
    return studio.work.values.result(work, PREPARING)


def _rows(given: Arguments) -> tuple[str, int | None]:
    """The split whose rows are taken, and how many of it."""
    samples = optional(given, "samples", lambda held, name: whole(held, name, 1, 1 << 31))
    return text(given, "split", "", limit=MAX_PATH), samples


def _start(studio: Studio, kind: str, work: Work, finished: Finished = lambda _: None) -> object:
    desk = studio.require()

    def filed(file: str) -> Plain:
        path = studio.project.shown(file)
        return {"path": path, "address": studio.reports.address(path)}

    title = f"{kind.capitalize()} {Path(desk.path.removeprefix('dataflow:')).name}"
    number = studio.work.jobs.start(kind, title, work, filed, placing(desk), finished)
    return {"number": number}


COMMANDS: dict[str, Handler] = {
    "calibrate": _calibrate,
    "quantize": _quantize,
    "sweep": _sweep,
    "report": _report,
}
QUERIES: dict[str, Handler] = {"bits": _bits}
