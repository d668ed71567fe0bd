"""``dataflow train``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

import dataflow as flow
from dataflow.cli import options, output, overrides
from dataflow.cli.epochs import Bar, Epochs
from dataflow.interrupt import STOPPED, first
from dataflow.training import trained_values

if TYPE_CHECKING:
    from dataflow.graph.overrides import Overrides


@click.command("train")
@options.graph_file
@options.params
@click.option("--resume", is_flag=True, help="Continue from the latest checkpoint, bit for bit.")
@click.option("--restart", is_flag=True, help="Remove the checkpoints of an earlier training and start over.")
@click.option("--epochs", type=click.IntRange(min=1), help="How many times all rows are seen.")
@options.checkpoints
@click.option(
    "--from",
    "source",
    metavar="FOLDER|FILE",
    type=click.Path(),
    help="Start from the variables of a folder of checkpoints, or of an .npz or .safetensors file.",
)
@click.option("--partial", is_flag=True, help="With --from: take the variables that fit, and list the rest.")
@click.option("--tensorboard", metavar="FOLDER", type=click.Path(file_okay=False), help="Write event files there.")
@click.option(
    "--folds", type=click.IntRange(min=2), metavar="K", help="Train K times, measured each time on other rows."
)
@overrides.options
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON per epoch.")
@options.settings
def command(
    path: str,
    params: tuple[str, ...],
    resume: bool,
    restart: bool,
    epochs: int | None,
    folder: str | None,
    source: str | None,
    partial: bool,
    tensorboard: str | None,
    folds: int | None,
    as_json: bool,
    bypass: tuple[str, ...],
    freeze: tuple[str, ...],
    force: tuple[str, ...],
) -> int:
    """Train a graph as its `train` section says, with a checkpoint after each epoch.

    A parameter `training` of the graph is true in training and has its usual value in validation.
    Ctrl+C stops after the current step, a second one at once; `--resume` continues from the last checkpoint.
    """
    from dataflow.graphfile.load import defaults
    from dataflow.training.initial_values import read_values
    from dataflow.training.recorder import usual_recorders
    from dataflow.training.trainer import Trainer

    if resume and restart:
        raise click.UsageError("--resume and --restart: must be given one of them, got both")
    if source is not None and resume:
        raise click.UsageError("--from and --resume: must be given one of them, got both")
    if partial and source is None:
        raise click.UsageError("--partial: must be given with --from, got it alone")
    if folds is not None and (resume or restart or source or tensorboard or folder):
        raise click.UsageError("--folds: must be given without options about checkpoints, of which it keeps none")
    measured = options.load(path, params)
    where = trained_values.checkpoint_folder(path, folder)
    switched = isinstance(defaults(path).get("training"), bool)
    graph = options.load(path, (*params, "training=true")) if switched else measured
    asked = overrides.given(bypass, freeze, force)
    if str(asked):
        output.say(f"training with {asked}, not as {path} says", err=True)
    if folds is not None:
        return _in_folds(graph, folds, epochs, measured, asked, as_json)
    given = options.values(params)
    followers = usual_recorders(where, given, options.words(), Path(tensorboard) if tensorboard is not None else None)
    trainer = Trainer(
        graph,
        where,
        resume,
        epochs,
        measured,
        restart=restart,
        params=given,
        values=None if source is None else read_values(source),
        partial=partial,
        recorders=followers,
        overrides=asked,
    )
    for change in trainer.changes:
        output.say(f"going on with {change}", err=True)
    for problem in trainer.left_out:
        output.say(f"--partial: {problem}", err=True)
    if trainer.nothing_left:
        output.say(f"nothing is left to train: epoch {trainer.progress.epoch} of {trainer.epochs} is done", err=True)
    bar, table = Bar(live=not as_json), Epochs(trainer)

    def stop() -> None:
        trainer.stop()
        output.say("stopping after this step; Ctrl+C once more stops at once", err=True)

    with first(stop):
        try:
            for report in trainer.run(bar.tick):
                bar.close()
                output.say(output.json_text(asdict(report)) if as_json else "\n".join(table.lines(report)))
        except output.Unread:  # after an epoch, so there is a checkpoint
            trainer.stop()
        finally:
            bar.close()
    again = options.repeated(path, params, folder)
    if trainer.stopped:
        words = {"--bypass": bypass, "--freeze": freeze, "--force": force}
        again = options.repeated(path, params, folder, words)
        more = "" if epochs is None else f" --epochs {epochs}"
        output.say(f"stopped in step {trainer.state.step}; go on with dataflow train {again} --resume{more}", err=True)
        return STOPPED
    if not as_json:
        if trainer.ended:
            output.say(trainer.ended)
        output.say(f"checkpoints in {where}" + (f"; next: dataflow evaluate {again}" if trainer.data else ""))
    return 0


def _in_folds(
    graph: flow.Graph, count: int, epochs: int | None, measured: flow.Graph, asked: Overrides, as_json: bool
) -> int:
    """Train once per fold, and print what each reached, with mean and spread."""
    from dataflow.training.folds import mean_and_spread, train_folds

    bar, found = Bar(live=not as_json), []
    try:
        for fold in train_folds(graph, count, epochs, measured, bar.tick, asked):
            bar.close()
            found.append(fold)
            if as_json:
                output.say(output.json_text(asdict(fold)))
    finally:
        bar.close()
    if not as_json:
        names = list(found[0].measured)
        rows = [(str(fold.number), str(fold.rows), *(fold.measured[name] for name in names)) for fold in found]
        spread = mean_and_spread(found)
        rows.append(("mean", "", *(spread[name][0] for name in names)))
        rows.append(("spread", "", *(spread[name][1] for name in names)))
        output.table(("fold", "rows", *names), rows)
    return 0
