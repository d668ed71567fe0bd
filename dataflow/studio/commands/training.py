"""Commands about the training of the open document."""

from __future__ import annotations

from dataflow.core.errors import DataflowError
from dataflow.studio.basis import Basis
from dataflow.studio.commands.arguments import Arguments, flag, known, mapping, number, numbers, optional, whole
from dataflow.studio.commands.runs import overrides_of, placing, source_of
from dataflow.studio.jobs.stepping import Steps
from dataflow.studio.jobs.training import Train
from dataflow.studio.studio import Handler, Studio

MAX_EPOCHS = MAX_STEPS = 1 << 31
STEPS = 1_000  # of a graph without a train section, where nothing is said


def _train(studio: Studio, given: Arguments) -> None:
    known(given, "resume", "restart", "epochs", "steps")
    resume, restart = flag(given, "resume"), flag(given, "restart")
    steps = optional(given, "steps", lambda held, name: whole(held, name, 1, MAX_STEPS))
    if resume and restart:
        raise DataflowError("'resume' and 'restart': one of them may be given, got both")
    desk, folder = studio.require(), studio.require().checkpoints
    session, watched, overrides = studio.session, tuple(studio.session.watched), overrides_of(studio)
    if "train" not in desk.context.graph.sections:
        asked = Steps(
            source_of(studio),
            steps or STEPS,
            session.split,
            session.rows,
            watched=watched,
            overrides=overrides,
        )
        studio.work.trainings.step(asked, desk.top.location, restart, Basis.of(desk), placing(desk))
        return
    if steps is not None:
        raise DataflowError("'steps' may be given for a graph without a train section; give 'epochs'")
    epochs = optional(given, "epochs", lambda held, name: whole(held, name, 1, MAX_EPOCHS))
    studio.project.check(folder)
    work = Train(source_of(studio), folder, resume, restart, epochs, watched, overrides)
    studio.work.trainings.start(work, studio.project.shown(folder), Basis.of(desk), placing(desk))


def _pause(studio: Studio, given: Arguments) -> None:
    known(given)
    studio.work.trainings.say("pause")


def _resume(studio: Studio, given: Arguments) -> None:
    known(given)
    studio.work.trainings.say("resume")


def _stop(studio: Studio, given: Arguments) -> None:
    known(given)
    studio.work.trainings.say("stop")


def _change(studio: Studio, given: Arguments) -> None:
    known(given, "rate", "params")
    rate = optional(given, "rate", number)
    params = {name: numbers(value) for name, value in mapping(given, "params", {}).items()}
    if rate is None and not params:
        raise DataflowError("'rate' or 'params' must be given, got neither")
    studio.work.trainings.change(rate, params)


COMMANDS: dict[str, Handler] = {"train": _train, "pause": _pause, "resume": _resume, "stop": _stop}
QUERIES: dict[str, Handler] = {"change": _change}  # which waits for the trainer, between two of its steps
