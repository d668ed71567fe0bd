"""The `train` and `data` sections: their documentation is the declaration; graphs made in Python are held to it too."""

from __future__ import annotations

import re

import places
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.core.roles import Gradient
from dataflow.graphfile.collection_kinds import ListOf
from dataflow.graphfile.emit import flow as written
from dataflow.graphfile.record import Record
from dataflow.training.data.section import Column, Csv, Split, data_section
from dataflow.training.train_section import Train, train_section

PAGE = (places.DOCS / "training.md").read_text("utf-8")
DATA = (places.DOCS / "data.md").read_text("utf-8")


def rows(record: type[Record], before: str = "") -> list[str]:
    lines = []
    for name, key in record.keys.items():
        default = "required" if key.attr.required else f"`{written(key.attr.default)}`"
        if key.attr.default in (None, "", (), {}, []):
            default = ""
        lines.append(f"| `{before}{name}` | {default} | {key.attr.doc[0].upper()}{key.attr.doc[1:]}. |")
        if isinstance(key.kind, type) and key.kind.__module__ == Train.__module__:
            lines += rows(key.kind, f"{before}{name}.")
        elif isinstance(key.kind, ListOf):
            lines += rows(key.kind.of, f"{before}{name}[].")
    return lines


@pytest.mark.parametrize("record, page", [(Train, PAGE), (Split, DATA), (Column, DATA), (Csv, DATA)])
def test_the_page_has_every_key(record, page):
    keys = "\n".join(rows(record))
    assert keys in page, f"the page must have this table:\n{keys}"


def test_the_page_has_every_optimizer_and_schedule():
    def names(of):
        return {name for name, block in flow.blocks.items() if block.__module__.startswith("blocks.") and of(block)}

    optimizers = names(lambda block: any(isinstance(port.role, Gradient) for port in block.signature.inputs.values()))
    schedules = names(lambda block: any(base.__name__ == "Schedule" for base in block.__mro__))
    for word, wanted in (("Optimizers", optimizers), ("Schedules", schedules)):
        (listed,) = re.findall(rf"^{word}: (.*?)\.$", PAGE, re.DOTALL | re.MULTILINE)
        assert set(re.split(r",\s+", listed)) == wanted


def graph(**sections):
    made = flow.Graph("g")
    made.input("x", "float32", ["N"])
    made.sections.update(sections)
    return made


def test_defaults():
    train = train_section(graph(train={"minimize": "x"}))
    assert (train.epochs, train.steps_per_epoch, train.seed, train.metrics, train.batch_size) == (1, 1, 0, (), None)
    assert (train.checkpoint.keep, train.checkpoint.every, train.clip) == (3, None, None)
    assert train_section(graph()) is None and data_section(graph()) == {}
    (split,) = data_section(graph(data={"train": {"path": "d.npz", "inputs": {"x": "x_train"}}})).values()
    assert (split.path, split.rows, split.inputs["x"].array, split.inputs["x"].path) == ("d.npz", None, "x_train", None)


@pytest.mark.parametrize(
    "sections, message",
    [
        ({"train": {"epochs": 0}}, "train 'epochs' must be a whole number from 1, got 0"),
        ({"train": {"epoch": 3}}, "'train' has no key 'epoch'; did you mean 'epochs'?"),
        ({"train": [1]}, "'train' must be a mapping, got [1]"),
        ({"train": {"clip": {"norm": -1}}}, "train 'clip' must be one of value, norm and global_norm with a number"),
        ({"train": {"clip": {"norm": 1, "value": 1}}}, "train 'clip' must be one of value, norm and global_norm"),
        ({"train": {"optimizer": {"inputs": {}}}}, "train 'optimizer': 'block' must be given, got nothing"),
        ({"train": {"early_stopping": {"metric": "loss"}}}, "train 'early_stopping': 'patience' must be given"),
        ({"data": {"train": {"path": "d.npz"}}}, "data 'train': 'inputs' must be given, got nothing"),
        ({"data": {"train": {"rows": [3, 1, 2], "inputs": {}}}}, "data 'train': 'rows' must be the first row and"),
        ({"data": {"t": {"inputs": {"x": {"scale": "a"}}}}}, "data 't': input 'x': 'scale' must be a number, or"),
        ({"data": {"t": {"inputs": {"x": {"one_hot": 0}}}}}, "data 't': input 'x': 'one_hot' must be a whole number"),
    ],
)  # fmt: skip
def test_graphs_made_in_python_are_held_to_it(sections, message):
    made = graph(**sections)
    with pytest.raises(GraphError) as caught:
        train_section(made)
        data_section(made)
    assert str(caught.value).startswith(f"graph 'g': {message}")
