"""``dataflow train``."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import click

from dataflow.cli import options, output

if TYPE_CHECKING:
    from dataflow.train import Report, Trainer

STOPPED = 130


@click.command("train")
@options.graph_file
@options.params
@click.option("--resume", is_flag=True, help="Go on from the latest checkpoint, bit for bit.")
@click.option("--restart", is_flag=True, help="Remove the checkpoints of an earlier training and begin anew.")
@click.option("--epochs", type=click.IntRange(min=1), help="How often all data is seen.")
@options.checkpoints
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON per epoch.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    resume: bool,
    restart: bool,
    epochs: int | None,
    folder: str | None,
    as_json: bool,
) -> int:
    """Train a graph as its `train` section says, with a checkpoint after each epoch.

    A parameter `training` of the graph is true while it is trained, and what it is otherwise while it is validated.
    Ctrl+C ends after the step that is under way; `--resume` goes on from there.
    """
    from dataflow import checkpoint
    from dataflow.graphfile import defaults
    from dataflow.train import Trainer

    where = options.checkpoint_folder(path, folder)
    measured = options.load(path, params)
    switched = isinstance(defaults(path).get("training"), bool)
    graph = options.load(path, (*params, "training=true")) if switched else measured
    if checkpoint.steps(where) and not resume:
        if not restart:
            raise click.UsageError(f"{where} has checkpoints of an earlier training; write --resume or --restart")
        checkpoint.clear(where)
    trainer = Trainer(graph, where, resume, epochs, measured)
    before = signal.signal(signal.SIGINT, lambda *_: trainer.stop())
    try:
        progress = output.Progress(live=not as_json)
        for report in trainer.run(progress.tick):
            progress.line(_json(report) if as_json else _line(report, trainer))
        progress.close()
    finally:
        signal.signal(signal.SIGINT, before)
    if trainer.stopped:
        click.echo(f"stopped in step {trainer.state.step}; go on with dataflow train {path} --resume", err=True)
        return STOPPED
    if not as_json:
        click.echo(f"checkpoints in {where}" + (f"; next: dataflow evaluate {path}" if trainer.data else ""))
    return 0


def _line(report: Report, trainer: Trainer) -> str:
    parts = [f"{name} {value:.6g}" for name, value in report.train.items()]
    parts += [f"validation {name} {value:.6g}" for name, value in report.validate.items()]
    return (
        f"epoch {report.epoch:>{len(str(trainer.epochs))}}/{trainer.epochs}  {'  '.join(parts)}  {report.seconds:.2f} s"
    )


def _json(report: Report) -> str:
    import json
    from dataclasses import asdict

    told: dict[str, Any] = asdict(report)
    return json.dumps(told)
