"""Values that a graph file takes from the environment are in no message, whatever is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from graph_text import problems

import dataflow as flow
from dataflow.core import errors
from dataflow.core.errors import DataflowError, GraphFileError, concealed
from dataflow.graphfile.load import check
from dataflow.training.data import load_data


@pytest.fixture(autouse=True)
def nothing_else_concealed(monkeypatch):
    monkeypatch.setattr(errors, "_CONCEALED", {})


LONG = "pa55 /" + "wörd" * 40


SECRETS = ["hunter2", "hunter2.key", "17823", "1e3", "0x1f40", "ab", "/srv/hunter2", "float32[hunter2]", "'q\"", LONG]


PLACES = {
    "attr": "nodes: {y: {block: Transpose, inputs: {x: w, perm: [0]}, attrs: {T: @}}}",
    "number": "nodes: {y: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: 1.0}, attrs: {num_bits: @}}}",
    "wire": "nodes: {y: {block: Relu, inputs: {features: @}}}",
    "listed": "nodes: {y: {block: AddN, inputs: {inputs: [@, @]}}}",
    "block": "nodes: {y: {block: @}}",
    "graph": "nodes: {y: {block: './none/@'}}",
    "path": "nodes: {y: {block: Const, attrs: {value: {path: 'none/@.npy'}}}}",
    "array": "nodes: {y: {block: Const, attrs: {value: {path: a.npz, array: @}}}}",
    "within": "nodes: {y: {block: Const, attrs: {value: 1, dtype: 'a@b'}}}",
    "input": "inputs: {x: @}\nnodes: {y: {block: Relu, inputs: {features: x, nothing: 1}}}",
    "output": "nodes: {y: {block: Const, attrs: {value: 1}}}\noutputs: {y: @}",
    "param": "params: {p: {type: bool, default: @}}\nnodes: {y: {block: Const, attrs: {value: $p}}}",
    "rows": "data: {train: {path: 'd.npz', rows: @, inputs: {}}}",
    "minimize": "train: {minimize: 'no-@'}",
    "clip": "train: {clip: {norm: [@]}}",
}


def told(text, secret):
    """Whether a message has a secret; a short one may stand in a word, as in 'able', and one is the 64 of a limit."""
    if len(secret) < 6:
        return re.search(rf"(?<![\w.$]){re.escape(secret)}(?![\w.])", text) is not None
    return secret in text or secret[:30] in text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS)
def test_messages_have_the_variable_and_not_its_value(read, monkeypatch, place, secret):
    np.savez("a.npz", a=1)
    monkeypatch.setenv("TOKEN", secret)
    text = PLACES[place].replace("@", "${env:TOKEN}").replace(": ${env:TOKEN}", ': "${env:TOKEN}"')
    text = text.replace("[${env:TOKEN}, ${env:TOKEN}]", '["${env:TOKEN}", "${env:TOKEN}"]')
    text = text.replace("[${env:TOKEN}]", '["${env:TOKEN}"]')
    Path("graph.yaml").write_text(f"dataflow: 1\n{text}\n")
    found = check("graph.yaml")
    assert found or secret in ("17823", "1e3", "0x1f40")  # which may stand where text is wrong
    for problem in found:
        assert not told(str(problem), secret), problem
    assert not told(str(GraphFileError(found)), secret)


def test_a_value_that_the_file_itself_has_is_told(read):
    (problem,) = problems(read, 'nodes: {y: {block: "${env:NOT_SET,Rellu}"}}\noutputs: {}\n')
    assert problem.message == "node 'y': no block 'Rellu'"


def test_errors_long_after_loading_have_none_either(read, monkeypatch):
    monkeypatch.setenv("FOLDER", "confidential")
    graph = read(
        'inputs: {x: "float32[N]"}\nnodes: {y: {block: Relu, inputs: {features: x}}}\noutputs: {y: y}\n'
        'data: {train: {path: "${env:FOLDER}/x.npy", inputs: {x: a}}}\n'
    )
    with pytest.raises(DataflowError) as caught:
        load_data(graph)
    assert "confidential" not in str(caught.value)
    assert "${env:FOLDER}/x.npy: cannot be read" in str(caught.value)


def test_words_of_every_message_are_no_secrets(read, monkeypatch):
    monkeypatch.setenv("KIND", "float32")
    graph = read('nodes: {y: {block: Cast, inputs: {x: 1}, attrs: {DstT: "${env:KIND}"}}}\noutputs: {y: y}\n')
    assert flow.run(graph)["y"].dtype == np.float32
    assert concealed("must be float32, got int32") == "must be float32, got int32"
