"""Whether a `train` section fits its graph: names, dtypes and shapes, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dataflow.core import dtypes
from dataflow.core.errors import DataflowError, listing
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.graphfile.section_checks import Finding, raise_findings
from dataflow.graphfile.sections import Path, Report
from dataflow.training.batch_sizes import fixed_rows, training_split, validation_split
from dataflow.training.best import mode_of
from dataflow.training.data.section import data_section
from dataflow.training.findings import having, known, wire
from dataflow.training.optimizer_checks import check_optimizer
from dataflow.training.train_section import Train

Splits = Mapping[str, Collection[str]]  # the inputs that each split feeds


def check(graph: Graph, train: Train, report: Report) -> None:
    """Report what is wrong with the section of a graph whose data is in files."""
    try:
        splits = {name: [*(split.inputs or ())] for name, split in data_section(graph).items()}
    except DataflowError:
        return  # which the check of that section reports
    check_with(graph, train, splits, report)


def check_with(graph: Graph, train: Train, splits: Splits, report: Report) -> None:
    """Report what is wrong with the section of a graph that is trained with these splits."""
    goal = _minimized(graph, train, report)
    _metrics(graph, train, report)
    _early_stopping(graph, train, report)
    if splits:
        _splits(graph, train, splits, report)
        _batches(graph, train, splits, report)
    elif not needed_inputs(graph, train):  # else the data may come later, from memory
        _without_data(train, report)
    check_optimizer(graph, train, goal, report)


def check_splits(graph: Graph, train: Train, splits: Splits) -> None:
    """Raise GraphError that lists, a line each, what is wrong with a section where these splits are in memory."""
    found: list[Finding] = []

    def report(path: Path, message: str, hint: str = "") -> None:
        found.append(Finding("train", path, message, hint))

    check_with(graph, train, splits, report)
    raise_findings(graph, found)


# -- what is minimized and reported ---------------------------------------------------------------------------------


def _minimized(graph: Graph, train: Train, report: Report) -> Ref | None:
    """The minimized value where it can be one."""
    if train.minimize is None:
        return None
    who, ref = "train 'minimize'", wire(graph, train.minimize, "train 'minimize'", ("minimize",), report)
    if ref is None:
        return None
    if ref.dtype not in dtypes.floating:
        report(("minimize",), f"{who} must be of a floating dtype, got '{train.minimize}' {ref.type}")
    elif ref.type.rank is None or ref.type.rank > 1:
        report(
            ("minimize",), f"{who} must be a scalar or a value per row, got '{train.minimize}' {ref.type}",
            "take its Mean or Sum",
        )  # fmt: skip
    else:
        return ref
    return None


def _metrics(graph: Graph, train: Train, report: Report) -> None:
    for i, name in enumerate(train.metrics):
        path, who = ("metrics", i), f"train: metric '{name}'"
        if name in train.metrics[:i]:
            report(path, f"{who} must be named once, got it twice")
        elif name == train.minimize:
            continue  # which is an output of the step
        elif name not in graph.outputs:
            report(path, f"{who} must be an output", having(name, graph.outputs))
        else:
            type_ = graph.deref(graph.outputs[name]).type
            if type_.dtype not in (*dtypes.real, "bool"):
                report(path, f"{who} must be a real number, got {type_}")
            elif type_.rank is not None and type_.rank > 1:
                report(path, f"{who} must be a scalar or a value per row, got {type_}", "take its Mean or Sum")


def _early_stopping(graph: Graph, train: Train, report: Report) -> None:
    stopping = train.early_stopping
    if stopping is None:
        return
    names = list(dict.fromkeys([*([train.minimize] if train.minimize else []), *train.metrics]))
    name, path = stopping.metric, ("early_stopping", "metric")
    if name not in names:
        hint = "write it under 'metrics'" if name in graph.outputs else having(name, names)
        report(path, f"train: early_stopping: no metric '{name}'", hint)
    elif not mode_of(graph, train, name):
        report(
            ("early_stopping", "mode"), f"train: early_stopping: 'mode' must be given for metric '{name}', got nothing",
            "write min or max, the value that is best; NaN never is",
        )  # fmt: skip


# -- splits and batches ---------------------------------------------------------------------------------------------


def _splits(graph: Graph, train: Train, splits: Splits, report: Report) -> None:
    if train.validate is not None and train.validate not in splits:
        report(("validate",), f"train 'validate': no split '{train.validate}' of data", having(train.validate, splits))
    needed = needed_inputs(graph, train)
    used = {training_split(splits): "train with", validation_split(train, splits): "validate with"}
    for split, purpose in used.items():
        for name in needed if split in splits else ():
            if name not in splits[split or ""]:
                report((), f"train: input '{name}' must be fed to {purpose}, got nothing from data '{split}'")


def needed_inputs(graph: Graph, train: Train) -> list[str]:
    """The inputs that must be fed for what is minimized and reported."""
    names = [*([train.minimize] if train.minimize else []), *train.metrics]
    before = graph.ancestors([ref.node for name in names if (ref := known(graph, name)) is not None])
    return [name for name in graph.of_block("Placeholder") if name in before]


def _without_data(train: Train, report: Report) -> None:
    for key, hint in {"batch_size": "use 'steps_per_epoch'", "drop_remainder": "", "validate": ""}.items():
        if getattr(train, key):
            report((key,), f"train '{key}' must be left out, as the graph needs no data", hint)


def _batches(graph: Graph, train: Train, splits: Splits, report: Report) -> None:
    if train.steps_per_epoch != 1:
        report(
            ("steps_per_epoch",), f"train 'steps_per_epoch' must be left out where the graph has data, got "
            f"{train.steps_per_epoch}", "steps follow from rows and 'batch_size'",
        )  # fmt: skip
    sizes: list[tuple[str | None, Path, int | None]] = [
        (training_split(splits), ("batch_size",), train.batch_size),
        (validation_split(train, splits), ("evaluate", "batch_size"), train.evaluate.batch_size),
    ]
    for split, path, size in sizes:
        fixed = fixed_rows(graph, splits.get(split or "", ()))
        if len({*fixed.values()}) > 1:
            told = listing([f"'{name}' {rows}" for name, rows in fixed.items()], "and")
            report((), f"train: the inputs that data '{split}' feeds must take equally many rows, got {told}")
            return
        for name, rows in fixed.items():
            if size is not None and size != rows:
                key = ": ".join(f"'{step}'" for step in path)
                report(path, f"train {key} must be {rows}, the rows that input '{name}' takes, got {size}")
                break
    sized = train.batch_size or fixed_rows(graph, splits[training_split(splits) or ""])
    if train.drop_remainder and not sized:
        report(("drop_remainder",), "train 'drop_remainder' must have a 'batch_size' beside it, got none")
