"""The values that training has left: those of the best or the latest checkpoint of a graph."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataflow.core.errors import DataflowError, way_out
from dataflow.graphfile.shipped import is_shipped

if TYPE_CHECKING:
    from dataflow.core.dtypes import Array
    from dataflow.graph.graph import Graph


def checkpoint_folder(path: str, folder: str | None) -> Path:
    """The folder of a graph's checkpoints; that of a graph of the package is in the current folder."""
    beside = Path(path).with_suffix(".checkpoints")
    return Path(folder or (beside.name if is_shipped(path) else beside))


def trained(graph: Graph, path: str, folder: str | None, which: str) -> tuple[dict[str, Array], dict[str, Any] | None]:
    """The variables of the best or the latest checkpoint, and what its training split told of the inputs.

    A graph without variables needs no checkpoint.
    """
    from dataflow.engine.matching import match
    from dataflow.training import checkpoint
    from dataflow.training.trained_with import warn_of_overrides

    where = checkpoint_folder(path, folder)
    best = where / checkpoint.BEST
    if folder is None and not where.exists() and not any(node.block.stateful for node in graph.nodes.values()):
        return {}, None
    meta, variables = (
        checkpoint.read(best) if which == "best" and best.exists() else checkpoint.latest(where, checkpoint.read)
    )
    noted = meta["notes"].get("trained_with", {})
    overrides = warn_of_overrides(where, meta["notes"])
    found = match(graph, variables)
    problems = [f"{where}: {problem}" for problem in found.misfits]
    problems += [
        f"{where}: must have variable '{name}' of {path}, got a checkpoint without it" for name in found.missing
    ]
    if problems:
        params = [f"{name}={value}" for name, value in noted.get("params", {}).items()]
        words = way_out(" ".join(f"-p {shlex.quote(each)}" for each in params), page=" ".join(params))
        words += f" and {overrides}" if words and overrides else overrides
        raise DataflowError("\n".join(problems) + (f"; it was trained with {words}" if words else ""))
    return found.values, meta["notes"].get("fitted")


def values_of(
    graph: Graph, path: str, source: str | None, folder: str | None, which: str, optional: Collection[str] = ()
) -> tuple[dict[str, Array], dict[str, Any] | None]:
    """The variables of ``--from``, or of the checkpoints as `trained` finds them; what training told of the inputs.

    Those that are optional may be missing in what ``--from`` names, and begin as the graph says.

    Without checkpoints nothing, of a graph that was quantized or has no `train`: its values are in its file.
    """
    from dataflow.engine.state import State
    from dataflow.training.initial_values import initial_values, read_values

    if source is not None:
        given = read_values(source)
        begun = {name: value for name, value in State(graph).items() if name in optional}
        return initial_values(graph, {**begun, **given})[0], None
    is_whole = "quantization" in graph.sections or "train" not in graph.sections
    if folder is None and is_whole and not checkpoint_folder(path, None).exists():
        return {}, None
    return trained(graph, path, folder, which)
