"""What quantizers do to the values on their ports, in every run of a graph that has some."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataflow.core.registry import blocks
from dataflow.graphfile import shipped
from dataflow.quantize.measures import decibels
from dataflow.studio.jobs.call import Memory
from dataflow.studio.jobs.prepared import Asked
from dataflow.studio.jobs.quality import EXACT, MOST, _part
from dataflow.studio.jobs.run import Run
from dataflow.studio.jobs.source import Source
from tests.studio.calls import do

TEXT = """\
dataflow: 1
name: rounded
params: {bits: 3}
nodes:
  x: {block: Variable, inputs: [[-0.5, 0.0, 0.3, 0.6, 1.2, 9.0]]}
  q: {block: FakeQuantWithMinMaxArgs, inputs: [x], attrs: {min: 0, max: 1.0, num_bits: $bits}}
  twice: {block: FakeQuantWithMinMaxArgs, inputs: [q], attrs: {min: 0, max: 1.0, num_bits: 2}}
outputs: {y: twice}
"""


def qualities(text: str, tmp_path: Path, **params: object) -> dict[str, Any]:
    done = do(Run(Asked(Source(str(tmp_path / "rounded.yaml"), text, params=params))))
    assert done.plain["state"] == "done"
    return {port: found["quality"] for port, found in done.merged("values").items() if found["quality"]}


def test_of_a_quantizer(tmp_path: Path) -> None:
    x = np.array([-0.5, 0.0, 0.3, 0.6, 1.2, 9.0], np.float32)
    quantizer = blocks["FakeQuantWithMinMaxArgs"](min=0, max=1.0, num_bits=3)
    found = qualities(TEXT, tmp_path)
    assert {*found} == {"q.outputs", "twice.outputs"}
    quality = found["q.outputs"]
    assert (quality["bits"], quality["zero_point"]) == (3, [0])
    assert quality["scale"] == [pytest.approx(1 / 7)]
    assert quality["clipped"] == pytest.approx(100 * 3 / 6)
    noise = np.square(quantizer(x).astype(np.float64) - x).sum()
    assert quality["sqnr"] == pytest.approx(decibels(float(np.square(x.astype(np.float64)).sum()), float(noise)))


def test_behind_another_the_error_is_that_of_both(tmp_path: Path) -> None:
    found = qualities(TEXT, tmp_path)
    assert found["twice.outputs"]["clipped"] == 0.0
    assert found["twice.outputs"]["sqnr"] < found["q.outputs"]["sqnr"]


def test_values_behind_quantizers_have_an_sqnr(tmp_path: Path) -> None:
    nodes = (
        "sum: {block: Sum, inputs: [q, [0]]}",
        "far: {block: Neg, inputs: [x]}",
        "whole: {block: Cast, inputs: [sum], attrs: {DstT: int32}}",
    )
    text = TEXT.replace("outputs:", "".join(f"  {each}\n" for each in nodes) + "outputs:")
    done = do(Run(Asked(Source(str(tmp_path / "rounded.yaml"), text))))
    assert done.plain["state"] == "done", done.plain["problem"]
    found = {port: each["sqnr"] for port, each in done.merged("values").items() if "sqnr" in each}
    x = np.array([-0.5, 0.0, 0.3, 0.6, 1.2, 9.0])
    rounded = np.clip(np.rint(x * 7), 0, 7) / 7
    assert {*found} == {"sum.output"}
    assert found["sum.output"] == pytest.approx(decibels(x.sum() ** 2, (rounded.sum() - x.sum()) ** 2), abs=1e-3)


def test_more_bits_are_better(tmp_path: Path) -> None:
    text = TEXT.replace("9.0", "1.0").replace("-0.5", "0.5").replace("1.2", "0.9")
    found = [qualities(text, tmp_path, bits=bits)["q.outputs"]["sqnr"] for bits in (2, 4, 8)]
    assert found[0] + 6 < found[1] < found[2] - 6


def test_values_on_the_grid_are_exact(tmp_path: Path) -> None:
    found = qualities(TEXT.replace("[-0.5, 0.0, 0.3, 0.6, 1.2, 9.0]", "[0.0, 1.0]"), tmp_path)
    assert (found["q.outputs"]["sqnr"], found["q.outputs"]["clipped"]) == (EXACT, 0.0)


def test_of_a_graph_with_channels_and_rows() -> None:
    memory = Memory()
    done = do(Run(Asked(Source(str(shipped.find("dataflow:quant/two_widths.yaml"))))), memory)
    found = {port: each["quality"] for port, each in done.merged("values").items() if each["quality"]}
    wide, narrow = (found[f"{name}/w_q.outputs"] for name in ("fine", "coarse"))
    assert isinstance(wide, dict)
    assert isinstance(narrow, dict)
    assert (wide["bits"], narrow["bits"]) == (8, 3)
    assert len(wide["scale"]) == memory.documents[""].values["fine/w_q.outputs"].shape[-1]
    assert wide["sqnr"] > narrow["sqnr"] + 20


def test_of_large_values_a_part_is_looked_at_that_leaves_no_channel_out() -> None:
    for shape, axis in (((3000, 2000, 3), 2), ((2, 4_000_000), 0), ((5_000_000,), None), ((10, 10), 1)):
        part = np.empty(shape, np.int8)[_part(shape, axis)]
        assert part.size <= MOST
        assert axis is None or part.shape[axis] == shape[axis]
        assert part.size == math.prod(shape) or part.size > MOST / 4
    assert np.empty((1, 3 * MOST), np.int8)[_part((1, 3 * MOST), 1)].shape == (1, 3 * MOST)


def test_where_nothing_was_there_nothing_is_cut_off(tmp_path: Path) -> None:
    found = qualities(TEXT.replace("[-0.5, 0.0, 0.3, 0.6, 1.2, 9.0]", "[]"), tmp_path)
    assert found["q.outputs"]["clipped"] == 0.0
