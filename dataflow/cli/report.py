"""``dataflow report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dataflow.cli import completion, options, out_file, output
from dataflow.graphfile import shipped
from dataflow.training import trained_values

if TYPE_CHECKING:
    import dataflow as flow
    from dataflow.quantize.model import Model


@click.command("report")
@options.graph_file
@options.params
@click.option(
    "--against",
    metavar="GRAPH",
    type=click.Path(),
    help="The float graph.  [default: the source of the quantization section, or the graph without its quantizers]",
)
@click.option(
    "-s",
    "--split",
    "name",
    help="The rows that both run.  [default: test, or the last split]",
    shell_complete=completion.splits,
)
@click.option("--samples", type=click.IntRange(1), help="How many rows, spread evenly.  [default: all]")
@click.option("--worst", "most", type=click.IntRange(1), help="Show so many nodes, the worst first.  [default: all]")
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="Write the report to this file: .html or .json.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.values_from
@options.checkpoints
@options.which
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    against: str | None,
    name: str | None,
    samples: int | None,
    most: int | None,
    out: str | None,
    source: str | None,
    folder: str | None,
    which: str,
    as_json: bool,
) -> None:
    """Say what quantization costs, node by node and why; with -o as a page that opens without a network."""
    import dataflow as flow
    from dataflow.files.atomic import write_text
    from dataflow.quantize.model import Model
    from dataflow.quantize.report import report
    from dataflow.quantize.report_text import tables
    from dataflow.quantize.stages import quantizers, reference_of
    from dataflow.training.data import split

    graph = options.load(path, params)
    if out is not None:
        out_file.keep_read(out, graph, path)
        if Path(out).suffix not in (".html", ".json"):
            raise click.UsageError(f"-o: must end in .html or .json, got {out}")
    values, fitted = trained_values.values_of(graph, path, source, folder, which)
    model = Model.of(graph, values)
    if not quantizers(model):
        raise flow.DataflowError(f"{path}: must have quantizers, got none; `dataflow quantize` puts them in")
    splits = list(graph.sections.get("data") or {})
    data = split(graph, name or ("test" if "test" in splits else splits[-1] if splits else None), fitted)
    reference = reference_of(model, _source(graph, path, against, which))
    plain = report(model, reference, data, samples)
    if as_json:
        output.say(output.json_text(plain))
    else:
        for i, table in enumerate(tables(plain, most)):
            if i:
                output.say()
            output.table(table.headers, table.rows)
    if out is not None:
        write_text(out, output.json_text(plain) if out.endswith(".json") else _page(plain, model, path))
        output.say(f"written: {out}", err=as_json)


def _page(plain: dict[str, object], model: Model, path: str) -> str:
    """The page, with the curves of the training of this graph, or else of the one that it was made from."""
    from dataflow.quantize.report_page import page
    from dataflow.quantize.section import quantization_section

    section = quantization_section(model.graph)
    places = [path, shipped.place_of(path, section.source)] if section is not None and section.source else [path]
    histories = [trained_values.checkpoint_folder(place, None) / "history.csv" for place in places]
    return page(plain, model.graph, next((history for history in histories if history.exists()), None))


def _source(graph: flow.Graph, path: str, against: str | None, which: str) -> Model | None:
    """The float graph with its values, of the option or of the section; None where there is none to be had."""
    import dataflow as flow
    from dataflow.quantize.model import Model
    from dataflow.quantize.section import quantization_section

    section = quantization_section(graph)
    said = against or (section.source if section is not None else None)
    if said is None:
        return None
    place = said if against else shipped.place_of(path, said)
    try:
        found = flow.load(place)
        return Model.of(found, trained_values.values_of(found, place, None, None, which)[0])
    except flow.DataflowError as error:
        if against is not None:
            raise
        first = str(error).splitlines()[0]
        output.say(
            f"warning: {first}; compared with {path} without its quantizers; --against names the float graph", err=True
        )
        return None
