"""``dataflow hello``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import dataflow as flow
from dataflow.cli import output

if TYPE_CHECKING:
    from dataflow.engine.fates import Event

_INK = " .:-=+*#%@"
_RUNS = 20  # the fastest time of these is shown


@click.command("hello")
def command() -> None:
    """Run a first graph: a handwritten digit, quantized. Writes hello.yaml."""
    from dataflow.files.atomic import write_text

    text = Path(__file__).with_name("hello.yaml").read_text("utf-8")
    path = Path("hello.yaml")
    kept = path.exists() and path.read_text("utf-8") != text
    if not path.exists():
        write_text(path, text)
    graph = flow.load(str(path))
    plan = flow.plan(graph, fuse=False)  # so that the time of each node is known
    seconds: dict[str, float] = {}

    def trace(event: Event) -> None:
        if event.seconds is not None:
            seconds[event.node] = min(event.seconds, seconds.get(event.node, event.seconds))

    for _ in range(_RUNS):
        outputs = plan.run(trace=trace)
    pictures = {name: value for name, value in outputs.items() if getattr(value, "ndim", 0) == 2}
    _draw(pictures)
    output.say()
    output.table(("node", "block", "bits", "SQNR dB", "time us"), _rows(graph, outputs, seconds))
    output.say(f"\n{path} {'is yours and was left as it is' if kept else 'is the graph that ran'}. Next:")
    output.say(f"  dataflow show {path}\n  dataflow blocks quantize")


def _draw(pictures: dict[str, Any]) -> None:
    """Pictures side by side under their names, two letters a pixel; as many as fit in 100 columns."""
    shown = [(name, p) for name, p in pictures.items() if 2 * p.shape[1] <= 24][:5]
    for line in range(max((len(p) for _, p in shown), default=-1) + 1):
        cells = [
            name if not line else "".join(_ink(v) * 2 for v in p[line - 1]) if line <= len(p) else ""
            for name, p in shown
        ]
        output.say("   ".join(cell.ljust(16) for cell in cells).rstrip())


def _ink(value: float) -> str:
    return _INK[min(max(round(float(value) * (len(_INK) - 1)), 0), len(_INK) - 1)]


def _rows(graph: flow.Graph, outputs: dict[str, Any], seconds: dict[str, float]) -> list[tuple[Any, ...]]:
    """A row per quantizer, with the SQNR that another node measures of it."""
    nodes = graph.nodes.values()
    measured = {n.link("value").node: outputs[n.name] for n in nodes if type(n.block).__name__ == "SQNR"}
    rows = []
    for node in nodes:
        if node.name in measured:
            bits, sqnr = getattr(node.block, "num_bits", 0), float(measured[node.name])
            rows.append((node.name, type(node.block).__name__, bits, f"{sqnr:.2f}", f"{seconds[node.name] * 1e6:.0f}"))
    return rows
