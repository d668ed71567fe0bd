"""Vectors and memory images: read back without this package, and a layer computed again from them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from quantize.export import reader
from quantize.export.exporting import prepared
from quantize.nets import residual

import dataflow as flow
from dataflow.files.folder import write_folder
from dataflow.quantize.export.manifest import MANIFEST
from dataflow.quantize.export.memory import memory
from dataflow.quantize.export.net import IntegerNet, integer_net
from dataflow.quantize.export.vectors import vectors
from dataflow.quantize.lower import lower
from dataflow.training.array_split import ArraySplit

WRITERS = {"vectors": vectors, "mem": memory}


@pytest.fixture(scope="module")
def net() -> tuple[IntegerNet, ArraySplit]:
    model, data = prepared(residual())
    return integer_net(model), data


def _written(net: tuple[IntegerNet, ArraySplit], kind: str, folder: Path, samples: int = 5) -> Path:
    write_folder(folder / kind, WRITERS[kind](*net, samples), MANIFEST)
    return folder / kind


@pytest.mark.parametrize("kind", WRITERS)
def test_a_layer_is_computed_again_from_the_files_alone(
    net: tuple[IntegerNet, ArraySplit], kind: str, tmp_path: Path
) -> None:
    found = reader.Exported(_written(net, kind, tmp_path))
    assert reader.check_layer(found, "first_relu_q") == 5 * 16
    assert reader.check_layer(found, "second_sum_q") == 5 * 16


@pytest.mark.parametrize("kind", WRITERS)
def test_a_code_that_was_changed_is_noticed(net: tuple[IntegerNet, ArraySplit], kind: str, tmp_path: Path) -> None:
    found = reader.Exported(_written(net, kind, tmp_path))
    found.arrays["first"][3, 2] += 1
    with pytest.raises(ValueError, match="first"):
        reader.check_layer(found, "first_relu_q")


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITERS)
def test_the_reader_runs_by_itself(net: tuple[IntegerNet, ArraySplit], kind: str, tmp_path: Path) -> None:
    assert "dataflow" not in vars(reader)
    folder = _written(net, kind, tmp_path)
    ran = subprocess.run(
        [sys.executable, reader.__file__, folder, "inner_relu_q"], check=False, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, "80", "")


def test_every_node_is_there_with_what_the_graph_gives(net: tuple[IntegerNet, ArraySplit], tmp_path: Path) -> None:
    found = reader.Exported(_written(net, "vectors", tmp_path, samples=20))
    model, data = prepared(residual())
    lowered = lower(model).model.graph
    x = data.rows()["x"]
    values = flow.run(lowered, x=x)["y"]
    entry = found.entries["last_sum"]
    assert found.manifest["outputs"] == ["last_sum"]
    assert entry["kind"] == "sums"
    real = (found.arrays["last_sum"] - entry["zero_point"]) * np.array(entry["scale"])
    np.testing.assert_allclose(real, values, rtol=1e-6)
    quantized = found.entries["x_q"]
    assert quantized["kind"] == "input"
    apart = (found.arrays["x_q"].astype(np.float64) - quantized["zero_point"]) * quantized["scale"] - x
    assert np.abs(apart).max() <= quantized["scale"] * 0.51
