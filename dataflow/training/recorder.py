"""What follows a training: it is told of the beginning, of each epoch, and of the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dataflow.training.event_file import EventFiles
from dataflow.training.history import History
from dataflow.training.run_record import RunRecord

if TYPE_CHECKING:
    from dataflow.training.epoch_report import Report
    from dataflow.training.trainer import Trainer


class Recorder(Protocol):
    """Keeps something of a training; an error that it raises ends the training."""

    def begin(self, trainer: Trainer) -> None:
        """The first step comes next; the state says which one it is."""

    def epoch(self, report: Report) -> None:
        """An epoch is done, and its checkpoint is not yet written: after a crash it may come again."""

    def end(self, trainer: Trainer, outcome: str) -> None:
        """Training is over: ``done``, ``stopped``, or why it failed."""


def usual_recorders(
    folder: Path | None,
    params: Mapping[str, Any] | None = None,
    command: Sequence[str] | None = None,
    tensorboard: Path | None = None,
) -> list[Recorder]:
    """What follows a training with a folder for its checkpoints: its record and its history; event files if asked for.

    The record comes first, as it keeps what an unfinished training has left in the history.
    """
    kept: list[Recorder] = [] if folder is None else [RunRecord(folder, params, command), History(folder)]
    return kept + ([] if tensorboard is None else [EventFiles(tensorboard)])


@contextmanager
def recorded(trainer: Trainer, recorders: Sequence[Recorder]) -> Iterator[None]:
    """A ``with`` block that is the training: recorders are told of its beginning and of its end, whatever that is."""
    begun: list[Recorder] = []
    outcome = "failed"
    try:
        for recorder in recorders:
            recorder.begin(trainer)
            begun.append(recorder)
        yield
        outcome = "stopped" if trainer.stopped else "done"
    except GeneratorExit:  # the caller asks for no more epochs
        outcome = "stopped"
        raise
    except BaseException as error:
        outcome = f"failed: {error}" if isinstance(error, Exception) else "interrupted"
        raise
    finally:
        for recorder in begun:
            recorder.end(trainer, outcome)
