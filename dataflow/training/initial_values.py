"""Values that training starts from: the variables of a checkpoint, of a file of any program, or of a mapping."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, listing, way_out
from dataflow.engine.matching import match
from dataflow.engine.state_file import read_variables
from dataflow.files import Unreadable
from dataflow.graph.graph import Graph
from dataflow.training import checkpoint
from dataflow.training.trained_with import warn_of_overrides

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_PARTIAL = "partial=True takes what fits", "--partial takes what fits"
_OWN = "train/"  # what training adds to a graph; its variables start anew


def read_values(place: str | os.PathLike[str]) -> dict[str, Array]:
    """The variables in a folder of checkpoints, of the best one or else the latest, or in a file of variables.

    Warns of those that were not trained as their graph file says. Raises DataflowError where there are none, or where
    the file is damaged.
    """
    path = Path(place)
    if path.is_dir():
        best = path / checkpoint.BEST
        meta, variables = checkpoint.read(best) if best.exists() else checkpoint.latest(path, checkpoint.read)
    else:
        try:
            variables, meta = read_variables(path)
        except Unreadable as error:
            raise DataflowError(f"{path}: cannot be read as variables: {error}") from None
    warn_of_overrides(path, meta.get("notes"))
    return variables


def initial_values(
    graph: Graph, values: Mapping[str, ArrayLike], partial: bool = False, resumed: bool = False
) -> tuple[dict[str, Array], list[str]]:
    """The values for variables of a graph, and with ``partial`` what of them is not taken, in messages.

    What an optimizer has kept in a checkpoint is passed over. Without ``partial`` all must fit: GraphError lists those
    of another dtype or shape, those for no variable, and variables without a value. A training that is ``resumed``
    takes none: GraphError.
    """
    if resumed:
        raise GraphError("values are for a training that begins, got resume=True too; give one of the two")
    kept = {name: value for name, value in values.items() if name in graph.nodes or not name.startswith(_OWN)}
    matched = match(graph, kept)
    if matched.problems and not partial:
        raise GraphError("\n".join([*matched.problems, way_out(*_PARTIAL)]))
    rest = [*matched.misfits, *matched.left_over]
    if matched.missing:
        rest.append(f"no value for {listing(matched.missing, 'and')}, which start as the graph says")
    return matched.values, rest
