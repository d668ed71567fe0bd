"""``dataflow train``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dataflow.cli import options, output
from dataflow.interrupt import STOPPED, first

if TYPE_CHECKING:
    from dataflow.training.trainer import Report, Trainer


@click.command("train")
@options.graph_file
@options.params
@click.option("--resume", is_flag=True, help="Continue from the latest checkpoint, bit for bit.")
@click.option("--restart", is_flag=True, help="Remove the checkpoints of an earlier training and start over.")
@click.option("--epochs", type=click.IntRange(min=1), help="How many times all rows are seen.")
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

    A parameter `training` of the graph is true in training and has its usual value in validation.
    Ctrl+C stops after the current step, a second one at once; `--resume` continues from the last checkpoint.
    """
    from dataflow.graphfile.load import defaults
    from dataflow.training import checkpoint
    from dataflow.training.trainer import Trainer

    if resume and restart:
        raise click.UsageError("--resume and --restart: must be given one of them, got both")
    measured = options.load(path, params)
    where = options.checkpoint_folder(path, folder)
    switched = isinstance(defaults(path).get("training"), bool)
    graph = options.load(path, (*params, "training=true")) if switched else measured
    if checkpoint.steps(where) and not resume:
        if not restart:
            raise click.UsageError(f"{where} has checkpoints of an earlier training; write --resume or --restart")
        checkpoint.clear(where)
    trainer = Trainer(graph, where, resume, epochs, measured)
    progress = output.Progress(live=not as_json)

    def stop() -> None:
        trainer.stop()
        output.say("stopping after this step; Ctrl+C once more stops at once", err=True)

    with first(stop):
        try:
            for report in trainer.run(progress.tick):
                progress.line(_json(report) if as_json else _line(report, trainer))
        except output.Unread:  # after an epoch, so there is a checkpoint
            trainer.stop()
        finally:
            progress.close()
    if trainer.stopped:
        output.say(f"stopped in step {trainer.state.step}; go on with dataflow train {path} --resume", err=True)
        return STOPPED
    if not as_json:
        output.say(f"checkpoints in {where}" + (f"; next: dataflow evaluate {path}" if trainer.data else ""))
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
