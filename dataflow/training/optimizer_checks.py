"""Whether the optimizer and the schedule of a `train` section fit its graph, and which variables they train."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.errors import DataflowError, listing
from dataflow.core.registry import blocks
from dataflow.core.roles import PowerOf, Setting
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.graphfile.sections import Path, Report
from dataflow.training.findings import having, wire
from dataflow.training.freezing import wrong_to_freeze
from dataflow.training.optimizer_nodes import (
    OptimizerNodes,
    is_trainable,
    rate_port,
    settable,
    trained,
)
from dataflow.training.train_section import Optimizer, Override, Schedule, Train


def check_optimizer(graph: Graph, train: Train, goal: Ref | None, report: Report) -> None:
    """Report what is wrong with the variables that are trained, the optimizer and the schedule."""
    variables = goal is not None and _variables(graph, train, goal, report)
    kind = _optimizer(graph, train, report)
    if _schedule(train, kind, report) and kind is not None and variables:
        _wiring(graph, train, report)


def _variables(graph: Graph, train: Train, goal: Ref, report: Report) -> bool:
    """Whether there are variables to train, all of which can be."""
    kept = [n for n, node in graph.nodes.items() if node.block.stateful]
    before, right = graph.ancestors([goal.node]), True
    for i, name in enumerate(train.variables or ()):
        wrong, hint = "", ""
        if name not in kept:
            wrong, hint = f"no variable '{name}'", having(name, kept)
        elif name in (train.variables or ())[:i]:
            wrong = f"variable '{name}' must be named once, got it twice"
        elif not is_trainable(graph, name):
            dtype = graph.ref(name).dtype
            floats = dtype in dtypes.floating
            wrong = f"variable '{name}' must be {'trainable' if floats else 'of a floating dtype'}, got "
            wrong += "'trainable: false'" if floats else dtype
        elif name not in before:
            wrong = f"'{train.minimize}' must depend on variable '{name}', which it does not"
        if wrong:
            report(("variables", i), f"train: {wrong}", hint)
            right = False
    if not right:
        return False
    if train.optimizer is not None:
        for path, override in _overrides(train):
            for pattern in override.variables:
                _fitted(pattern, kept, (*path, "variables"), report)
    for i, each in enumerate(train.freeze):
        for pattern in each.variables:
            _fitted(pattern, kept, ("freeze", i, "variables"), report)
    names = trained(graph, train)
    if not names:
        frozen = train.optimizer is not None and any(o.frozen for o in train.optimizer.overrides)
        got = "none that is not frozen" if frozen else "none"
        report(("minimize",), f"train: '{train.minimize}' must depend on a variable to train, got {got}")
    for name in names:
        if name in graph.updates:
            node = graph.nodes[graph.updates[name].node]
            report(
                ("variables",), f"train: variable '{name}' must be changed by the optimizer alone, got {node.who} too",
                "write 'trainable: false' on it, or leave it out of 'variables'",
            )  # fmt: skip
            names = []
    if names and (wrong := wrong_to_freeze(graph, train, train.epochs)):
        report(("freeze",), wrong)
    return bool(names)


def _fitted(pattern: str, names: Collection[str], path: Path, report: Report) -> None:
    """Report a pattern that no variable fits."""
    if not any(fnmatchcase(name, pattern) for name in names):
        report(path, f"train: no variable fits '{pattern}'", having(pattern, names))


def _overrides(train: Train) -> Iterator[tuple[Path, Override]]:
    for i, override in enumerate(train.optimizer.overrides if train.optimizer else ()):
        yield ("optimizer", "overrides", i), override


def _optimizer(graph: Graph, train: Train, report: Report) -> type[Block] | None:
    """The block of the optimizer, where it and what is set on its inputs are right."""
    optimizer = train.optimizer
    if optimizer is None:
        return None
    path = ("optimizer", "block")
    if optimizer.block not in blocks:
        report(path, f"train 'optimizer': no block '{optimizer.block}'", blocks.nearest(optimizer.block))
        return None
    kind, right = blocks[optimizer.block], True
    if not Optimizer.may_be(kind):
        usable = [name for name, block in blocks.items() if Optimizer.may_be(block)]
        report(
            path, f"train: optimizer must be a block that applies a gradient, got {optimizer.block}", listing(usable)
        )
        return None
    free = settable(kind)
    for where, inputs in ((("optimizer",), optimizer.inputs), *((p, o.inputs) for p, o in _overrides(train))):
        for name, value in inputs.items():
            at = (*where, "inputs", name)
            if name not in free:
                report(at, f"train: optimizer {optimizer.block} has no input '{name}' to set", having(name, free))
                right = False
            elif isinstance(value, str):
                right &= wire(graph, value, f"train: optimizer: input '{name}'", at, report) is not None
    for name, port in free.items():
        follows = isinstance(port.role, PowerOf)
        if (
            isinstance(port.role, Setting)
            and port.role.default is None
            and name not in optimizer.inputs
            and not follows
        ):
            report(("optimizer",), f"train: optimizer {optimizer.block}: input '{name}' must be given, got nothing")
            right = False
    return kind if right else None


def _schedule(train: Train, kind: type[Block] | None, report: Report) -> bool:
    """Whether the learning rate is said once, by a schedule that is one."""
    schedule, optimizer = train.schedule, train.optimizer
    if schedule is None or optimizer is None:
        return True
    path = ("schedule", "block")
    if schedule.block not in blocks:
        report(path, f"train 'schedule': no block '{schedule.block}'", blocks.nearest(schedule.block))
    elif not Schedule.may_be(blocks[schedule.block]):
        usable = [name for name, block in blocks.items() if Schedule.may_be(block)]
        wanted = "a block that computes a learning rate from the number of the step"
        report(path, f"train: schedule must be {wanted}, got {schedule.block}", listing(usable))
    elif kind is None:
        return False
    elif (port := rate_port(kind)) is None:
        report(("schedule",), f"train: schedule must be left out, as {optimizer.block} takes no learning rate")
    elif port.name in optimizer.inputs:
        report(
            ("optimizer", "inputs", port.name), f"train: the learning rate must be given once, got '{port.name}' here "
            "and a schedule", "take one of them out",
        )  # fmt: skip
    else:
        return True
    return False


def _wiring(graph: Graph, train: Train, report: Report) -> None:
    """Report what the nodes of the optimizer do not accept, tried on a copy, with each variable as its own gradient."""
    if train.optimizer is None:
        return
    try:
        nodes = OptimizerNodes(graph.copy(), train.optimizer, train.schedule, steps=1)
        for name in trained(graph, train):
            nodes.add(name, nodes.graph.ref(name))
    except DataflowError as error:
        report(("optimizer",), f"train 'optimizer': {error}")
