"""Trainings whose overrides change what is minimized, or leave nothing to train."""

from __future__ import annotations

import warnings

import pytest

from dataflow.core.errors import GraphError
from dataflow.graph.overrides import Overrides
from dataflow.training.setup import Setup


@pytest.mark.parametrize(
    "overrides",
    [
        Overrides(forced={"loss": 0.5}),  # it is computed still, for its shape
        Overrides(frozen={"loss": 0.5}),
        Overrides(forced={"line": 1.0}),
        Overrides(bypassed=["error"], forced={"noise": 1.0}),
    ],
)
def test_a_training_in_which_nothing_is_trained_is_refused(load, overrides):
    told = r"nothing would be trained|must depend on a variable to train, got none"
    with pytest.raises(GraphError, match=rf"^training with {overrides}: .*({told})"):
        Setup(load(), overrides=overrides)


def test_what_is_minimized_in_place_of_a_bypassed_loss_is_told(load):
    with pytest.warns(UserWarning, match="^training with bypass loss: what is minimized as 'loss' is 'error', which"):
        made = Setup(load(), overrides=Overrides(["loss"]))
    assert made.graph.ref("loss").node == "error"


def test_other_overrides_warn_of_nothing(load):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Setup(load(), overrides=Overrides(["noise"], forced={"b": 0.25}))


def test_a_loss_that_is_wrong_by_them_alone_is_told_with_them(load):
    def summed(text):
        return text.replace("error, axis: [0]}}", "row, axis: [0, 1]}}").replace(
            "  loss:", "  row: {block: ExpandDims, inputs: {input: error, axis: 1}}\n  loss:"
        )

    with pytest.raises(GraphError, match=r"^training with bypass loss: .* must be a scalar or a value per row, got"):
        Setup(load(summed), overrides=Overrides(["loss"]))


def test_a_section_that_is_wrong_anyway_is_told_without_them(load):
    wrong = load()
    wrong.sections["train"]["minimize"] = "lost"
    with pytest.raises(GraphError, match=r"^graph .*: no .*lost"):
        Setup(wrong, overrides=Overrides(["noise"]))
