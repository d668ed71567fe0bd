"""References: what is read of exported folders and of .npz files, and what differs from them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from quantize.export.exporting import prepared
from quantize.nets import residual

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.files.folder import write_folder
from dataflow.quantize.export.manifest import MANIFEST
from dataflow.quantize.export.memory import memory
from dataflow.quantize.export.net import integer_net
from dataflow.quantize.export.vectors import vectors
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model
from dataflow.quantize.references import read_reference, verify_reference

WRITERS = {"vectors": vectors, "mem": memory}


def _folder(tmp_path: Path, kind: str = "vectors") -> tuple[Model, Path]:
    model, data = prepared(residual())
    write_folder(tmp_path / kind, WRITERS[kind](integer_net(model), data, 6), MANIFEST)
    return model, tmp_path / kind


@pytest.mark.parametrize("kind", WRITERS)
def test_a_graph_agrees_with_what_it_was_exported_to(kind: str, tmp_path: Path) -> None:
    model, folder = _folder(tmp_path, kind)
    for each in (model, lower(model).model):
        found = verify_reference(each, read_reference(str(folder)))
        assert len(found) == len(integer_net(model).steps)
        assert all(one.largest == 0 and one.elements == one.equal > 0 for one in found)


def test_what_was_written_over_is_found_with_its_place(tmp_path: Path) -> None:
    model, folder = _folder(tmp_path)
    (file,) = folder.glob("*_joined_q.npy")
    codes = np.load(file)
    codes[4, 3] ^= 1
    np.save(file, codes)
    found = {one.node: one for one in verify_reference(model, read_reference(str(folder)))}
    assert {name for name, one in found.items() if one.largest} == {"joined_q"}
    assert (found["joined_q"].index, found["joined_q"].wanted) == ((4, 3), codes[4, 3])


def test_the_rounding_of_a_reference_is_found(tmp_path: Path) -> None:
    model, folder = _folder(tmp_path)
    found = verify_reference(lower(model, "floor").model, read_reference(str(folder)))
    assert next(one for one in found if one.largest).rounding == "half_up"


def test_arrays_with_the_inputs_of_a_graph_are_compared_as_they_are(tmp_path: Path) -> None:
    graph = residual()
    x = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    seen = graph.copy()
    seen.outputs = {name: graph.nodes[name].first for name in ("first", "joined")}
    arrays = {"x": x, **flow.run(seen, x=x)}
    arrays["joined"] = arrays["joined"].copy()
    arrays["joined"][2, 1] = np.nextafter(arrays["joined"][2, 1], np.float32(np.inf))
    np.savez(tmp_path / "ref.npz", **arrays)
    found = {one.node: one for one in verify_reference(Model.of(graph), read_reference(str(tmp_path / "ref.npz")))}
    assert (found["first"].kind, found["first"].largest) == ("values", 0)
    assert (found["joined"].largest, found["joined"].index) == (1, (2, 1))


def test_codes_and_dtypes_that_are_missing_or_others() -> None:
    model, _ = prepared(residual())
    with pytest.raises(DataflowError, match="must have the codes of 'x_q', or the inputs of graph 'residual'"):
        verify_reference(model, {"first": np.zeros((1, 16), np.int32)})
    codes = np.zeros((1, 8), np.uint8)
    with pytest.raises(DataflowError, match="'x_q' must have dtype uint8 as in the graph, got int64"):
        verify_reference(model, {"x_q": codes.astype(np.int64)})
    with pytest.raises(DataflowError, match="must have arrays named as nodes of graph 'residual', got none"):
        verify_reference(model, {"x_q": codes})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"arrays": [{"name": "a", "file": "../a", "shape": [1]}]}', "[" * 9999]
)
def test_other_manifests_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(DataflowError, match="must be the manifest that `dataflow export` wrote"):
        read_reference(str(tmp_path))


def test_words_of_another_width_or_number_are_refused(tmp_path: Path) -> None:
    _, folder = _folder(tmp_path, "mem")
    (file,) = folder.glob("*_x_q.mem")
    text = file.read_text()
    file.write_text(text + "100\n")
    with pytest.raises(DataflowError, match="must have hexadecimal words of 8 bits, got others"):
        read_reference(str(folder))
    file.write_text(text + "10\n")
    with pytest.raises(DataflowError, match=r"must have 48 words as manifest.json says, got 49"):
        read_reference(str(folder))


def test_an_array_of_another_shape_is_refused(tmp_path: Path) -> None:
    _, folder = _folder(tmp_path)
    told = json.loads((folder / MANIFEST).read_text())
    np.save(folder / told["arrays"][0]["file"], np.zeros(3, np.uint8))
    with pytest.raises(
        DataflowError, match=r"must be uint8 of shape \(6, 8\) as manifest.json says, got uint8 of \(3,\)"
    ):
        read_reference(str(folder))
