"""Where the studio has its work done: a worker for runs, one for trainings, one for longer work, and a spare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dataflow.studio.basis import Basis
from dataflow.studio.longer import Jobs
from dataflow.studio.names import Rename
from dataflow.studio.process import Spares
from dataflow.studio.runs import Publish, Runs
from dataflow.studio.trainings import Trainings
from dataflow.studio.worker import Worker


class Workshop:
    """The workers of a studio and what its pages know of their work; no process is started before it is needed.

    warned : is called with each warning of work.
    """

    def __init__(self, publish: Publish, warned: Callable[[str], object]):
        self.spares = Spares()
        self.values = Worker(self.spares, warned)  # runs, and questions about what they made
        self.runs = Runs(publish, self.values)
        self.training = Worker(self.spares, warned)
        self.trainings = Trainings(publish, self.training)
        self.longer = Worker(self.spares, warned)
        self.jobs = Jobs(publish, self.longer)
        self.snapshots: list[Callable[[], Mapping[str, object]]] = [
            self.runs.event,
            self.trainings.event,
            self.jobs.event,
        ]

    def opened(self, path: str) -> None:
        """Another document is open, which will probably be run: a process is made ready."""
        self.runs.show(path)
        self.spares.warm_soon()

    def follow(self, path: str, renames: Sequence[Rename]) -> None:
        """Have what is known of the nodes of a document follow them to other names."""
        self.runs.follow(path, renames)
        self.trainings.follow(path, renames)

    def compare(self, now: Basis) -> None:
        """Tell what of the run and the training is old by what the document and the session are now."""
        self.runs.compare(now)
        self.trainings.compare(now)

    def close(self) -> None:
        """End all processes, a training with a checkpoint."""
        self.spares.close()
        self.trainings.close()
        for worker in (self.values, self.training, self.longer):
            worker.close()
