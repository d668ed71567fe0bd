"""``dataflow evaluate``: means over a split, with the variables of a checkpoint."""

from __future__ import annotations

import json

import pytest
from cli.graphs import BEST, LATEST


@pytest.mark.parametrize(
    "options, loss",
    [
        ([], BEST**2),
        (["-s", "test"], BEST**2),
        (["-s", "train"], (3 - BEST) ** 2),
        (["--which", "latest"], LATEST**2),
        (["--which", "latest", "-s", "more"], (3 - LATEST) ** 2),
    ],
)
def test_the_loss_over_a_split(dataflow, trained, options, loss):
    code, out, err = dataflow("evaluate", "learn.yaml", "--json", *options)
    assert (code, err) == (0, "")
    assert json.loads(out)["loss"] == pytest.approx(loss, rel=1e-5)


def test_as_a_table(dataflow, trained):
    header, *rows = dataflow("evaluate", "learn.yaml").out.splitlines()
    assert header.split() == ["metric", "value"]
    assert [row.split() for row in rows] == [["loss", f"{BEST**2:.6g}"]]


def test_the_last_split_where_none_is_called_test(dataflow, trained):
    text = trained.joinpath("learn.yaml").read_text()
    trained.joinpath("learn.yaml").write_text(text.replace(": test", ": rest").replace("  test:", "  rest:"))
    loss = json.loads(dataflow("evaluate", "learn.yaml", "--json").out)["loss"]
    assert loss == pytest.approx((3 - BEST) ** 2, rel=1e-5)


@pytest.mark.parametrize(
    "args, code, said",
    [
        (("learn.yaml", "-s", "none"), 1, "no data 'none'"),
        (("learn.yaml", "--checkpoints", "none"), 1, "none: must have checkpoints, got none"),
        (("line.yaml",), 1, "has no data"),
        ((".",), 1, "must be a file, got a folder"),
        (("learn.yaml", "--which", "first"), 2, "'first' is not one of 'best', 'latest'"),
    ],
)
def test_mistakes(dataflow, trained, args, code, said):
    done = dataflow("evaluate", *args)
    assert (done.code, said in done.err) == (code, True), done.err
