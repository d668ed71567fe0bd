"""What a training is of: the section, the splits, the size and number of batches, and the graph of a step."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from dataflow.core.errors import GraphError
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.overrides import NO_OVERRIDES, Overrides
from dataflow.graphfile.section_checks import check_sections
from dataflow.training.array_split import ArraySplit, RowSplit, inputs_of
from dataflow.training.batch_sizes import rows_per_step, steps_per_epoch, training_split, validation_split
from dataflow.training.changes import Plain, check_train, with_params
from dataflow.training.data import split
from dataflow.training.freezing import phases, wrong_to_freeze
from dataflow.training.optimizer_nodes import rate_port
from dataflow.training.override_checks import check_overridden
from dataflow.training.row_checks import check_rows, wrong_for_evaluation, wrong_for_training
from dataflow.training.step_graph import required, step_graph
from dataflow.training.train_checks import check_splits, needed_inputs
from dataflow.training.trained_with import digest_of_split, trained_with

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Setup:
    """A graph that can be trained, with all that follows from its section and its data.

    Raises GraphError that lists what is wrong with them.
    """

    def __init__(
        self,
        graph: Graph,
        epochs: int | None = None,
        arrays: Mapping[str, Mapping[str, ArrayLike] | RowSplit] | None = None,
        overrides: Overrides = NO_OVERRIDES,
    ):
        self.written, self.overrides, self.arrays = graph, overrides, arrays
        graph = self.graph = self.overridden(graph)
        if epochs is not None and (isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1):
            raise GraphError(f"epochs must be a whole number from 1, got {epochs!r}")
        if arrays is None:
            self._check_sections()
        self.train, self.optimizer = required(graph)
        splits: Mapping[str, Any] = (graph.sections.get("data") or {}) if arrays is None else arrays
        if arrays is not None:
            fed = {name: [*each] if isinstance(each, Mapping) else inputs_of(each) for name, each in arrays.items()}
            check_splits(graph, self.train, fed)
        if not splits and (needed := needed_inputs(graph, self.train)):
            raise GraphError(f"graph '{graph.name}': input '{needed[0]}' must be fed to train with, got no data")
        if str(overrides):
            check_overridden(self.written, graph, self.train, overrides)
        self.training, self.validated = training_split(splits), validation_split(self.train, splits)
        self.epochs = epochs or self.train.epochs
        self.data, self.validation = self._split(self.training), self._split(self.validated)
        self.size, self.batches = 1, self.train.steps_per_epoch
        if self.data is not None:
            length, inputs = self.data.length, inputs_of(self.data)
            check_rows(graph, wrong_for_training(graph, self.train, self.training or "", inputs, length))
            self.size = rows_per_step(graph, self.train, inputs, length)
            self.batches = steps_per_epoch(length, self.size, self.train.drop_remainder)
        if self.validation is not None:
            inputs = inputs_of(self.validation)
            check_rows(graph, wrong_for_evaluation(graph, self.validated or "", inputs, self.validation.length))
        self.steps = self.epochs * self.batches
        if wrong := wrong_to_freeze(graph, self.train, self.epochs):
            raise GraphError(f"graph '{graph.name}': {wrong}")
        self.phases = phases(self.train, self.epochs)
        self.rate: float | None = None  # in place of what the section says

    def _check_sections(self) -> None:
        """Raise GraphError that lists what is wrong with the sections, and tells where that comes of overrides."""
        try:
            check_sections(self.graph, files=True)
        except GraphError as error:
            if str(self.overrides):
                check_sections(self.written)
                raise GraphError(f"training with {self.overrides}: {error}") from None
            raise

    def step_graph(self, epoch: int) -> Graph:
        """The graph of a step once so many epochs are done."""
        return step_graph(self.graph, self.train, self.optimizer, self.steps, epoch, self.rate)

    def overridden(self, graph: Graph) -> Graph:
        """A graph of the training with its overrides; GraphError for those that no training can have.

        It has all variables of the graph, read or not: checkpoints are of the graph as it is written.
        """
        for name in self.overrides.frozen:
            ref = graph.ref(name)
            if graph.nodes[ref.node].block.stateful:
                raise GraphError(
                    f"freezing of '{name}': a variable must stay one, which checkpoints have; give it to 'freeze' of "
                    "the train section"
                )
            if not ref.type.known and ref.node not in graph.inputs:
                raise GraphError(
                    f"freezing of '{name}': must have one shape in all steps of a training, got {ref.type}, of other "
                    "rows each time; freeze what does not depend on rows, or bypass it"
                )
        result = self.overrides.of(graph)
        lost = [name for name, node in graph.nodes.items() if node.block.stateful and name not in result.nodes]
        needed = graph.ancestors(lost)
        for name, node in graph.nodes.items() if lost else ():
            if name in needed and name not in result.nodes:
                result.insert(node)
        return result

    def changed(self, rate: float | None, params: Mapping[str, Plain]) -> Setup:
        """The same training with another learning rate, None for the one that it has, and with other parameters.

        Raises GraphError where the parameters change more than they may between two steps.
        """
        made = copy(self)
        made.rate = rate
        if params:
            made.written = with_params(self.written, params)
            made.graph = self.overridden(made.written)
            made.train, made.optimizer = required(made.graph)
            check_train(self.train, made.train)
        if rate is not None and rate_port(blocks[made.optimizer.block]) is None:
            raise GraphError(f"train: optimizer {made.optimizer.block} has no learning rate to change")
        return made

    def _split(self, name: str | None) -> RowSplit | None:
        if name is None:
            return None
        if self.arrays is None:
            return split(self.graph, name)
        given = self.arrays[name]
        return ArraySplit(self.graph, name, given) if isinstance(given, Mapping) else given

    def notes(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What checkpoints note beside the progress: what the training is done with."""
        digests = {}
        for name, found in ((self.training, self.data), (self.validated, self.validation)):
            if name is not None:
                own = getattr(found, "digest", None)
                digests[name] = own or digest_of_split(self.graph.sections["data"], name)
        notes = {"trained_with": trained_with(self.graph, self.train, self.steps, digests, params, self.overrides)}
        if fitted := getattr(self.data, "fitted", None):  # what preparing the data needs to know of these rows
            notes["fitted"] = fitted
        return notes
