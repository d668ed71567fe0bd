"""The command line as a user meets it: what is printed, exit codes, and that no traceback is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import places
import pytest

import dataflow as flow

GRAPHS = places.GRAPHS
LINE = """\
dataflow: 1
name: line
params: {slope: 2.0}
inputs:
  x: float32[N]
nodes:
  product: {block: Multiply, inputs: {x: x, y: $slope}}
  y: {block: AddV2, inputs: {x: product, y: 1.0}}
outputs: {y: y}
"""
WRONG = """\
dataflow: 1
inputs: {x: "float32[4]"}
nodes:
  a: {block: Rellu, inputs: {features: x}}
  b: {block: Relu, inputs: {feature: x}}
  c: {block: Relu, inputs: {features: xx}}
  d: {block: FakeQuantWithMinMaxVars, inputs: {inputs: x, min: 0.0, max: 1.0}, attrs: {num_bit: 4}}
  e: {block: AddV2, inputs: {x: x, y: [1.0, 2.0]}}
outputs: {y: x}
"""


def dataflow(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "dataflow", *map(str, args)], capture_output=True, text=True, cwd=cwd
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "line.yaml").write_text(LINE)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    np.save(tmp_path / "x.npy", np.float32([1, 2]))
    np.savez(tmp_path / "data.npz", points=np.float32([3]), others=np.float32([4]))
    return tmp_path


def test_run_prints_a_row_per_output(folder):
    done = dataflow("run", "line.yaml", "-i", "x=x.npy", cwd=folder)
    assert done.returncode == 0
    assert done.stdout.splitlines() == ["output  type        value", "y       float32[2]  [3., 5.]"]


def test_run_takes_parameters_and_members_of_an_archive(folder):
    done = dataflow("run", "line.yaml", "-p", "slope=10", "-i", "x=data.npz:others", "--json", cwd=folder)
    assert json.loads(done.stdout) == {"y": [41.0]}


def test_run_writes_outputs(folder):
    assert dataflow("run", "line.yaml", "-i", "x=x.npy", "-o", "out.npz", cwd=folder).returncode == 0
    np.testing.assert_array_equal(np.load(folder / "out.npz")["y"], np.float32([3, 5]))


def test_run_shows_the_plan(folder):
    done = dataflow("run", "line.yaml", "-i", "x=x.npy", "--plan", cwd=folder)
    assert "Multiply(x, 2.0)" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 steps, 1 buffer of 8 bytes;")


def test_the_digits_graph():
    done = dataflow("run", "graphs/quant/digits_fake_quant.yaml", "--json", cwd=GRAPHS.parent)
    outputs = json.loads(done.stdout)
    assert outputs["accuracy"] > 0.9
    assert abs(outputs["accuracy_q"] - outputs["accuracy"]) < 0.02
    assert outputs["sqnr"] > 30
    coarse = dataflow("run", "graphs/quant/digits_fake_quant.yaml", "--json", "-p", "num_bits=3", cwd=GRAPHS.parent)
    assert json.loads(coarse.stdout)["sqnr"] < outputs["sqnr"] - 20


def test_check_reports_every_mistake_with_its_place(folder):
    done = dataflow("check", "wrong.yaml", cwd=folder)
    assert done.returncode == 1
    places = [line.split(" ")[0] for line in done.stderr.splitlines() if line.startswith("wrong.yaml:")]
    assert places == [
        "wrong.yaml:4:14:",
        "wrong.yaml:5:29:",
        "wrong.yaml:6:39:",
        "wrong.yaml:7:88:",
        "wrong.yaml:8:33:",
    ]
    for hint in ("did you mean 'Relu'?", "did you mean 'features'?", "did you mean 'x'?", "did you mean 'num_bits'?"):
        assert hint in done.stderr
    assert done.stderr.splitlines()[-1] == "5 problems"


def test_check_of_a_right_file(folder):
    done = dataflow("check", "line.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "line.yaml: ok, 3 nodes\n")


def test_grad_prints_a_graph_that_runs(folder):
    done = dataflow("grad", "line.yaml", "--of", "y", "--wrt", "x", cwd=folder)
    (folder / "grad.yaml").write_text(done.stdout)
    ran = dataflow("run", "grad.yaml", "-i", "x=x.npy", "--json", cwd=folder)
    assert json.loads(ran.stdout) == {"y": [3.0, 5.0], "grad_x": [2.0, 2.0]}


def test_hello_in_an_empty_folder(tmp_path):
    done = dataflow("hello", cwd=tmp_path)
    assert done.returncode == 0
    assert "SQNR dB" in done.stdout
    assert "@@" in done.stdout
    again = dataflow("run", "hello.yaml", cwd=tmp_path)
    assert again.returncode == 0


def test_hello_leaves_a_file_that_is_there(tmp_path):
    (tmp_path / "hello.yaml").write_text(LINE.replace("float32[N]", "{dtype: float32, shape: [2]}"))
    before = (tmp_path / "hello.yaml").read_text()
    dataflow("hello", cwd=tmp_path)
    assert (tmp_path / "hello.yaml").read_text() == before


@pytest.mark.parametrize("form, start", [("text", "x "), ("mermaid", "flowchart"), ("dot", "digraph"), ("svg", "<svg")])
def test_show(folder, form, start):
    assert dataflow("show", "line.yaml", "--format", form, cwd=folder).stdout.startswith(start)


def test_show_resolved_has_no_parameters(folder):
    done = dataflow("show", "line.yaml", "--resolved", "-p", "slope=3.5", cwd=folder)
    assert "3.5" in done.stdout
    assert "$" not in done.stdout


FED = """\
dataflow: 1
name: fed
inputs: {x: "float32[N]"}
nodes:
  y: {block: Multiply, inputs: {x: x, y: {path: x.npy}}}
outputs: {y: y}
data:
  train: {path: data.npz, inputs: {x: points}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", [("show", "--resolved"), ("grad", "--of", "y", "--wrt", "x")], ids=["show", "grad"])
def test_graphs_are_printed_as_they_would_stand_beside_the_file_from_any_folder(folder, tmp_path_factory, command):
    (folder / "fed.yaml").write_text(FED)
    beside = dataflow(*command, "fed.yaml", cwd=folder)
    (folder / "sub").mkdir()
    for elsewhere in (tmp_path_factory.mktemp("other"), folder / "sub", folder.parent):
        done = dataflow(*command, folder / "fed.yaml", cwd=elsewhere)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", beside.stdout)
    (folder / "again.yaml").write_text(beside.stdout)
    again, wanted = flow.load(folder / "again.yaml"), flow.load(folder / "fed.yaml")
    assert again.sections == wanted.sections
    np.testing.assert_array_equal(flow.run(again, x=[1, 2])["y"], np.float32([1, 4]))


def test_show_resolved_writes_a_graph_that_runs(folder, tmp_path_factory):
    (folder / ".dataflow").touch()
    (folder / "sub").mkdir()
    rows = ", ".join(["[2.5, 3.5]"] * 1001)  # more than a graph file shows
    text = FED.replace(
        "y: {block: Multiply", f"y: {{block: AddV2, inputs: {{x: m, y: [{rows}]}}}}\n  m: {{block: Multiply"
    )
    (folder / "fed.yaml").write_text(text)
    done = dataflow(
        "show", folder / "fed.yaml", "--resolved", "-o", folder / "sub" / "a.yaml", cwd=tmp_path_factory.mktemp("other")
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(file.name for file in (folder / "sub").iterdir()) == ["a.npz", "a.yaml"]
    written, wanted = flow.load(folder / "sub" / "a.yaml"), flow.load(folder / "fed.yaml")
    assert written == wanted


def test_blocks(folder):
    assert "Relu6Grad" in dataflow("blocks", cwd=folder).stdout
    found = dataflow("blocks", "quantize", "channel", cwd=folder).stdout
    assert "RequantizePerChannel" in found
    assert "Relu" not in found
    assert "num_bits" in dataflow("blocks", "FakeQuantWithMinMaxVars", cwd=folder).stdout
    missing = dataflow("blocks", "FakeQuantz", cwd=folder)
    assert (missing.returncode, "did you mean" in missing.stderr) == (1, True)


def test_schema(folder):
    assert json.loads(dataflow("schema", cwd=folder).stdout)["$schema"].startswith("http://json-schema.org/draft-07")


@pytest.mark.slow
@pytest.mark.parametrize(
    "args, status, said",
    [
        (("run",), 2, "Missing argument"),
        (("rum", "line.yaml"), 2, "Did you mean 'run'?"),
        (("run", "line.yaml"), 1, "input 'x' must be fed float32[N], got nothing"),
        (("run", "line.yaml", "-i", "z=x.npy"), 1, "has no input 'z'"),
        (("run", "line.yaml", "-i", "x"), 2, "-i takes NAME=VALUE, got 'x'"),
        (("run", "line.yaml", "-i", "x=data.npz"), 2, "write data.npz:points"),
        (("run", "line.yaml", "-i", "x=none.npy"), 1, "none.npy"),
        (("run", "line.yaml", "-i", "x=line.yaml"), 1, "-i x: line.yaml: must be .npy, .npz, .safetensors or IDX"),
        (("run", "line.yaml", "-p", "slop=1", "-i", "x=x.npy"), 1, "did you mean 'slope'?"),
        (("run", "none.yaml"), 1, "none.yaml"),
        (("check", "."), 1, "."),
        (("grad", "line.yaml", "--of", "z", "--wrt", "x"), 1, "no node or input named 'z'"),
        (("run", "line.yaml", "--threads", "257"), 2, "257 is not in the range 1<=x<=256"),
        (("run", "line.yaml", "--threads", "0"), 2, "0 is not in the range 1<=x<=256"),
        (("run", "line.yaml", "--kernels", "fast"), 2, "'fast' is not one of"),
        (("run", "line.yaml", "--steps", "0"), 2, "0 is not in the range x>=1"),
        (("run", "line.yaml", "--seed", "x"), 2, "'x' is not a valid integer"),
        (("run", "line.yaml", "--max-bytes", "9" * 400), 2, "must be less than 2^63 bytes, got '999"),
        (("run", "line.yaml", "--max-bytes", "9" * 5000), 2, "must be less than 2^63 bytes, got '999"),
        (("run", "line.yaml", "--max-bytes", "8388608TiB"), 2, "must be less than 2^63 bytes"),
        (("run", "line.yaml", "--max-bytes", "much"), 2, "must be a number of bytes such as 1000000, 64MiB or 2GB"),
        (("run", "line.yaml", "--max-bytes", "-1"), 2, "must be a number of bytes"),
        (("run", "line.yaml", "-p", "slope=" + "9" * 26), 2, "-p slope: whole numbers must fit 64 bits"),
        (("run", "line.yaml", "-p", "slope=1e999"), 2, "-p slope: numbers must fit 64 bits"),
        (("run", "line.yaml", "-p", "slope=1", "-p", "slope=2"), 2, "-p slope: must be given once, got '1' and '2'"),
        (("run", "line.yaml", "-p", "=1"), 2, "-p takes NAME=VALUE, got '=1'"),
        (("run", "line.yaml", "-i", "x=x.npy", "-i", "x=x.npy"), 2, "-i x: must be given once"),
        (("run", "line.yaml", "-i", "x=x.npy", "-o", "."), 2, "is a directory"),
        (("run", "line.yaml", "-i", "x=x.npy", "-o", "none/out.npz"), 1, "out.npz: cannot be written"),
        (("run", "line.yaml", "-i", "x=x.npy", "--state", "none/s.npz"), 1, "s.npz: cannot be written"),
        (("run", "line.yaml", "-i", "x=."), 1, "."),
        (("run", "line.yaml", "-s", "none"), 1, "has no data 'none'"),
        (("run", "x" * 5000), 1, "file name too long"),
        (("train", "."), 1, "must be a file, got a folder"),
        (("train", ""), 1, "must be a file, got a folder"),
        (("train", "line.yaml"), 1, "has no 'train' section"),
        (("train", "line.yaml", "--epochs", "0"), 2, "0 is not in the range x>=1"),
        (("train", "line.yaml", "--resume", "--restart"), 2, "must be given one of them, got both"),
        (("train", "line.yaml", "--checkpoints", "line.yaml"), 2, "is a file"),
        (("evaluate", "."), 1, "must be a file, got a folder"),
        (("evaluate", "line.yaml"), 1, "has no data"),
        (("predict", "line.yaml"), 1, "line.checkpoints: must have checkpoints, got none"),
        (("show", "line.yaml", "--resolved", "--format", "svg"), 2, "must be given without --format"),
        (("show", "line.yaml", "-o", "none/out.txt"), 1, "out.txt: cannot be written"),
        (("fmt", "none.yaml"), 1, "none.yaml:1:1: no such file"),
        (("grad", "line.yaml", "--of", "y", "--wrt", ""), 1, "no node or input named ''"),
        (("schema", "more"), 2, "unexpected extra argument"),
    ],
)
def test_mistakes(folder, args, status, said):
    done = dataflow(*args, cwd=folder)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr


FAILING = (
    "dataflow: 1\ninputs: {x: 'float32[2]'}\nnodes:\n"
    "  q: {block: QuantizeV2, inputs: {input: x, min_range: x_min, max_range: 0.0}, attrs: {T: quint8}}\n"
    "  x_min: {block: Max, inputs: {input: x, axis: [0]}}\noutputs: {q: q}\n"
)


@pytest.mark.parametrize("option", ["-o", "--state"])
def test_where_nothing_can_be_written_nothing_is_run(folder, option):
    (folder / "bad.yaml").write_text(FAILING)
    done = dataflow("run", "bad.yaml", "-i", "x=x.npy", option, "none/file.npz", cwd=folder)
    assert (done.returncode, "file.npz: cannot be written: no such file" in done.stderr) == (1, True)


def test_a_failure_at_run_time_is_status_3(folder):
    (folder / "bad.yaml").write_text(FAILING)
    done = dataflow("run", "bad.yaml", "-i", "x=x.npy", cwd=folder)
    assert done.returncode == 3
    assert done.stderr.startswith("node 'q' (QuantizeV2): ")


def test_help_needs_no_numpy():
    """What takes longer to import than to print stays away."""
    code = "import sys; sys.argv = ['dataflow', '--help']; from dataflow.__main__ import main\n"
    code += "try: main()\nexcept SystemExit: print('numpy' in sys.modules, 'networkx' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False False"
