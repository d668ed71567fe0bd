"""`dataflow examples`, and graphs of the package on the command line."""

from __future__ import annotations

import pytest

from dataflow.cli import main
from dataflow.training import trained_values


def dataflow(capsys, *args):
    """The status of a command, and what it printed."""
    with pytest.raises(SystemExit) as ended:
        main([*map(str, args)])
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_examples_are_listed_and_found_by_words(capsys):
    status, out, _ = dataflow(capsys, "examples")
    assert status == 0 and "\ndigits/mlp " in out and "\nxor/ce_auto " in out
    status, out, _ = dataflow(capsys, "examples", "Digits", "adam", "hidden")
    assert (status, [line.split()[0] for line in out.splitlines()]) == (0, ["example", "digits/mlp"])
    status, out, err = dataflow(capsys, "examples", "nowhere")
    assert (status, out) == (1, "") and err.startswith("no example has 'nowhere' in its name or text; ")


def test_an_example_is_shown(capsys):
    status, out, _ = dataflow(capsys, "examples", "layers/dense")
    lines = [line.split() for line in out.splitlines()]
    assert status == 0 and lines[0] == ["dataflow:layers/dense.yaml"]
    assert ["units", "int", "required", "numbers", "in", "a", "row", "of", "the", "result"] in lines
    assert ["x", "$dtype[N,", "$channels]", "rows"] in lines and lines[-2:] == [["output"], ["y"]]


def test_an_example_is_copied(capsys, folder):
    assert dataflow(capsys, "examples", "digits/mlp", "-o", ".") == (0, "mlp.yaml\n", "")
    assert dataflow(capsys, "check", "mlp.yaml") == (0, "mlp.yaml: ok, 15 nodes\n", "")
    (folder / "mlp.yaml").write_text("mine")
    status, _, err = dataflow(capsys, "examples", "digits/mlp", "-o", ".")
    assert status == 1 and err.startswith("mlp.yaml: is there already and is another file")
    assert dataflow(capsys, "examples", "-o", ".")[0] == 2


def test_a_graph_of_the_package_is_checked_shown_and_not_put_in_order(capsys):
    path = "dataflow:basic/matmul.yaml"
    assert dataflow(capsys, "check", path) == (0, f"{path}: ok, 3 nodes\n", "")
    assert "MatMul" in dataflow(capsys, "show", path)[1]
    assert dataflow(capsys, "show", path, "--resolved")[1].startswith("dataflow: 1\n")
    assert dataflow(capsys, "fmt", "--check", path) == (0, "", "")
    status, _, err = dataflow(capsys, "fmt", path)
    assert status == 1 and "files of the package are read-only" in err


def test_a_graph_of_the_package_is_trained_into_the_current_folder(capsys, folder):
    status, out, _ = dataflow(capsys, "train", "dataflow:digits/mlp.yaml", "--epochs", 1)
    assert status == 0 and out.splitlines()[-1].startswith("checkpoints in mlp.checkpoints; ")
    assert [path.name for path in folder.iterdir()] == ["mlp.checkpoints"]
    status, out, _ = dataflow(capsys, "evaluate", "dataflow:digits/mlp.yaml")
    assert status == 0 and "accuracy" in out


@pytest.mark.parametrize(
    "path, given, wanted",
    [
        ("dataflow:digits/mlp.yaml", None, "mlp.checkpoints"),
        ("dataflow:digits/mlp.yaml", "other", "other"),
        ("digits/mlp.yaml", None, "digits/mlp.checkpoints"),
    ],
)
def test_where_checkpoints_are(path, given, wanted):
    assert trained_values.checkpoint_folder(path, given).as_posix() == wanted
