"""Examples of the package: what they are, and copies that are complete and overwrite nothing."""

from __future__ import annotations

from pathlib import Path

import places
import pytest
from shipped_graphs import FILES, params_of

from dataflow.core.errors import DataflowError
from dataflow.graphfile.examples import copy_example, examples
from dataflow.graphfile.load import check, defaults, load


def test_each_graph_says_what_it_is():
    found = dict(examples())
    assert len(found) == len(FILES)
    assert found["quant/qdense"].startswith("A dense layer whose input is quantized per tensor")
    assert [name for name, doc in found.items() if not doc] == []


@pytest.mark.parametrize("name", ["quant/two_widths", "quant/two_widths.yaml", "dataflow:quant/two_widths.yaml"])
def test_a_copy_comes_with_the_files_beside_it_that_it_uses(tmp_path, name):
    copies = copy_example(name, tmp_path / "new" / "folder")
    assert copies == [tmp_path / "new" / "folder" / name for name in ("two_widths.yaml", "qdense.yaml")]
    assert sorted((tmp_path / "new" / "folder").iterdir()) == sorted(copies)
    assert check(copies[0]) == []
    assert copy_example(name, tmp_path / "new" / "folder") == copies  # they are what they were


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_copy_loads_wherever_it_is(path, tmp_path):
    name = path.relative_to(places.GRAPHS).as_posix()
    copy, *_ = copy_example(name, tmp_path)
    given = {"folder": "."} if "folder" in defaults(copy) else {}  # where a user keeps images of MNIST
    original = load(f"dataflow:{name}", **params_of(path), **given)
    assert load(copy, **params_of(copy), **given).nodes == original.nodes


def test_no_file_is_overwritten_and_none_is_written_then(tmp_path):
    own = tmp_path / "qdense.yaml"
    for make in (lambda: own.write_text("mine"), lambda: own.symlink_to("nowhere"), own.mkdir):
        make()
        with pytest.raises(DataflowError, match=r"qdense.yaml: is there already and is another file; name another"):
            copy_example("quant/two_widths", tmp_path)
        assert list(tmp_path.iterdir()) == [own]
        own.rmdir() if own.is_dir() else own.unlink()


def test_what_is_no_example(tmp_path):
    with pytest.raises(DataflowError, match=r"no file 'digits/mpl.yaml'; did you mean 'dataflow:digits/mlp.yaml'"):
        copy_example("digits/mpl", tmp_path)
    with pytest.raises(DataflowError, match="after 'dataflow:' there must be a file of the package"):
        copy_example("../pyproject", tmp_path)


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataflowError, match="cannot be written"):
        copy_example("digits/mlp", Path(tmp_path, "file"))
