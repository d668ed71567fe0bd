"""The checkpoints of one training in their folder: what is there already, who may write, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, way_out
from dataflow.engine.state import State
from dataflow.training import checkpoint
from dataflow.training.changes import changes_of
from dataflow.training.folder_lock import locked
from dataflow.training.progress import Progress


class CheckpointFolder:
    """A folder for checkpoints; ``resumed`` says whether training goes on from one of those that are there.

    Raises GraphError where there are some, and nothing says whether to go on from them or to start over.
    """

    def __init__(self, path: Path, keep: int, resume: bool = False, restart: bool = False):
        self.path, self.keep, self.restart = path, keep, restart
        self.found = checkpoint.steps(path)
        self.resumed = resume and not restart and bool(self.found)
        self._own: list[Path] = []  # the checkpoints of steps that are whole, the oldest first
        if not (resume or restart) and any(map(checkpoint.is_whole, self.found)):
            way = way_out(
                "give resume=True or restart=True",
                "write --resume or --restart",
                "press Resume or Restart in the tab Train",
            )
            raise GraphError(f"{path}: has checkpoints of an earlier training; {way}")

    def latest(self) -> tuple[Path, dict[str, Any], dict[str, Array], Progress]:
        """The latest checkpoint of a training that is whole: its file, what it says, its variables and progress."""
        return checkpoint.latest(self.path, _read)

    @contextmanager
    def entered(self, is_saved: Callable[[int], bool]) -> Iterator[None]:
        """A ``with`` block in which this training alone uses the folder; ``is_saved`` says which steps are written.

        Raises GraphError where another one does, or where a file that is no checkpoint would be written over.
        """
        checkpoint.prepare(self.path)
        with locked(self.path):
            if self.restart:
                checkpoint.clear(self.path)
            elif checkpoint.steps(self.path) != self.found:
                raise GraphError(f"{self.path}: another process has trained here meanwhile; begin again")
            checkpoint.tidy(self.path)
            self._own = [path for path in reversed(checkpoint.steps(self.path)) if checkpoint.is_whole(path)]
            if self.resumed:
                checkpoint.make_way(self.path / checkpoint.BEST)
            elif path := checkpoint.in_the_way(self.path, is_saved):
                raise GraphError(f"{path}: must be a checkpoint or not be there, got another file; move it away")
            yield
            self.found = checkpoint.steps(self.path)

    def save(self, state: State, notes: Mapping[str, Any], best: bool) -> None:
        """Write a checkpoint, and remove those that are too old.

        The best one is written first: if the process ends between the two, training resumes from the checkpoint before,
        repeats the epoch and writes the same. In the other order the best one would be lost.
        """
        if best:
            checkpoint.save(self.path / checkpoint.BEST, state, notes)
        path = checkpoint.path_of(self.path, state.step)
        if path not in self._own:
            checkpoint.make_way(path)
        checkpoint.save(path, state, notes)
        self._own = [*(other for other in self._own if other != path), path]
        while len(self._own) > self.keep:
            self._own.pop(0).unlink(missing_ok=True)

    def best(self) -> dict[str, Array]:
        """The variables of the best epoch."""
        return checkpoint.read(self.path / checkpoint.BEST)[1]


def _read(path: Path) -> tuple[Path, dict[str, Any], dict[str, Array], Progress]:
    """A checkpoint of a training; DataflowError where it is damaged, or says nonsense."""
    meta, variables = checkpoint.read(path)
    try:
        changes_of(meta["notes"])
        return path, meta, variables, Progress.of(meta["notes"]["progress"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DataflowError(
            f"{path}: is no whole checkpoint: where training stood is not said as training says it"
        ) from None
