"""``dataflow export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dataflow.cli import completion, input_files, options, out_file, output
from dataflow.training import trained_values

if TYPE_CHECKING:
    from dataflow.quantize.model import Model
    from dataflow.training.array_split import RowSplit

SUFFIXES = {"c": ".h", "vectors": ".vectors", "mem": ".mem", "encodings": ".encodings.json"}


@click.command("export")
@options.graph_file
@options.params
@click.option("--to", "target", required=True, type=click.Choice([*SUFFIXES]), help="What to write.")
@click.option("-o", "--out", type=click.Path(), help="The file or folder.  [default: beside the graph]")
@input_files.option
@click.option("-s", "--split", "name", help="The rows of vectors.  [default: test, or the last one]",
    shell_complete=completion.splits)  # fmt: skip
@click.option("--samples", type=click.IntRange(1), default=4, show_default=True, help="How many rows, spread evenly.")
@options.values_from
@options.checkpoints
@options.which
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    target: str,
    out: str | None,
    inputs: tuple[str, ...],
    name: str | None,
    samples: int,
    source: str | None,
    folder: str | None,
    which: str,
) -> None:
    """Write a quantized or lowered graph as C, as test vectors, memory images, or the ranges of its quantizers.

    c: one header, with the network as C99 functions and a test of itself. vectors: a folder of .npy files, what every
    node gives for some rows. mem: the same for $readmemh. encodings: JSON.
    """
    from dataflow.files.atomic import check_writable
    from dataflow.files.folder import check_folder
    from dataflow.graphfile.shipped import is_shipped
    from dataflow.quantize.export.manifest import MANIFEST
    from dataflow.quantize.model import Model

    graph = options.load(path, params)
    beside = Path(path).with_suffix(SUFFIXES[target])
    out = out or str(beside.name if is_shipped(path) else beside)
    out_file.keep_read(out, graph, path, inputs)
    if target in ("vectors", "mem"):
        check_folder(out, MANIFEST)
    else:
        check_writable(out)
    model = Model.of(graph, trained_values.values_of(graph, path, source, folder, which)[0])
    if target == "encodings":
        _encodings(model, out)
    else:
        _net(model, input_files.rows([model.graph], inputs, name), samples, target, out)


def _encodings(model: Model, out: str) -> None:
    from dataflow.files.atomic import to_output, write_text
    from dataflow.quantize.export.encodings import encodings

    write_text(out, encodings(model))
    if not to_output(out):
        output.say(f"written: {out}")


def _net(model: Model, data: RowSplit, samples: int, target: str, out: str) -> None:
    from dataflow.files.atomic import to_output, write_text
    from dataflow.files.folder import write_folder
    from dataflow.quantize.export.c_header import c_header
    from dataflow.quantize.export.manifest import MANIFEST
    from dataflow.quantize.export.memory import memory
    from dataflow.quantize.export.net import integer_net
    from dataflow.quantize.export.vectors import vectors

    net = integer_net(model)
    if target == "c":
        write_text(out, c_header(net, data, samples))
        if not to_output(out):
            output.say(f"written: {out}: {len(net.steps)} nodes, a test of {min(samples, data.length)} rows")
        return
    write = vectors if target == "vectors" else memory
    files = write(net, data, samples)
    write_folder(out, files, MANIFEST)
    output.say(f"written: {out}: {len(files)} files, {len(net.inputs) + len(net.steps)} nodes")
