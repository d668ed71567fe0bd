"""``dataflow verify``."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dataflow.cli import completion, input_files, options, output
from dataflow.training import trained_values

if TYPE_CHECKING:
    from dataflow.quantize.verify import Compared


class Tolerance(click.ParamType):  # type: ignore[type-arg]
    """How far values may be apart: ``0``, ``1step``, ``2ulp``, ``1step,4ulp``."""

    name = "tolerance"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """The steps of integers, and the units in the last place of floats."""
        found = {"step": 0, "ulp": 0}
        for part in str(value).split(","):
            match = re.fullmatch(r"(\d+)(?:(step|ulp)s?)?", part.strip())
            if match is None or (match[2] is None and match[1] != "0"):
                self.fail(f"must be 0, or such as 1step or 1step,2ulp, got '{value}'", param, ctx)
            if match[2]:
                found[match[2]] = int(match[1])
        return found["step"], found["ulp"]


@click.command("verify")
@options.graph_file
@options.params
@click.option(
    "--against",
    required=True,
    metavar="GRAPH|FOLDER|FILE.npz",
    type=click.Path(),
    help="What it must agree with: a graph, what `dataflow export` wrote, or arrays by the names of nodes.",
)
@input_files.option
@click.option("-s", "--split", "name", help="The rows that both run.  [default: test, or the last one]",
    shell_complete=completion.splits)  # fmt: skip
@click.option("--samples", type=click.IntRange(1), help="How many rows, spread evenly.  [default: all]")
@click.option("--tolerance", type=Tolerance(), default="0", show_default=True, help="0, 1step, 2ulp or 1step,2ulp.")
@click.option("--first", is_flag=True, help="Show only the first node that differs.")
@options.values_from
@options.checkpoints
@options.which
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    against: str,
    inputs: tuple[str, ...],
    name: str | None,
    samples: int | None,
    tolerance: tuple[int, int],
    first: bool,
    source: str | None,
    folder: str | None,
    which: str,
    as_json: bool,
) -> int:
    """Compare a graph with another node by node; exit 0 where they agree and 1 where not.

    A quantized graph and the one that it was lowered to are compared by codes and sums, others as they are. Vectors
    and memory images are compared with what the integers of the graph give from the codes in them. With
    --tolerance 1step, sums may follow from a code that is a step away.
    """
    from dataflow.quantize.model import Model
    from dataflow.quantize.references import is_reference, read_reference, verify_reference
    from dataflow.quantize.verify import verify

    graph = options.load(path, params)
    model = Model.of(graph, trained_values.values_of(graph, path, source, folder, which)[0])
    if is_reference(against):
        if inputs or name or samples:
            raise click.UsageError("-i, -s and --samples are for two graphs: a folder or an .npz file has rows itself")
        compared = verify_reference(model, read_reference(against))
    else:
        other = options.load(against)
        second = Model.of(other, trained_values.values_of(other, against, None, None, which)[0])
        compared = verify(model, second, input_files.rows([graph, other], inputs, name), samples)
    wrong = [each for each in compared if not each.within(*tolerance)]
    shown = wrong[:1] if first else compared
    if as_json:
        output.say(
            output.json_text({"agree": not wrong, "nodes": [asdict(each) | {"more": each.more} for each in shown]})
        )
    else:
        _show(shown, wrong, len(compared), any(tolerance))
    return int(bool(wrong))


def _show(shown: list[Compared], wrong: list[Compared], count: int, tolerated: bool) -> None:
    headers = ["node", "of", "elements", "equal", "by 1", "by 2", "more", "largest", "first", "got", "wanted"]
    modes = any(each.rounding for each in shown)
    if shown:
        output.table([*headers, "would agree"] if modes else headers, [_row(each, modes) for each in shown])
    if wrong:
        output.say(f"{len(wrong)} of {count} nodes differ; the first is '{wrong[0].node}'")
    else:
        output.say(f"{count} nodes agree" + (" within the tolerance" if tolerated else ""))


def _row(each: Compared, modes: bool) -> list[object]:
    index = "" if each.index is None else "[" + ", ".join(map(str, each.index)) + "]"
    ends = ["", ""] if each.index is None else [each.found, each.wanted]
    share = f"{100 * each.equal / each.elements:.3f} %" if each.elements else ""
    row = [each.node, each.kind, each.elements, share, each.by_one, each.by_two, each.more, each.largest, index, *ends]
    return [*row, each.rounding or ""] if modes else row
