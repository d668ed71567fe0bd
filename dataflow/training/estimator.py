"""A graph as an estimator of scikit-learn: fit, predict, score, in pipelines, cross-validation and grid searches.

scikit-learn is not needed: an estimator is what has these methods.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core import conversion, dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, instead
from dataflow.engine.plan import Plan
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph
from dataflow.graphfile.load import defaults, load
from dataflow.training.epoch_report import Report
from dataflow.training.trainer import Trainer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ROWS = 512  # predicted at a time


class Estimator:
    """A graph with a `train` section, trained and used as scikit-learn does it.

    Parameters
    ----------
    graph : the path of a graph file, or a graph.
    inputs, targets : the graph inputs that X and y feed. Both are converted to their dtypes, and X is reshaped to the
        declared shape where only that differs.
    output : what `predict` gives; by default the first output that needs no targets, of whole numbers if there is one.
        Where it is of whole numbers the estimator is a classifier: y may be any labels, the graph is fed their numbers.
    probabilities : the output that `predict_proba` gives, a column for each class; without it there is no such method.
    epochs : how many times all rows are seen, in place of what the section says.
    random_state : a seed in place of that of the section.
    params : parameters of the graph file, which a grid search may try.

    Examples
    --------
    >>> model = Estimator("graphs/digits/mlp.yaml", inputs="image", targets="label", learning_rate=0.01)
    >>> model.get_params()["learning_rate"]
    0.01
    """

    def __init__(
        self,
        graph: str | os.PathLike[str] | Graph,
        *,
        inputs: str = "x",
        targets: str = "y",
        output: str | None = None,
        probabilities: str | None = None,
        epochs: int | None = None,
        random_state: int | None = None,
        **params: object,
    ):
        self.graph, self.inputs, self.targets, self.output = graph, inputs, targets, output
        self.probabilities, self.epochs, self.random_state = probabilities, epochs, random_state
        self.params = params

    # -- settings -----------------------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments that make an estimator like this one."""
        own = ("graph", "inputs", "targets", "output", "probabilities", "epochs", "random_state")
        return {**{name: getattr(self, name) for name in own}, **self.params}

    def set_params(self, **given: object) -> Estimator:
        """Change arguments; GraphError where there is none of this name."""
        own = self.get_params().keys() - self.params.keys()
        known = own | self.params.keys()
        if not isinstance(self.graph, Graph):
            known |= defaults(self.graph).keys()
        for name, value in given.items():
            if name not in known:
                raise GraphError(f"Estimator: no parameter '{name}'; {instead(name, sorted(known))}")
            if name in own:
                setattr(self, name, value)
            else:
                self.params = {**self.params, name: value}
        return self

    # -- training and using -------------------------------------------------------------------------------------

    def fit(self, X: ArrayLike, y: ArrayLike) -> Estimator:
        """Train from the initial values on; `history_` has a report for each epoch."""
        graph, measured = self._graphs()
        targets = np.asarray(y)
        self.graph_, self.output_ = measured, self._predicted(measured)
        if self._classifies():
            self.classes_, targets = np.unique(targets, return_inverse=True)
        fed = {self.inputs: _fed(graph, self.inputs, X), self.targets: _fed(graph, self.targets, targets)}
        trainer = Trainer(graph, measured=measured, epochs=self.epochs, data={"train": fed})
        self.history_: list[Report] = list(trainer.run())
        self.variables_ = {name: value for name, value in trainer.state.variables.items() if name in measured.nodes}
        self.n_features_in_ = int(np.prod(np.shape(X)[1:]))
        return self

    def predict(self, X: ArrayLike) -> Array:
        """The output for each row; of a classifier its label."""
        values = self._run(X, self._fitted())
        return self.classes_[values] if self._classifies() else values

    @property
    def predict_proba(self) -> Any:
        """A function: the probabilities of the classes for each row, in the order of `classes_`."""
        if self.probabilities is None:
            raise AttributeError("Estimator: give probabilities=, the output that has them")
        name = self.probabilities

        def predicted(X: ArrayLike) -> Array:
            self._fitted()
            return self._run(X, name)

        return predicted

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Of a classifier the share of labels that are right, else the coefficient of determination, R squared."""
        found, wanted = self.predict(X), np.asarray(y)
        if self._classifies():
            return float(np.mean(found == wanted))
        wanted = wanted.astype(np.float64).reshape(found.shape)
        missed = np.sum((wanted - found) ** 2, dtype=np.float64)
        return float(1 - missed / np.sum((wanted - wanted.mean(axis=0)) ** 2))

    def _fitted(self) -> str:
        if not hasattr(self, "variables_"):
            raise GraphError("Estimator: must be trained first, got one that is not; call fit")
        return self.output_

    def _run(self, X: ArrayLike, output: str) -> Array:
        graph = self.graph_.copy()
        if output not in graph.outputs:
            raise GraphError(f"Estimator: no output '{output}'; {instead(output, graph.outputs)}")
        graph.outputs = {output: graph.outputs[output]}
        rows, plan = _fed(graph, self.inputs, X), Plan(graph)
        parts = [
            plan.run({**self.variables_, self.inputs: rows[start : start + ROWS]})[output]
            for start in range(0, len(rows), ROWS)
        ]
        return np.concatenate(parts)

    def _graphs(self) -> tuple[Graph, Graph]:
        """The graph to train and the one to measure, which differ where a parameter `training` switches."""
        if isinstance(self.graph, str | os.PathLike):
            switched = isinstance(defaults(self.graph).get("training"), bool) and "training" not in self.params
            measured = load(self.graph, **self.params)
            graph = load(self.graph, **{**self.params, "training": True}) if switched else measured.copy()
        else:
            measured = as_graph(self.graph, "Estimator(graph)")
            graph = measured.copy()
        section = {name: value for name, value in (graph.sections.get("train") or {}).items() if name != "validate"}
        graph.sections["train"] = section | ({} if self.random_state is None else {"seed": self.random_state})
        return graph, measured

    # -- what it predicts ---------------------------------------------------------------------------------------

    def _predicted(self, graph: Graph) -> str:
        """The output that `predict` gives."""
        if self.output is not None:
            if self.output not in graph.outputs:
                raise GraphError(f"Estimator: no output '{self.output}'; {instead(self.output, graph.outputs)}")
            return self.output
        free = {n: graph.deref(k) for n, k in graph.outputs.items() if self.targets not in graph.ancestors([k.node])}
        if not free:
            raise GraphError(
                f"graph '{graph.name}': an output must do without input '{self.targets}', got none to predict"
            )
        whole = [name for name, ref in free.items() if ref.dtype in dtypes.integer]
        return (whole or [name for name in free if name != self.probabilities] or list(free))[0]

    def _classifies(self) -> bool:
        graph = self.graph_ if hasattr(self, "graph_") else self._graphs()[1]
        return graph.deref(graph.outputs[self._predicted(graph)]).dtype in dtypes.integer

    @property
    def _estimator_type(self) -> str:
        return "classifier" if self._classifies() else "regressor"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "variables_")

    def __sklearn_tags__(self) -> Any:
        from sklearn import utils  # which asks, so it is there

        kind = self._estimator_type
        return utils.Tags(
            estimator_type=kind,
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags() if kind == "classifier" else None,
            regressor_tags=utils.RegressorTags() if kind == "regressor" else None,
        )


def _fed(graph: Graph, name: str, values: ArrayLike) -> Array:
    """Values for an input, in its dtype and shape."""
    if name not in graph.inputs:
        raise GraphError(f"graph '{graph.name}': no input '{name}'; {instead(name, graph.inputs)}")
    declared = graph.inputs[name]
    array = np.asarray(values)
    try:
        array = conversion.literal(array, declared.dtype)
        if declared.shape is not None and array.ndim != len(declared.shape):
            sizes = [size if isinstance(size, int) else -1 for size in declared.shape[1:]]
            array = array.reshape(len(array), *sizes)
    except (conversion.ConversionError, ValueError, TypeError) as error:
        raise GraphError(
            f"input '{name}' must be {declared}, got {array.dtype.name}{list(array.shape)}: {error}"
        ) from None
    return array
