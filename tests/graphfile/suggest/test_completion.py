"""Words for a place in a text."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.suggest.completion import completions


@pytest.fixture(scope="module")
def file() -> Editor:
    return flow.edit("dataflow:digits/cnn.yaml")


@pytest.mark.parametrize(
    ("old", "new", "first", "never"),
    [
        ("tensor: image", "tensor: im", ["image"], "picture"),
        ("{block: Reshape, inputs: {tensor: image", "{block: Resh", ["Reshape", "ReshapeLike"], "Relu"),
        ("{block: Reshape, inputs: {tensor: image", "{block: Reshape, inputs: {", ["tensor", "shape"], "picture"),
        ("padding: VALID", "padding: ", ["SAME", "VALID", "EXPLICIT", "$training"], "NHWC"),
        ("padding: VALID", "padding: VALID, da", ["data_format"], "padding"),
        ("block: MaxPool\n", "block: MaxPool\n    ", ["inputs"], "block"),
        ("{units: 10}", "{units: 10, act", ["activation"], "units"),
        ("{units: 10}", "{units: 10, trainable: ", ["true", "false", "$training"], "conv1"),
        (
            "block: dataflow:layers/conv2d_batch_norm.yaml",
            "block: dataflow:layers/de",
            ["dataflow:layers/dense.yaml"],
            "x",
        ),
        ("y_pred: digit", "y_pred: conv1.", ["conv1.y"], "image"),
        ("digit: digit", "digit: dig", ["digit"], "image"),
        ("metrics: [accuracy]", "metrics: [", ["digit", "loss", "accuracy"], "conv1"),
        ("minimize: loss", "minimize: lo", ["logits", "loss"], "image"),
        ("{block: ApplyAdam}", "{block: ApplyAdam", ["ApplyAdam", "ApplyAdamW"], "Relu"),
        ("inputs: {image: x_train", "inputs: {", ["image", "label"], "conv1"),
        ("\ntrain:\n", "\nqu", ["quantization"], "nodes"),
        ("shape: [N, 64], range", "ran", ["range"], "dtype"),
        ("dtype: float32", "dtype: flo", ["float16", "float32", "float64"], "int32"),
        ("epochs: $epochs", "epochs: $e", ["$epochs"], "$seed"),
        ("type: bool", "type: b", ["bool"], "int"),
        ("validation: {like: train", "validation: {str", ["stratify"], "like"),
        ("validation: {like: train", "validation: {like: ", ["train", "test"], "validation"),
        ("path: dataflow:data/digits.npz", "path: ", ["../data/digits.npz", "../data/wine.csv"], "train"),
        ("image: x_train", "image: x", ["x_train", "x_test"], "image"),
        ("image: x_train", "image: {array: y", ["y_train", "y_test"], "image"),
        ("image: x_train", "image: {columns: [", [], "x_train"),
        ("\ntrain:\n", "\ntrain:\n  validate: ", ["train", "validation", "test"], "image"),
        ("{block: ApplyAdam}", "{block: A", ["ApplyAdam", "AdamW"], "Add"),
        (
            "{block: ApplyAdam}",
            "{block: ApplyAdam}\n  schedule: {block: ",
            ["CosineDecay", "ExponentialDecay"],
            "ApplyAdam",
        ),
    ],
)
def test_words_of_a_place(file: Editor, old: str, new: str, first: list[str], never: str) -> None:
    at = file.text.index(old)
    text = file.text[:at] + new + file.text[at + len(old) :]
    found = completions(text, at + len(new), file.tree, file.context().scopes[""])
    labels = [each.label for each in found]
    known = [label for label in labels if label in first]
    assert sorted(known) == sorted(first) and never not in labels
    assert all(each.label.lower().startswith(text[each.start : at + len(new)].lower()) for each in found[:1])


def test_what_they_say_and_write(file: Editor) -> None:
    text = "dataflow: 1\nnodes:\n  r: {block: Relu, inputs: {"
    (port,) = completions(text, len(text), {}, None)
    assert (port.label, port.insert, port.start) == ("features", "features: ", len(text))
    assert port.detail.startswith("values")
    text = '{"dataflow": 1, "nodes": {"r": {"block": "Relu", "inputs": {"'
    assert [each.insert for each in completions(text, len(text), {}, None)] == ["features"]
    at = file.text.index("tensor: image") + len("tensor: ima")
    (image,) = completions(file.text, at, file.tree, file.context().scopes[""])
    assert image.detail == "float32[N, 64]" and file.text[image.start : at] == "ima"


def test_a_text_that_is_no_yaml_has_the_names_that_it_had(file: Editor) -> None:
    text = file.text.replace(
        "loss: {block: Mean, inputs: {input: xent, axis: [0]}}", "loss: {block: Mean, inputs: {input: "
    )
    text = text.replace("name: digits_cnn", "name: [")
    at = text.index("Mean, inputs: {input: ") + len("Mean, inputs: {input: ")
    assert "xent" in [each.label for each in completions(text, at, file.tree)]


def test_nothing_in_comments(file: Editor) -> None:
    assert completions("dataflow: 1  # no", 17, {}) == []
