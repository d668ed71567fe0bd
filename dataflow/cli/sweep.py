"""``dataflow sweep``."""

from __future__ import annotations

import hashlib
import itertools
import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dataflow import interrupt
from dataflow.cli import completion, options, out_file, output
from dataflow.cli.progress import Progress
from dataflow.core.errors import DataflowError
from dataflow.graphfile import shipped
from dataflow.quantize import WIDTHS
from dataflow.training import trained_values

if TYPE_CHECKING:
    from dataflow.quantize.model import Model
    from dataflow.quantize.sweep import Kept
    from dataflow.quantize.trials import Trials
    from dataflow.training.data import Split

T = TypeVar("T")
Results = Mapping[str, Mapping[str, Any]]  # by key


@click.command("sweep")
@options.graph_file
@click.option("-p", "--param", "params", multiple=True, metavar="KEY=VALUES", help="A parameter over 2..8 or 2,4,8.")
@click.option("--sensitivity", is_flag=True, help="Round the weights of one layer at a time, to each of the widths.")
@click.option("--budget", metavar="SIZE", help="Find the best widths within 12KiB, 4bits a weight, or 1e7BOPs a row.")
@click.option("--predict", is_flag=True, help="Rank widths by gradients; no quantized network is run for it.")
@click.option("--bits", default=WIDTHS, show_default=True, help="The widths that layers may have.")
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="With --budget: write the quantized graph.")
@click.option(
    "-s",
    "--split",
    "name",
    help="The rows to measure with.  [default: validation, or test, or the last split]",
    shell_complete=completion.splits,
)
@click.option("--samples", type=click.IntRange(1), help="How many rows, spread evenly.  [default: all]")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that measure at a time.")
@click.option("--resume", is_flag=True, help="Go on with the results in <graph>.sweep.json.")
@options.values_from
@options.checkpoints
@options.which
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    sensitivity: bool,
    budget: str | None,
    predict: bool,
    bits: str,
    out: str | None,
    name: str | None,
    samples: int | None,
    jobs: int,
    resume: bool,
    source: str | None,
    folder: str | None,
    which: str,
    as_json: bool,
) -> None:
    """Measure a graph over values of its parameters, or layer by layer over widths, and find the best widths.

    Ctrl+C shows what was measured by then, which --resume goes on with.
    """
    import dataflow as flow
    from dataflow.quantize import layer_sweep
    from dataflow.quantize.predict import predict_errors

    by_layer = sensitivity or budget is not None or predict
    if bool(params) == by_layer:
        raise click.UsageError("must be given -p KEY=VALUES, or one of --sensitivity, --budget and --predict")
    if out is not None:
        if budget is None:
            raise click.UsageError("-o: must be given with --budget, which finds what is written")
        out_file.keep_read(out, flow.load(path), path)
    setup = {
        "path": path, "split": name, "samples": samples, "source": source, "folder": folder, "which": which,
        "layers": by_layer,
    }  # fmt: skip
    if params:
        _over_params(setup, params, jobs, resume, as_json)
        return
    widths = _told("--bits", partial(layer_sweep.widths_of, bits))
    if budget is not None:
        _told("--budget", partial(layer_sweep.budget_of, budget))  # before anything is measured
    _begin(setup)
    trials: Trials = _process["trials"]
    show = partial(_show, widths=widths, predict=predict, as_json=as_json)
    with Progress("measurements", not as_json) as bar:
        if predict:
            errors = predict_errors(trials.model, trials.recipe, trials.layers, widths, trials.data, trials.samples)
        else:
            errors = _errors(trials, setup, widths, jobs, resume, bar, show)
    found: dict[str, Any] = {"layers": layer_sweep.by_layer(trials.signal, errors)}
    if budget is not None:
        found["budget"] = _told("--budget", partial(layer_sweep.within, trials, errors, widths, budget))
    if out is not None:
        _write(trials, found["budget"]["bits"], path, out)
    show(found)
    if out is not None and not as_json:
        output.say(f"written: {out}; next: dataflow evaluate {shlex.quote(out)}")


# -- over parameters ------------------------------------------------------------------------------------------------


def _over_params(setup: dict[str, Any], params: Sequence[str], jobs: int, resume: bool, as_json: bool) -> None:
    from dataflow.quantize.sweep import run_all, values_of

    given = {name: values_of(text) for name, text in options.pairs(params, "-p").items()}
    keys = [json.dumps(dict(zip(given, each, strict=True))) for each in itertools.product(*given.values())]
    _begin(setup)
    kept = _kept(setup, resume)

    def show(found: Results) -> None:
        rows = [{**json.loads(key), **result} for key, result in found.items()]
        if as_json:
            output.say(output.json_text({"results": rows}))
            return
        headers = list(dict.fromkeys(name for row in rows for name in row))
        output.table(headers, [[_cell(row.get(name)) for name in headers] for row in rows])

    with Progress("measurements", not as_json) as bar, _shown_if_stopped(keys, kept, bar, show):
        found = run_all(keys, _with_params, kept, jobs, (_begin, (setup,)), bar.tick)
    show(found)


def _with_params(key: str) -> dict[str, Any]:
    """The metrics of the graph with the parameters that a key says, and the SQNR of its answers if it is quantized."""
    from dataflow.quantize.stages import quantizers, with_only
    from dataflow.quantize.trials import outcome_of
    from dataflow.training.evaluation import evaluate, metrics

    model, data, samples = _loaded(json.loads(key))
    names = metrics(model.graph)
    found: dict[str, Any] = dict(evaluate(model.graph, data, names, model.values)) if names else {}
    if quantizers(model):
        found["SQNR"] = outcome_of(model, with_only(model, ()), data, samples).sqnr
    return found


# -- layer by layer -------------------------------------------------------------------------------------------------


def _errors(
    trials: Trials,
    setup: dict[str, Any],
    widths: Sequence[int],
    jobs: int,
    resume: bool,
    bar: Progress,
    show: Callable[[dict[str, Any]], None],
) -> dict[tuple[str, int], float]:
    """The error of the answers with the weights of each layer alone rounded to each width."""
    from dataflow.quantize.layer_sweep import by_layer
    from dataflow.quantize.sweep import run_all

    keys = {f"{layer}={bits}": (layer, bits) for layer in trials.layers for bits in widths}
    kept, signal = _kept(setup, resume), trials.signal
    _begin(setup)

    def errors(found: Results) -> dict[tuple[str, int], float]:
        return {keys[key]: float(result["error"]) for key, result in found.items()}

    def show_some(found: Results) -> None:
        show({"layers": by_layer(signal, errors(found))})

    with _shown_if_stopped([*keys], kept, bar, show_some):
        return errors(run_all([*keys], _of_layer, kept, jobs, (_begin, (setup,)), bar.tick))


def _of_layer(key: str) -> dict[str, Any]:
    layer, _, bits = key.rpartition("=")
    outcome = _process["trials"].alone(layer, int(bits))
    return {"error": outcome.error, "signal": outcome.signal}


def _told(option: str, call: Callable[[], T]) -> T:
    """What a function gives; its error tells of the option."""
    from dataflow.quantize.layer_sweep import TooSmall

    try:
        return call()
    except TooSmall as error:
        raise DataflowError(f"{option}: {error}") from None
    except DataflowError:
        raise
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None


def _write(trials: Trials, bits: Mapping[str, int], path: str, out: str) -> None:
    import dataflow as flow
    from dataflow.quantize import recipe as recipes
    from dataflow.quantize.pipeline import quantize

    said = trials.recipe.source
    source = path if said is None else shipped.place_of(path, said)
    recipe = recipes.recipe({**trials.assigned(bits).given(), "source": shipped.named_in(out, source)})
    made = quantize(trials.model.graph, recipe, trials.model.values, trials.data, trials.statistics, fold=False)
    flow.save(made.graph, out)


# -- loading --------------------------------------------------------------------------------------------------------

_process: dict[str, Any] = {}  # what a process measures


def _begin(setup: dict[str, Any]) -> None:
    """Tell a process what it measures."""
    if _process.get("setup") != setup:
        _process.clear()
        _process["setup"] = setup
        if setup["layers"]:
            from dataflow.quantize import layer_sweep

            _process["trials"] = layer_sweep.float_trials(*_loaded({}))


def _loaded(params: Mapping[str, Any]) -> tuple[Model, Split, int | None]:
    """The model with these parameters, and the rows."""
    import dataflow as flow
    from dataflow.quantize.model import Model
    from dataflow.training.data import split

    setup = _process["setup"]
    graph = flow.load(setup["path"], **params)
    values, fitted = trained_values.values_of(graph, setup["path"], setup["source"], setup["folder"], setup["which"])
    splits = list(graph.sections.get("data") or {})
    usual = [name for name in ("validation", "validate", "test") if name in splits] or splits[-1:]
    return (
        Model.of(graph, values),
        split(graph, setup["split"] or (usual[0] if usual else None), fitted),
        setup["samples"],
    )


def _kept(setup: dict[str, Any], resume: bool) -> Kept:
    """The file of results; without --resume it is begun anew."""
    from dataflow.quantize.digests import data_digest, graph_digest, values_digest
    from dataflow.quantize.sweep import ENDING, Kept

    model, data, _ = _loaded({})
    said = [model.graph.sections.get("quantization"), setup]
    text = json.dumps([graph_digest(model.graph), values_digest(model.values), *said], sort_keys=True, default=str)
    digest = hashlib.sha256((text + data_digest(model.graph, data, setup["split"] or "")).encode()).hexdigest()
    kept = Kept(Path(setup["path"]).with_suffix(ENDING), digest)
    if not resume:
        kept.results = {}
    return kept


@contextmanager
def _shown_if_stopped(
    keys: Sequence[str], kept: Kept, bar: Progress, show: Callable[[Results], None]
) -> Iterator[None]:
    """A block in which Ctrl+C shows what is measured by then, before it ends the process."""

    def tell() -> None:
        found = {key: kept.results[key] for key in keys if key in kept.results}
        bar.stop()
        with suppress(output.Unread, DataflowError):
            if found:
                show(found)
            output.say(f"{len(found)} of {len(keys)} are measured and kept; --resume goes on with them", err=True)

    interrupt.before_end.append(tell)
    try:
        yield
    finally:
        interrupt.before_end.remove(tell)


# -- showing --------------------------------------------------------------------------------------------------------


def _show(found: dict[str, Any], widths: Sequence[int], predict: bool, as_json: bool) -> None:
    if as_json:
        output.say(output.json_text(found))
        return
    head = "SQNR predicted" if predict else "SQNR"
    rows = [[row["layer"], *(_cell(row["sqnr"].get(str(bits))) for bits in widths)] for row in found["layers"]]
    output.table([f"{head} of the answers, dB", *(f"{bits} bits" for bits in widths)], rows)
    if (budget := found.get("budget")) is None:
        return
    output.say()
    output.table(("layer", "bits"), list(budget["bits"].items()))
    told = f"{budget['cost']:,} of {budget['of']:,} {budget['unit']}; SQNR {budget['predicted']:.1f} dB predicted"
    output.say(f"{told}, {budget['measured']:.1f} dB measured")
    if "uniform" in budget:
        output.say(f"{budget['uniform']['bits']} bits for all: {budget['uniform']['measured']:.1f} dB")


def _cell(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else value
