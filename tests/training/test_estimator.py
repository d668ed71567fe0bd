"""A graph as an estimator: by itself, and in scikit-learn's pipelines, cross-validation and searches."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow import Estimator
from dataflow.core.errors import GraphError

CLASSES = """\
dataflow: 1
params: {rate: 0.5, training: false}
inputs: {features: "float32[N, 2]", label: "int32[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}}
  b: {block: Variable, inputs: {initvalues: [0.0, 0.0, 0.0]}}
  product: {block: MatMul, inputs: {a: features, b: w}}
  logits: {block: BiasAdd, inputs: {value: product, bias: b}}
  xent: {block: SparseSoftmaxCrossEntropyWithLogits, inputs: {features: logits, labels: label}}
  loss: {block: Mean, inputs: {input: xent, axis: [0]}}
  number: {block: ArgMax, inputs: {input: logits, dimension: 1}}
  share: {block: Softmax, inputs: {logits: logits}}
outputs: {loss: loss, number: number, share: share}
train:
  minimize: loss
  optimizer: {block: ApplyGradientDescent, inputs: {alpha: $rate}}
  epochs: 20
  batch_size: 16
  validate: test
"""
LINE = """\
dataflow: 1
inputs: {x: "float32[N, 3]", y: "float32[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: [[0.0], [0.0], [0.0]]}}
  product: {block: MatMul, inputs: {a: x, b: w}}
  line: {block: Squeeze, inputs: {input: product}, attrs: {axis: [1]}}
  error: {block: SquaredDifference, inputs: {x: line, y: y}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs: {loss: loss, line: line}
train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}, epochs: 30, batch_size: 20}
"""
NAMES = np.array(["blue", "green", "red"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("classes.yaml").write_text(CLASSES)
    Path("line.yaml").write_text(LINE)
    return tmp_path


def classes(rows: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Points around three centres, and the names of these."""
    random = np.random.default_rng(0)
    numbers = np.arange(rows) % 3
    centres = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0]])
    return centres[numbers] + random.normal(size=(rows, 2)), NAMES[numbers]


def classifier(**more: object) -> Estimator:
    return Estimator("classes.yaml", inputs="features", targets="label", probabilities="share", **more)


def test_a_classifier_learns_labels_of_any_kind(folder: Path) -> None:
    X, y = classes()
    model = classifier(rate=0.1)
    assert model.fit(X, y) is model
    assert model.classes_.tolist() == NAMES.tolist() and model.n_features_in_ == 2
    assert model.score(X, y) > 0.9 and set(model.predict(X)) == set(NAMES)
    shares = model.predict_proba(X)
    assert shares.shape == (90, 3) and np.allclose(shares.sum(1), 1, atol=1e-5)
    assert (model.classes_[shares.argmax(1)] == model.predict(X)).all()
    assert [report.epoch for report in model.history_] == list(range(1, 21))


def test_a_regressor_scores_by_r_squared(folder: Path) -> None:
    X = np.random.default_rng(1).normal(size=(1100, 3))
    y = X @ [1.0, -2.0, 0.5]
    model = Estimator("line.yaml", epochs=3).fit(X, y)
    assert len(model.history_) == 3 and model.score(X, y) > 0.999
    found = model.predict(X)
    assert model.score(X, y) == pytest.approx(1 - ((y - found) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert np.allclose(model.variables_["w"][:, 0], [1.0, -2.0, 0.5], atol=1e-2)
    assert not hasattr(model, "predict_proba") and not hasattr(model, "classes_")


def test_rows_predicted_apart_are_those_predicted_together(folder: Path) -> None:
    X = np.random.default_rng(1).normal(size=(1100, 3))
    model = Estimator("line.yaml", epochs=1).fit(X, X @ [1.0, -2.0, 0.5])
    apart = np.concatenate([model.predict(X[:700]), model.predict(X[700:])])
    # a product of matrices may round a row otherwise where it has other rows beside it
    np.testing.assert_allclose(model.predict(X), apart, rtol=1e-6, atol=1e-6)


def test_fitting_begins_anew_and_its_bits_depend_on_the_seed(folder: Path) -> None:
    X, y = classes()
    first = classifier(random_state=1).fit(X, y).variables_["w"]
    model = classifier(random_state=1)
    for _ in range(2):
        assert model.fit(X, y).variables_["w"].tobytes() == first.tobytes()
    assert classifier(random_state=2).fit(X, y).variables_["w"].tobytes() != first.tobytes()


def test_arguments_are_read_and_set(folder: Path) -> None:
    model = classifier(rate=0.1)
    given = model.get_params()
    assert given["rate"] == 0.1 and given["graph"] == "classes.yaml" and given["epochs"] is None
    assert Estimator(**given).get_params() == given
    assert model.set_params(rate=0.2, epochs=2, training=True) is model
    assert model.get_params()["rate"] == 0.2 and model.epochs == 2
    with pytest.raises(GraphError, match=r"Estimator: no parameter 'rates'; did you mean 'rate'\?"):
        model.set_params(rates=1)


def test_a_graph_made_in_python(folder: Path) -> None:
    X, y = classes()
    graph = flow.load("classes.yaml", rate=0.1)
    before = copy.deepcopy(graph.sections)
    model = Estimator(graph, inputs="features", targets="label").fit(X, y)
    assert model.score(X, y) > 0.9 and graph.sections == before
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda X, y: classifier().predict(X), "Estimator: must be trained first, got one that is not; call fit"),
        (lambda X, y: Estimator("classes.yaml").fit(X, y), "graph 'classes': no input 'x'; it has features and label"),
        (lambda X, y: classifier(output="numbr").fit(X, y), "Estimator: no output 'numbr'; did you mean 'number'?"),
        (lambda X, y: classifier().fit(X[:, :1], y), "input 'features' must be float32[N, 2], got float32[90, 1]"),
        (lambda X, y: classifier().fit(X[:50], y), "arrays must have equally many rows, got features 50 and label 90"),
        (lambda X, y: classifier().fit(y, y), "input 'features' must be float32[N, 2], got <U5[90]"),
    ],
)
def test_what_does_not_fit_is_told(folder: Path, make, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        make(*classes())
    assert message.replace("<U5", "str160") in str(caught.value).replace("<U5", "str160")


# -- in scikit-learn ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_cross_validation(folder: Path) -> None:
    from sklearn.base import clone, is_classifier, is_regressor
    from sklearn.model_selection import cross_val_predict, cross_val_score

    X, y = classes()
    model = classifier(rate=0.1)
    assert is_classifier(model) and is_regressor(Estimator("line.yaml"))
    again = clone(model.fit(X, y))
    assert again.get_params() == model.get_params() and not hasattr(again, "variables_")
    scores = cross_val_score(model, X, y, cv=3)
    assert scores.shape == (3,) and scores.min() > 0.8
    shares = cross_val_predict(model, X, y, cv=3, method="predict_proba")
    assert shares.shape == (90, 3)
    X = np.random.default_rng(1).normal(size=(200, 3))
    assert cross_val_score(Estimator("line.yaml"), X, X @ [1.0, -2.0, 0.5], cv=3, scoring="r2").min() > 0.99


@pytest.mark.slow
def test_a_pipeline_in_a_grid_search(folder: Path) -> None:
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = classes()
    pipeline = make_pipeline(StandardScaler(), classifier())
    grid = {"estimator__rate": [0.0, 0.5], "estimator__epochs": [1, 10]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X * 1000, y)
    assert search.best_params_["estimator__rate"] == 0.5
    assert search.best_score_ > 0.8 and search.predict_proba(X * 1000).shape == (90, 3)
    assert search.best_estimator_.classes_.tolist() == NAMES.tolist()
