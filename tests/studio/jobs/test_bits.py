"""What so many bits cost: measured as `dataflow quantize` would do it, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataflow.core.errors import DataflowError
from dataflow.graphfile import shipped
from dataflow.quantize import recipe as recipes
from dataflow.quantize.pipeline import quantize
from dataflow.quantize.stages import with_only
from dataflow.quantize.trials import outcome_of
from dataflow.studio.jobs.bits import ROWS, Bits
from dataflow.studio.jobs.call import Memory
from dataflow.studio.jobs.quality import EXACT
from dataflow.studio.jobs.source import Source
from dataflow.training.data import split
from dataflow.training.trained_values import trained
from dataflow.training.trainer import Trainer
from tests.studio.calls import do

MLP = Source(str(shipped.find("dataflow:digits/mlp.yaml")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("trained") / "mlp.checkpoints"
    for _ in Trainer(MLP.graph(), made, epochs=1).run():
        pass
    return made


def bits(folder: Path, weights: int, activations: int, memory: Memory | None = None, source: Source = MLP) -> Any:
    return do(Bits(source, folder, weights, activations), memory).result


def test_fewer_bits_are_worse_and_float_is_exact(folder: Path) -> None:
    memory = Memory()
    found = [bits(folder, width, width, memory)["sqnr"] for width in (2, 4, 8)]
    assert found[0] + 6 < found[1] < found[2] - 6
    same = bits(folder, 0, 0, memory)
    assert same["sqnr"] == EXACT
    assert same["metrics"] == same["float"]
    assert {"loss", "accuracy"} <= {*same["metrics"]}


def test_it_is_what_quantize_gives(folder: Path) -> None:
    graph = MLP.graph()
    values, fitted = trained(graph, MLP.path, str(folder), "best")
    recipe = recipes.recipe({"weights": {"bits": 4}, "activations": {"bits": 6}, "bias": {}})
    data = [split(graph, name, fitted) for name in ("train", [*graph.sections["data"]][1])]
    model = quantize(graph, recipe, values, data[0], samples=ROWS).model
    assert bits(folder, 4, 6)["sqnr"] == outcome_of(model, with_only(model, ()), data[1], ROWS).sqnr


def test_what_is_ready_is_kept_until_the_graph_or_its_values_change(folder: Path) -> None:
    memory = Memory()
    bits(folder, 8, 8, memory)
    ready = memory.slots["bits"]
    bits(folder, 4, 8, memory)
    assert memory.slots["bits"] is ready
    best = folder / "best.npz"
    best.write_bytes(best.read_bytes())
    bits(folder, 4, 8, memory)
    assert memory.slots["bits"] is not ready


@pytest.mark.parametrize("changed", ["inner.yaml", "rows.npz"])
def test_figures_are_those_of_the_files_as_they_are(tmp_path: Path, changed: str) -> None:
    (tmp_path / ".dataflow").touch()
    inner = (
        "dataflow: 1\ninputs: {a: 'float32[N, 2]'}\nnodes:\n  w: {block: Const, attrs: {value: [[1.0], [3.0]]}}\n"
        "  p: {block: MatMul, inputs: [a, w]}\noutputs: {p: p}\n"
    )
    (tmp_path / "inner.yaml").write_text(inner)
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    np.savez(tmp_path / "rows.npz", x=rows)
    source = Source(
        str(tmp_path / "outer.yaml"),
        "dataflow: 1\ninputs: {x: 'float32[N, 2]'}\nnodes:\n  n: {block: ./inner.yaml, inputs: {a: x}}\n"
        "outputs: {y: n}\ndata: {some: {path: rows.npz, inputs: {x: x}}}\n",
    )
    memory, none = Memory(), tmp_path / "none.checkpoints"
    before = bits(none, 2, 8, memory, source)
    if changed == "inner.yaml":
        (tmp_path / changed).write_text(inner.replace("3.0", "-2.25"))
    else:
        np.savez(tmp_path / changed, x=rows[::-1] - 5)
    after = bits(none, 2, 8, memory, source)
    assert after == bits(none, 2, 8, source=source) != before


def test_without_training_or_rows(tmp_path: Path) -> None:
    with pytest.raises(DataflowError, match="must have checkpoints, got none"):
        bits(tmp_path / "none.checkpoints", 8, 8)
    text = "dataflow: 1\nnodes: {w: {block: Variable, inputs: [[1.0]]}}\noutputs: {y: w}\n"
    with pytest.raises(DataflowError, match="must have rows to be measured with"):
        bits(tmp_path / "a.checkpoints", 8, 8, source=Source(str(tmp_path / "a.yaml"), text))


def test_of_a_quantized_graph_the_widths_of_its_recipe_are_changed() -> None:
    source = Source(str(shipped.find("dataflow:quant/digits_fake_quant.yaml")))
    found = bits(Path("nowhere"), 8, 8, source=source)
    assert found["sqnr"] > 0
    assert np.isfinite([*found["metrics"].values()]).all()
