"""What reaches a terminal: nothing that acts on it, and nothing that was a secret of the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile_graph import ACTING, RAW

pytestmark = pytest.mark.slow

WORDS = json.dumps(ACTING)
GRAPH = f"""\
dataflow: 1
name: {WORDS}
doc: {WORDS}
inputs: {{x: {{dtype: float32, shape: [N], doc: {WORDS}}}}}
nodes:
  w: {{block: Variable, inputs: {{initvalues: 1.0}}, doc: {WORDS}}}
  z: {{block: Square, inputs: {{x: w}}}}
  y: {{block: Einsum, inputs: {{inputs: [x]}}, attrs: {{equation: "i->i"}}, doc: {WORDS}}}
outputs: {{y: y, z: z}}
train: {{minimize: z, metrics: [{WORDS}], optimizer: {{block: ApplyGradientDescent, inputs: {{alpha: 0.1}}}}}}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text(GRAPH)
    return tmp_path


def terminal(*args, **environment):
    """The exit code of a command, and what it sent to a terminal."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dataflow", *args],
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8", **environment},
    )
    os.close(theirs)
    data = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:
            break
        if not part:
            break
        data += part
    os.close(ours)
    return process.wait(60), data.decode(errors="surrogateescape").replace("\r\n", "\n")


COMMANDS = [
    ("check", "g.yaml"),
    ("show", "g.yaml"),
    ("show", "g.yaml", "--resolved"),
    ("show", "g.yaml", "--format", "dot"),
    ("show", "g.yaml", "--format", "svg"),
    ("show", "g.yaml", "--format", "mermaid"),
    ("run", "g.yaml"),
    ("run", "g.yaml", "-s", ACTING),
    ("run", "g.yaml", "-p", ACTING),
    ("run", "g.yaml", "-i", f"x={ACTING}"),
    ("run", "g.yaml", "-i", f"{ACTING}=x.npy"),
    ("run", ACTING),
    ("check", ACTING),
    ("fmt", ACTING),
    (ACTING,),
    ("run", f"--{ACTING}"),
    ("show", "g.yaml", "--format", ACTING),
    ("grad", "g.yaml", "--of", ACTING, "--wrt", "x"),
    ("grad", "g.yaml", "--of", "y", "--wrt", ACTING),
    ("blocks", ACTING),
    ("train", "g.yaml"),
    ("evaluate", "g.yaml"),
    ("predict", "g.yaml", "--checkpoints", ACTING),
]


@pytest.mark.parametrize("args", COMMANDS, ids=lambda args: " ".join(map(ascii, args)))
def test_no_command_sends_what_a_graph_or_an_argument_has(here, args):
    _, text = terminal(*args)
    assert text and "Traceback" not in text
    assert not RAW.search(text), ascii(text)


def test_values_are_on_a_terminal_what_they_are(here):
    np.save("x.npy", np.float32([1, 2]))
    Path("g.yaml").write_text(
        'dataflow: 1\ninputs: {x: "float32[N]"}\nnodes: {y: {block: Relu, inputs: {features: x}}}\n'
        'outputs: {"[red]y[/]": y, "\\\\[b]": y}\n'
    )
    status, text = terminal("run", "g.yaml", "-i", "x=x.npy", TERM="dumb")
    assert status == 0
    assert [line.split("  ")[0] for line in text.splitlines()[1:]] == ["[red]y[/]", "\\[b]"]


def test_a_terminal_without_such_letters_gets_their_numbers(here):
    Path("g.yaml").write_text(
        "dataflow: 1\nnodes: {c: {block: Const, attrs: {value: 1}}}\noutputs: {é日: c}\n", "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "dataflow", "run", "g.yaml"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 0
    assert b"\xe9\\u65e5" in done.stdout


# -- streams --------------------------------------------------------------------------------------------------------


def command(*args, **options):
    done = subprocess.run([sys.executable, "-m", "dataflow", *args], text=True, **options)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "args", [("blocks",), ("schema",), ("run", "g.yaml", "--json"), ("show", "g.yaml"), ("check", "g.yaml")]
)
def test_a_reader_that_went_away_is_no_failure(here, args):
    Path("g.yaml").write_text("dataflow: 1\nnodes: {c: {block: Const, attrs: {value: 1}}}\noutputs: {c: c}\n")
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as gone:
        assert command(*args, stdout=gone, stderr=subprocess.PIPE) == (0, None, "")


def test_training_whose_reader_went_away_stops_with_a_checkpoint(here):
    text = GRAPH.replace(f"metrics: [{WORDS}], ", "epochs: 1000, ")
    Path("g.yaml").write_text(text.replace("outputs: {y: y, z: z}", "outputs: {z: z}"))
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as gone:
        status, _, said = command("train", "g.yaml", stdout=gone, stderr=subprocess.PIPE)
    assert (status, said) == (130, "stopped in step 1; go on with dataflow train g.yaml --resume\n")
    assert [path.name for path in Path("g.checkpoints").glob("step-*")] == ["step-000000001.npz"]


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(here, closed):
    Path("g.yaml").write_text("dataflow: 1\nnodes: {c: {block: Const, attrs: {value: 1}}}\noutputs: {c: c}\n")
    script = f'"{sys.executable}" -m dataflow run g.yaml -o out.npz {closed}'
    done = subprocess.run(["sh", "-c", script], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert dict(np.load("out.npz")) == {"c": 1}
    done = subprocess.run(["sh", "-c", script.replace("g.yaml", "none.yaml")], capture_output=True)
    assert done.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_behind_the_output_is_told(here):
    with Path("/dev/full").open("w") as full:
        status, _, said = command("blocks", stdout=full, stderr=subprocess.PIPE)
    assert (status, said) == (1, "standard output: cannot be written: no space left on device\n")
