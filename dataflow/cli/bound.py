"""``dataflow bound``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import count
from typing import TYPE_CHECKING

import click

from dataflow.cli import completion, options, out_file, output
from dataflow.training import trained_values

if TYPE_CHECKING:
    import dataflow as flow
    from dataflow.core.dtypes import Array
    from dataflow.quantize.bounds import Bounds, Width
    from dataflow.quantize.model import Model
    from dataflow.quantize.witness import Witness

_ROWS = 256  # of data at a time


@dataclass(frozen=True)
class Row:
    """An accumulator in the table: bits by the widths of the codes, as derived and as observed, and the ends."""

    node: str
    block: str
    terms: int | None
    by_type: int | None
    derived: int | None
    observed: int | None
    low: int | None
    high: int | None
    float32: str
    reached: int | None = None
    attained: bool | None = None
    why: str = ""


@click.command("bound")
@options.graph_file
@options.params
@click.option(
    "--from",
    "source",
    metavar="FOLDER|FILE",
    type=click.Path(),
    help="Take the variables of a folder of checkpoints, or of an .npz or .safetensors file.  "
    "[default: <graph>.checkpoints where there is one, else their initial values]",
)
@click.option(
    "--data",
    "data",
    metavar="SPLIT|FILE",
    help="Run this split of the graph's data, or this file, and show what the accumulators held.",
    shell_complete=completion.splits,
)
@click.option("--accumulator", type=click.IntRange(1), metavar="BITS", help="Fail if one is not proven to fit.")
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="Write witnesses to this .npz, a row each.")
@click.option("--ranges", "all_ranges", is_flag=True, help="Show the range of every node instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    source: str | None,
    data: str | None,
    accumulator: int | None,
    out: str | None,
    all_ranges: bool,
    as_json: bool,
) -> int:
    """Show how wide each integer accumulator must be, proven from the ranges of the inputs.

    Give inputs a `range: [low, high]`. With -o, inputs that drive each accumulator as far as possible are written;
    `dataflow run -i NAME=FILE` replays them.
    """
    import dataflow as flow
    from dataflow.files.atomic import check_writable, write_arrays
    from dataflow.quantize import witness
    from dataflow.quantize.bounds import derive_bounds
    from dataflow.quantize.observed import observed

    graph = options.load(path, params)
    if out is not None:
        if not out.endswith(".npz"):
            raise click.UsageError(f"-o: must end in .npz, got '{out}'")
        out_file.keep_read(out, graph, path, others={source: "the variables"} if source else {})
        check_writable(out)
    bounds = derive_bounds(_model(graph, path, source))
    if all_ranges:
        _ranges(bounds, as_json)
        return 0
    seen = observed(bounds, _batches(graph, data)) if data is not None else {}
    found: Mapping[str, Witness] = {}
    if out is not None:
        found = witness.find_witnesses(bounds)
        if not found:
            raise flow.DataflowError(
                f"{path}: no accumulator has a witness; one needs inputs with a range, and sums of quantized values"
            )
        write_arrays(out, witness.rows(graph, [*found.values()]))
    rows = [_row(width, seen.get(width.node.name), found.get(width.node.name)) for width in bounds.widths]
    if as_json:
        output.say(output.json_text([asdict(row) for row in rows]))
    else:
        _table(rows, data is not None, out is not None)
    unproven = [width for width in bounds.widths if accumulator is not None and not width.fits(accumulator)]
    for width in unproven:
        why = width.why or f"it needs {width.derived}"
        output.say(f"{width.node.who}: not proven to fit in {accumulator} bits: {why}", err=True)
    return 1 if unproven else 0


def _model(graph: flow.Graph, path: str, source: str | None) -> Model:
    """The graph with its variables: those given, else those of its checkpoints, else their initial values."""
    from dataflow.quantize.model import Model
    from dataflow.training.initial_values import initial_values, read_values

    beside = trained_values.checkpoint_folder(path, None)
    if source is None and any(node.block.stateful for node in graph.nodes.values()):
        if beside.is_dir():
            source = str(beside)
        elif any(node.block.makes_value for node in graph.nodes.values()):
            output.say(f"no {beside}: variables have their initial values; --from takes others", err=True)
    return Model.of(graph, None if source is None else initial_values(graph, read_values(source))[0])


def _batches(graph: flow.Graph, data: str) -> Iterator[Mapping[str, Array]]:
    from dataflow.training.data import split
    from dataflow.training.data.new_rows import rows_of_file

    found = split(graph, data) if data in graph.sections.get("data", {}) else rows_of_file(graph, data)
    return found.batches(_ROWS)


def _row(width: Width, seen: tuple[int, int] | None, found: Witness | None) -> Row:
    from dataflow.quantize.bounds import bits

    low, high = width.ends or (None, None)
    return Row(
        width.node.name,
        type(width.node.block).__name__,
        None if width.accumulator is None else width.accumulator.terms,
        width.by_type,
        width.derived,
        None if seen is None else bits(*seen),
        low,
        high,
        "" if width.ends is None else "exact" if width.exact_in_float32 else "rounds",
        None if found is None else found.reached,
        None if found is None else found.attained,
        width.why,
    )


def _table(rows: list[Row], observed: bool, witnessed: bool) -> None:
    """A line per accumulator; a dash where nothing is known."""
    if not rows:
        output.say("no products, so no accumulators")
        return
    columns = ["node", "block", "terms", "by_type", "derived", *["observed"] * observed, "low", "high", "float32"]
    headers = [name.replace("by_type", "by type") for name in columns]
    cells = [["-" if getattr(row, name) in (None, "") else getattr(row, name) for name in columns] for row in rows]
    if witnessed:
        headers.append("witness")
        number = count()
        for row, line in zip(rows, cells, strict=True):
            told = "attained" if row.attained else f"reaches {row.reached}"
            line.append("-" if row.reached is None else f"row {next(number)}: {told}")
    output.table(headers, cells)
    for row in rows:
        if row.why:
            output.say(f"{row.node}: {row.why}")


def _ranges(bounds: Bounds, as_json: bool) -> None:
    """The lowest and the highest value of each wire, and what that rests on."""
    rows = []
    for link, range in bounds.ranges.items():
        if range.low.dtype.kind != "c":
            rows.append((bounds.model.graph.deref(link).wire, *_ends(range.low, range.high), range.origin))
    if as_json:
        names = ("wire", "low", "high", "origin")
        output.say(output.json_text([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        output.table(("wire", "low", "high", "from"), rows)


def _ends(low: Array, high: Array) -> tuple[float, float]:
    least, most = (low.min(), high.max()) if low.size else (0, 0)
    return (int(least), int(most)) if low.dtype.kind in "iub" else (float(least), float(most))
