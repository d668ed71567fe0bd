"""``dataflow calibrate``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataflow.cli import completion, options, output
from dataflow.cli.progress import Progress
from dataflow.training import trained_values

if TYPE_CHECKING:
    import dataflow as flow
    from dataflow.core.dtypes import Array
    from dataflow.quantize.found import Found
    from dataflow.quantize.model import Model
    from dataflow.quantize.statistics import Statistics
    from dataflow.quantize.targets import Target
    from dataflow.training.data import Split


class Part(click.ParamType):  # type: ignore[type-arg]
    """A part of rows: ``2/4`` is the second of four."""

    name = "part"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Which part, and of how many."""
        number, slash, count = str(value).partition("/")
        if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) <= 1_000_000):
            self.fail(f"must be a part such as 2/4, got '{value}'", param, ctx)
        return int(number), int(count)


@click.command("calibrate")
@options.graph_file
@options.params
@click.option(
    "--data",
    metavar="SPLIT|FILE",
    help="The rows to run: a split of the graph's data, or a file.  [default: train, or the first split]",
    shell_complete=completion.splits,
)
@options.values_from
@options.checkpoints
@options.which
@click.option("--samples", type=click.IntRange(min=1), metavar="N", help="Run so many rows, spread evenly over all.")
@click.option("--part", type=Part(), metavar="K/N", help="Run a part of the rows, to be merged with the others later.")
@click.option(
    "--merge",
    "merged",
    multiple=True,
    metavar="STATS",
    type=click.Path(),
    help="Run no rows: merge these statistics; may be repeated.",
)
@click.option(
    "--stats",
    "kept",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Where statistics are kept.  [default: <graph>.stats.npz beside the graph]",
)
@click.option(
    "--range",
    "method",
    metavar="METHOD",
    help="min_max, percentile:99.99, mse, entropy or moving_average.  [default: as the graph's recipe says, or mse]",
)
@click.option(
    "--bits",
    type=click.IntRange(2, 16),
    help="Width of quantizers that are to come.  [default: as the recipe says, or 8]",
)
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="Write the graph with the ranges to this file.")
@click.option("--in-place", is_flag=True, help="Write the ranges into the graph file.")
@click.option("--stats-only", is_flag=True, help="Keep statistics and find no ranges.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    data: str | None,
    source: str | None,
    folder: str | None,
    which: str,
    samples: int | None,
    part: tuple[int, int] | None,
    merged: tuple[str, ...],
    kept: str | None,
    method: str | None,
    bits: int | None,
    out: str | None,
    in_place: bool,
    stats_only: bool,
    as_json: bool,
) -> None:
    """Find the ranges of quantizers from the values on their wires.

    Rows run through the graph once, without its quantizers, and statistics of each wire are kept in a file. From them
    follow ranges by any method and width: where the file is of the same rows and variables already, no row runs again.
    A graph without quantizers is shown the ranges that `dataflow quantize` would take.
    """
    import dataflow as flow
    from dataflow.quantize.found import find_ranges, with_ranges, write_ranges
    from dataflow.quantize.model import Model
    from dataflow.quantize.section import quantization_section
    from dataflow.quantize.statistics_file import kept_beside, write_statistics
    from dataflow.quantize.targets import find_targets

    _check_together(merged, stats_only, (data, source, folder, samples, part), out, in_place)
    graph = options.load(path, params)
    targets = find_targets(graph, quantization_section(graph))
    _check_targets(graph, path, targets, bits, out, in_place)
    of_part = "" if part is None else f".{part[0]}of{part[1]}"
    place = Path(kept) if kept is not None else kept_beside(path, of_part)
    if merged:
        statistics, again = _merged(merged, targets), False
    else:
        own = {name for target in targets for name in target.variables.values()}
        values, fitted = trained_values.values_of(graph, path, source, folder, which, own)
        rows = _rows(graph, data, fitted)
        statistics, again = _seen(Model.of(graph, values), rows, targets, samples, part, place, not as_json)
    if not again:
        write_statistics(place, statistics)
    if stats_only:
        _say_kept(place, statistics, again, as_json)
        return
    found = find_ranges(targets, statistics, method, bits)
    if out is not None:
        flow.save(with_ranges(graph, found), out)
    elif in_place:
        write_ranges(path, found)
    if as_json:
        told = [each.told for each in found]
        output.say(output.json_text({"statistics": str(place), "rows": statistics.row_count, "ranges": told}))
        return
    _table(found)
    _say_kept(place, statistics, again, as_json)
    if targets[0].quantizer is None:
        output.say(f"next: dataflow quantize {shlex.quote(path)} --stats {shlex.quote(str(place))} -o FILE")
    if out is not None or in_place:
        output.say(f"{out or path}: {len(found)} ranges")


def _check_together(
    merged: Sequence[str], stats_only: bool, rows: Sequence[object], out: str | None, in_place: bool
) -> None:
    """Raise UsageError where options contradict each other; ``rows`` are those about the rows to run."""
    if merged and any(each is not None for each in rows):
        raise click.UsageError(
            "--merge: must be given without --data, --from, --checkpoints, --samples and --part, as no row runs"
        )
    if out is not None and in_place:
        raise click.UsageError("-o and --in-place: must be given one of them, got both")
    if stats_only and (out is not None or in_place):
        raise click.UsageError("--stats-only: must be given without -o and --in-place, as it finds no ranges")


def _check_targets(
    graph: flow.Graph, path: str, targets: Sequence[Target], bits: int | None, out: str | None, in_place: bool
) -> None:
    """Raise DataflowError where there is nothing to calibrate, or nothing to write ranges into."""
    import dataflow as flow
    from dataflow.cli import out_file

    if not targets:
        raise flow.DataflowError(
            f"{path}: must have quantizers whose ranges are variables, or layers to quantize, got neither"
        )
    if bits is not None and targets[0].quantizer is not None:
        raise flow.DataflowError(
            f"{path}: --bits must be for quantizers that are to come, got {bits} for a graph with quantizers; "
            "set the width there"
        )
    option = "-o" if out is not None else "--in-place"
    if (out is not None or in_place) and targets[0].quantizer is None:
        raise flow.DataflowError(
            f"{path}: must have quantizers to write ranges for, got none; leave {option} out, and `dataflow quantize` "
            "puts them in"
        )
    if out is not None:
        out_file.keep_read(out, graph, path)


def _merged(files: Sequence[str], targets: Sequence[Target]) -> Statistics:
    from dataflow.core.errors import DataflowError
    from dataflow.quantize.statistics import merge
    from dataflow.quantize.statistics_file import read_statistics

    made = merge([read_statistics(file) for file in files])
    if missing := [target.wire for target in targets if target.wire not in made.wires]:
        raise DataflowError(f"{files[0]}: must have statistics of '{missing[0]}', got none; calibrate this graph again")
    return made


def _rows(graph: flow.Graph, data: str | None, fitted: dict[str, Any] | None) -> Split:
    """The rows of a split, or of a file where no split has its name."""
    from dataflow.training.data import split
    from dataflow.training.data.new_rows import rows_of_file
    from dataflow.training.data.section import data_section
    from dataflow.training.data.splits import training_split

    splits = data_section(graph)
    if data is not None and data not in splits and Path(data).exists():
        return rows_of_file(graph, data, fitted)
    return split(graph, data or (training_split(splits) if splits else None), fitted)


def _seen(
    model: Model, rows: Split, targets: Sequence[Target], samples: int | None, part: tuple[int, int] | None,
    place: Path, live: bool,
) -> tuple[Statistics, bool]:  # fmt: skip
    """The statistics of the wires, and whether they are those that were kept."""
    from dataflow.core.errors import DataflowError
    from dataflow.files.atomic import check_writable
    from dataflow.quantize.calibration import Calibration
    from dataflow.quantize.statistics_file import read_statistics
    from dataflow.quantize.targets import without_quantizers

    run = Calibration(without_quantizers(model), rows, {each.wire: each.observed for each in targets}, samples)
    taken = run.part(*part) if part else None
    try:
        known = read_statistics(place)
    except DataflowError:
        known = None  # none yet, or a damaged one that is written anew
    if known is not None and run.is_done_by(known, taken):
        return known, True
    check_writable(place)
    with Progress("rows", live) as progress:
        return run.statistics(taken, progress.tick), False


def _table(found: Sequence[Found]) -> None:
    headers = ("wire", "bits", "min", "max", "scale", "zero point", "clipped %")
    output.table(headers, [_row(each) for each in found])
    for each in found:
        if each.seen.not_finite:
            output.say(
                f"warning: '{each.target.wire}': {each.seen.not_finite} of {each.seen.total} values are not finite, "
                "and left out", err=True,
            )  # fmt: skip


def _row(found: Found) -> tuple[Any, ...]:
    def shown(values: Array) -> float | str:
        flat = values.reshape(-1)
        return flat[0].item() if values.ndim == 0 else f"{flat.min():.6g} .. {flat.max():.6g}"

    numbers = (found.low, found.high, found.grid.scale, found.grid.zero_point)
    return found.target.wire, found.grid.bits, *map(shown, numbers), 100 * found.clipped


def _say_kept(place: Path, statistics: Statistics, again: bool, as_json: bool) -> None:
    if as_json:
        told = {"statistics": str(place), "rows": statistics.row_count, "wires": [*statistics.wires]}
        output.say(output.json_text(told))
        return
    how = "kept already, no row was run" if again else "statistics kept"
    output.say(f"{place}: {statistics.row_count:,} rows, {how}")
