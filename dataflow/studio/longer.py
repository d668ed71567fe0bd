"""Work that takes a while beside runs and trainings, as pages know it: what is done of it, and what it has written."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from dataflow.core.errors import DataflowError
from dataflow.studio.jobs.call import Told, Work
from dataflow.studio.runs import Placed, Plain, Publish, lost
from dataflow.studio.worker import IDLE, Worker

KEPT = 20  # jobs that pages are told of
WAITING = 8  # that have not ended, at most

Finished = Callable[[Plain], None]
Filed = Callable[[str], Plain]


@dataclass
class Job:
    """See `Job` of web/src/protocol; ``work`` is its number among the work of the worker."""

    number: int
    kind: str
    title: str
    state: str = "running"
    done: int = 0
    total: int = 0
    message: str = ""
    files: list[Plain] = field(default_factory=list)
    result: object = None
    problem: Plain | None = None
    work: int = 0

    def plain(self) -> Plain:
        """As JSON has it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "work"}


class Jobs:
    """The latest jobs; they are done one after another."""

    def __init__(self, publish: Publish, worker: Worker):
        self._publish, self._worker = publish, worker
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}

    def start(self, kind: str, title: str, work: Work, filed: Filed, place: Placed, finished: Finished) -> int:
        """Begin a job, after those before it; its number.

        filed : how pages are told of a file, by its path.
        finished : called with what the job gives.
        """
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.state == "running"]
            if len(waiting) >= WAITING:
                raise DataflowError(f"at most {WAITING} jobs may wait for each other; cancel one, or wait")
            job = Job(next(self._numbers), kind, title)
            job.work = self._worker.start(work, _Follower(self, job, filed, place, finished))
            self._jobs[job.number] = job
            for number in [each.number for each in self._jobs.values() if each.state != "running"][:-KEPT]:
                del self._jobs[number]
            self.tell()
            return job.number

    def cancel(self, number: int | None = None) -> None:
        """End a job, or all of them."""
        with self._lock:
            for job in self._jobs.values():
                if job.state == "running" and number in (None, job.number):
                    self._worker.cancel(job.work)

    def event(self) -> Plain:
        """All jobs, for a page that connects."""
        with self._lock:
            told = [job.plain() for job in self._jobs.values()]
        for job in [job for job in told if job["state"] == "running"][1:]:
            job["message"] = "waits for the job before it"
        return {"event": "jobs", "jobs": told}

    def change(self, job: Job, **what: object) -> None:
        """What has changed of a job."""
        with self._lock:
            for name, value in what.items():
                setattr(job, name, value)
            self.tell()
            idle = all(each.state != "running" for each in self._jobs.values())
        if idle:
            self._worker.rest(IDLE)

    def say(self, level: str, job: Job, message: object, **about: object) -> None:
        """Tell the pages a line of a job, wherever they look; ``about`` is more of what it tells of."""
        told = {"message": f"{job.title}: {message}", "about": {"job": job.number, **about}}
        self._publish({"event": "said", "level": level, **told})

    def tell(self) -> None:
        """Tell the pages of all jobs."""
        self._publish(self.event())


class _Follower:
    """Follows one job."""

    def __init__(self, jobs: Jobs, job: Job, filed: Filed, place: Placed, finished: Finished):
        self._jobs, self._job, self._filed, self._place, self._finished = jobs, job, filed, place, finished

    def told(self, event: Told) -> None:
        """How much of it is done, and what it has found by then."""
        self._jobs.change(self._job, **{name: what for name, what in event.items() if name != "event"})

    def ended(self, state: str, what: object) -> None:
        """It is over."""
        if state == "done":
            found = cast(Plain, what)
            files = [self._filed(str(file)) for file in cast("list[str]", found["files"])]
            told = {"message": found["message"], "files": files, "result": found["result"]}
            self._jobs.change(self._job, state="done", done=self._job.total, **told)
            self._jobs.say("info", self._job, found["message"], **({"file": files[0]} if files else {}))
            self._finished(found)
        elif state == "cancelled":
            far = f" after {self._job.message}" if self._job.result is not None else ""
            self._jobs.change(self._job, state="cancelled", message=f"cancelled{far}")
        else:
            problem = lost(what) if state == "lost" else self._refused(cast(Plain, what))
            self._jobs.change(self._job, state="failed", problem=problem)
            self._jobs.say("warning", self._job, problem["message"], problem=problem)

    def _refused(self, refusal: Plain) -> Plain:
        """The problem of a refusal: the first of a file, or what is said."""
        problems = cast("list[Plain]", refusal["problems"])
        first = problems[0] if problems else {**lost(""), "message": refusal["message"], "hint": refusal["hint"]}
        return self._place(first)
