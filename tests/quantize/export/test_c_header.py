"""Headers of whole networks, compiled and run: every number is that of the graph."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from quantize.export.compiling import header_of, run_test
from quantize.export.exporting import prepared
from quantize.export.grown import grown
from quantize.nets import images, normalized, quantized, residual

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.core.fixed_point import ROUNDINGS
from dataflow.graph.graph import Graph
from dataflow.quantize.export.c_header import c_header
from dataflow.quantize.export.net import integer_net
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model
from dataflow.quantize.pipeline import quantize
from dataflow.quantize.recipe import recipe
from dataflow.training.data import split

B = flow.blocks


@pytest.mark.slow
@pytest.mark.parametrize("bits", [4, 8, 12])
@pytest.mark.parametrize("graph", [residual(), images()], ids=lambda graph: graph.name)
def test_networks_give_the_numbers_of_the_graph(graph: Graph, bits: int, tmp_path: Path) -> None:
    model, data = prepared(graph, bits)
    code, told = run_test(c_header(integer_net(model), data, 20), tmp_path)
    outputs = 20 * {"residual": 3, "images": 5}[graph.name]
    assert (code, told) == (0, f"{graph.name}: 0 of {outputs} numbers differ\n")


@pytest.mark.slow
@pytest.mark.parametrize("bits", [4, 8])
def test_the_network_of_digits(bits: int, tmp_path: Path) -> None:
    graph = flow.load("dataflow:digits/cnn.yaml")
    asked = recipe({"weights": {"bits": bits}, "activations": {"bits": 8}, "bias": {}})
    model = quantize(graph, asked, data=split(graph, "train"), samples=200).model
    header = c_header(integer_net(model), split(graph, "test"), 100)
    assert ("4 bits each" in header) == (bits == 4)
    assert run_test(header, tmp_path) == (0, "digits_cnn: 0 of 1000 numbers differ\n")


@pytest.mark.slow
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_rounding(rounding: str, tmp_path: Path) -> None:
    model, data = prepared(residual())
    header = c_header(integer_net(lower(model, rounding).model), data, 20)
    assert f"rounding {rounding} */" in header
    assert run_test(header, tmp_path)[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_random_networks_of_2_to_8_bits(seed: int, tmp_path: Path) -> None:
    model, data = prepared(grown(seed), 2 + seed % 7)
    lowered = lower(model, ROUNDINGS[seed % len(ROUNDINGS)]).model
    assert not [note for note in lowered.notes if "real numbers" in note]
    assert run_test(c_header(integer_net(lowered), data, 20), tmp_path) == (
        0, f"grown_{seed}: 0 of 60 numbers differ\n",
    )  # fmt: skip


@pytest.mark.slow
def test_a_wrong_number_is_found(tmp_path: Path) -> None:
    model, data = prepared(residual())
    header = c_header(integer_net(model), data, 4)
    weights = re.search(r"residual_first_w_q\[128\] = \{\n    (-?\d+)", header)
    assert weights is not None
    place = weights.start(1)
    code, told = run_test(header[:place] + "-128" + header[weights.end(1) :], tmp_path)
    assert code == 1
    assert "wanted" in told
    assert not told.endswith(": 0 of 12 numbers differ\n")


@pytest.mark.slow
def test_names_that_c_has_already(tmp_path: Path) -> None:
    graph = flow.Graph("given")
    x = graph.input("row", "int32", ["N", 4])
    names = "run buffers i int out given b int32_t nibble requantize_floor a/b a_b"
    for name in names.split():
        x = B["AddV2"]()(x, 3, name=name)
    feeds = {"row": np.arange(8, dtype=np.int32).reshape(2, 4)}
    code, told = run_test(header_of([graph.ref("run"), graph.ref("i"), graph.ref("given"), x], feeds), tmp_path)
    assert (code, told) == (0, "given: 0 of 32 numbers differ\n")


def test_what_meets_real_numbers_is_told_in_macros() -> None:
    model, data = prepared(residual())
    header = c_header(integer_net(model), data, 1)
    numbers = integer_net(model).numbers["x_q"]
    assert f"#define RESIDUAL_X_Q_SCALE {float(numbers.scale)!r}\n" in header
    assert f"#define RESIDUAL_X_Q_ZERO_POINT {int(numbers.zero_point)}\n" in header
    assert "#define RESIDUAL_LAST_SUM_SCALES {" in header
    assert "#define RESIDUAL_JOINED_Q_HIGH 255\n" in header


def test_the_same_graph_gives_the_same_text() -> None:
    texts = [c_header(integer_net(prepared(images())[0]), prepared(images())[1], 2) for _ in range(2)]
    assert texts[0] == texts[1]


def test_a_block_without_c_is_named() -> None:
    graph = flow.Graph("odd")
    x = graph.input("x", "int32", ["N", 4])
    with pytest.raises(DataflowError, match=r"node 'both' \(Maximum\): must be a block that has C code here"):
        header_of([B["Maximum"]()(x, 3, name="both")], {"x": np.ones((2, 4), np.int32)})


def test_real_numbers_between_integers_are_named() -> None:
    model, data = prepared(residual(), skip=["inner"])
    with pytest.raises(DataflowError, match="must be an input of the network to be exported to C, got what follows"):
        c_header(integer_net(model), data, 1)


@pytest.mark.slow
@pytest.mark.parametrize("depthwise", [False, True])
def test_channels_first(depthwise: bool, tmp_path: Path) -> None:
    graph = normalized(nchw=True, bias=True, depthwise=depthwise)
    data = prepared(graph)[1]
    model = quantized(fold_batch_norm(Model.of(graph)).baked(), 8, data.rows()["x"])
    assert run_test(c_header(integer_net(model), data, 5), tmp_path)[0] == 0
