"""Every graph that ships: loads, runs, survives a round trip, and its gradients are what they claim to be."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from shipped_graphs import FILES, ROOT, feeds_of, params_of

import dataflow as flow


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_runs_and_round_trips(path, tmp_path):
    shutil.copytree(ROOT / "graphs", tmp_path / "graphs")
    (tmp_path / ".dataflow").touch()  # the folder is a project: graphs may name files in all of it
    graph = flow.load(tmp_path / path.relative_to(ROOT), **params_of(path))
    outputs = flow.run(graph, feeds_of(graph))
    assert outputs and all(np.size(value) for value in outputs.values())
    flow.save(graph, tmp_path / path.name)
    again = flow.load(tmp_path / path.name)
    assert again == graph
    for name, value in flow.run(again, feeds_of(graph)).items():
        np.testing.assert_array_equal(value, outputs[name])


def of_block(start):
    return [p for p in FILES if p.parent.name == "ops" and p.stem.startswith(start)]


@pytest.mark.parametrize("path", of_block("fake_quant") + of_block("quantize_and"), ids=lambda p: p.stem)
def test_written_gradients_are_those_of_the_reverse_pass(path):
    graph = flow.load(path)
    written = flow.run(graph)
    range_of = {"dmin": "min", "dmax": "max"} if "min" in graph.nodes else {"dmin": "range.min", "dmax": "half_max"}
    wires = {name: {"dx": "x", **range_of}[name] for name in written if name.startswith("d")}
    found = flow.run(flow.gradient(graph, of="y", wrt=list(wires.values())))
    for name, wire in wires.items():
        if wire == "range.min" or (wire == "x" and path.stem == "fake_quant_per_channel"):
            continue  # x also moves the observed range there: the tour of that is below
        np.testing.assert_array_equal(found[f"grad_{wire}"], written[name])


def test_every_quantization_block_has_a_graph():
    used = {type(n.block).__name__ for p in FILES for n in flow.load(p, **params_of(p)).nodes.values()}
    family = {n for n, b in flow.blocks.items() if b.__module__.startswith("blocks.quantization_ops")}
    assert family - used == set()


def test_digits_gradients_by_the_ranges():
    graph = flow.load(ROOT / "graphs" / "quant" / "digits_fake_quant.yaml")
    feeds = feeds_of(graph)
    names = ["image_min", "image_max", "w_min", "w_max"]
    found = flow.run(flow.gradient(graph, of="loss", wrt=names), feeds)
    written = flow.run(graph, feeds)
    for name in names:
        np.testing.assert_array_equal(found[f"grad_{name}"], written[f"d_{name}"])
    assert written["d_image_max"] != 0 and written["d_w_max"].any() and written["d_w_min"].any()


def test_digits_gradients_by_the_formula_of_fake_quantization():
    """dmax = sum of the gradients where the value lies above the nudged range, worked out here without any block."""
    graph = flow.load(ROOT / "graphs" / "quant" / "digits_fake_quant.yaml")
    feeds = feeds_of(graph)
    graph.output("g", "d_image_q")
    outputs = flow.run(graph, feeds)
    step = np.float32(0.99) / np.float32(255)
    above = feeds["image"] > step * 255
    np.testing.assert_allclose(outputs["d_image_max"], (outputs["g"].astype(np.float64) * above).sum(), rtol=1e-6)


def test_digits_gradient_of_the_smooth_part_by_difference_quotient():
    graph = flow.load(ROOT / "graphs" / "quant" / "digits_fake_quant.yaml")
    feeds = feeds_of(graph)
    slope = flow.run(flow.gradient(graph, of="loss", wrt=["b"]), feeds)["grad_b"]
    assert not slope.any()  # the bias is on both paths: the error does not depend on it
    plain = flow.Graph("smooth")
    x, w = plain.input("x", "float64", [20, 64]), plain.input("w", "float64", [64, 10])
    loss = flow.blocks["Mean"]()(flow.blocks["Square"]()(flow.blocks["LogSoftmax"]()(x @ w)), [0, 1])
    plain.output("loss", loss)
    step = flow.gradient(plain, of="loss", wrt=["w"])
    digits = np.load(ROOT / "graphs" / "data" / "digits.npz")
    values = {"x": digits["x_test"][:20].astype(float), "w": digits["w"].astype(float)}
    direction = np.random.RandomState(0).standard_normal(values["w"].shape)
    ahead, behind = (flow.run(plain, {**values, "w": values["w"] + e * direction})["loss"] for e in (1e-5, -1e-5))
    np.testing.assert_allclose((flow.run(step, values)["grad_w"] * direction).sum(), (ahead - behind) / 2e-5, rtol=1e-7)


def test_gradient_tour_by_difference_quotient():
    graph = flow.load(ROOT / "graphs" / "basics" / "gradient_tour.yaml")
    found = flow.run(flow.gradient(graph, of="loss", wrt=["w", "b"]))
    scale = float(flow.run(graph, {})["loss"])  # StopGradient: the scale is held where it is
    assert scale > 0
    x = np.array([[0.5, -1.0], [1.5, 2.0], [-0.5, 0.25]])
    target = np.array([[0.2], [0.9], [0.4]])
    w, b = np.float32([[0.3], [-0.6]]).astype(float), float(np.float32(0.1))

    def mean(w, b):
        return ((1 / (1 + np.exp(-(x @ w + b))) - target) ** 2).mean()

    held = mean(w, b)
    for i in range(2):
        e = np.zeros((2, 1))
        e[i] = 1e-6
        slope = (mean(w + e, b) + held * ((w + e) ** 2).sum() - mean(w - e, b) - held * ((w - e) ** 2).sum()) / 2e-6
        np.testing.assert_allclose(found["grad_w"][i], slope, rtol=1e-5)
    np.testing.assert_allclose(found["grad_b"], (mean(w, b + 1e-6) - mean(w, b - 1e-6)) / 2e-6, rtol=1e-5)


def test_digits_from_python_with_other_bits():
    sqnr = [
        float(flow.run(g, feeds_of(g))["sqnr"])
        for g in (
            flow.load(ROOT / "graphs" / "quant" / "digits_fake_quant.yaml", num_bits=b, keep=1.0) for b in (4, 6, 8)
        )
    ]
    assert sqnr[0] + 8 < sqnr[1] and sqnr[1] + 8 < sqnr[2]  # 6 dB a bit, less what clipping and rounding share
