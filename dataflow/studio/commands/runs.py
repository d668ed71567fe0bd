"""Commands about runs of the open document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from dataflow.core.dtypes import Array
from dataflow.core.errors import Problem
from dataflow.graph.overrides import Overrides
from dataflow.studio.basis import Basis
from dataflow.studio.commands.arguments import MAX_PATH, Arguments, choice, flag, known, numbers, optional, text, whole
from dataflow.studio.desk import Desk
from dataflow.studio.jobs.prepared import Asked, FrozenValues, Held
from dataflow.studio.jobs.run import PlanRun, Run
from dataflow.studio.jobs.source import Source
from dataflow.studio.problems import placed
from dataflow.studio.runs import Placed, Plain
from dataflow.studio.session import Session
from dataflow.studio.studio import Handler, Studio

_RUN = re.compile(r"run (\d+)")


def source_of(studio: Studio) -> Source:
    """The open document as a worker is sent it: its text as it is, saved or not."""
    desk = studio.require()
    return Source(desk.top.location, desk.top.editor.text, desk.texts, desk.session.params)


def placing(desk: Desk) -> Placed:
    """A function that completes a problem of a run with its place in the document as it is now."""
    file = desk.context.top()[1]

    def place(found: Plain) -> Plain:
        told = {key: desk.project.told(str(found[key])) for key in ("message", "hint")}
        problem = {**found, **told}
        if problem["path"]:
            line, column = int(str(problem["line"])), int(str(problem["column"]))
            return placed(Problem(str(problem["path"]), line, column, told["message"], told["hint"]), desk)
        name = str(problem["node"]).partition("/")[0]
        if name not in file.nodes.keys:
            return problem
        line, column = file.nodes.keys[name]
        return {**problem, "path": desk.path, "line": line, "column": column}

    return place


def _run(studio: Studio, given: Arguments) -> object:
    known(given, "to", "again")
    again, asked, desk = flag(given, "again"), _asked(studio, given), studio.require()
    return {"number": studio.work.runs.start(lambda number: Run(asked, number, again), Basis.of(desk), placing(desk))}


def _plan_run(studio: Studio, given: Arguments) -> object:
    known(given, "to")
    with studio.lock:
        work = PlanRun(Run(_asked(studio, given)))
    return studio.work.values.result(work)


def overrides_of(studio: Studio) -> Overrides:
    """What the session does to the graph, with the values of frozen nodes, which only the worker of runs may know."""
    session, frozen = studio.session, dict[str, Array]()
    if session.frozen:
        frozen = cast("dict[str, Array]", studio.work.values.result(FrozenValues(_asked(studio, {}))))
    return Overrides(tuple(session.bypassed), frozen, cast("Mapping[str, Array]", _forced(session)))


def _forced(session: Session) -> dict[str, object]:
    """The forced values, which the session has as pages told them: it compares them, and NaN is not equal to itself."""
    return {port: numbers(value) for port, value in session.forced.items()}


def _asked(studio: Studio, given: Arguments) -> Asked:
    session = studio.session
    return Asked(
        source_of(studio),
        session.split,
        session.rows,
        text(given, "to", "", limit=MAX_PATH),
        tuple(session.bypassed),
        {name: _held(studio, where) for name, where in session.frozen.items()},
        _forced(session),
        studio.require().checkpoints if session.trained else None,
        studio.require().path,
        studio.work.runs.since(),
    )


def _held(studio: Studio, where: str) -> Held:
    """Where the value of a frozen node is: ``run 3``, or ``values.npz`` and ``values.npz:key``."""
    if run := _RUN.fullmatch(where):
        return Held(where, renames=tuple(studio.work.runs.since(int(run[1]))))
    path, _, key = where.partition(":")
    return Held(where, str(studio.project.find(path)), key)


def _cancel(studio: Studio, given: Arguments) -> None:
    known(given, "what", "number")
    what = choice(given, "what", ("run", "training", "job"))
    if what == "run":
        studio.work.runs.cancel()
    elif what == "training":
        studio.work.trainings.cancel()
    else:
        studio.work.jobs.cancel(optional(given, "number", lambda held, name: whole(held, name, 0, 1 << 53)))


COMMANDS: dict[str, Handler] = {"run": _run}
QUERIES: dict[str, Handler] = {"plan_run": _plan_run, "cancel": _cancel}  # which waits for no edit
