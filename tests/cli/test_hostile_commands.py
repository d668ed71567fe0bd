"""Commands that are given hostile files: exit code 1 and a message that names the file.

All of them run in one child process, whose memory and time the system bounds.
"""

from __future__ import annotations

import gzip
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from array_files import declared, npy, one_member, zipped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")

RUN = """
import contextlib, io, json, resource, signal, sys, time, traceback
from dataflow.cli import main

resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
signal.signal(signal.SIGALRM, signal.SIG_DFL)  # which ends the process
for command in json.load(sys.stdin):
    said, errors = io.StringIO(), io.StringIO()
    signal.alarm(30)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
        try:
            main(command)
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
            code = None
    print(json.dumps([code, said.getvalue(), errors.getvalue()]), flush=True)
"""

GRAPH = """\
dataflow: 1
inputs: {x: "float32[N, 4]"}
nodes:
  w: {block: Variable, inputs: {initvalues: [1.0, 1.0, 1.0, 1.0]}}
  p: {block: Multiply, inputs: {x: x, y: w}}
  loss: {block: Mean, inputs: {input: p, axis: [0, 1]}}
outputs: {loss: loss}
data: {train: {path: DATA, inputs: {x: x}}}
train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.1}}}
"""
ROWS = npy(np.ones((8, 4), np.float32))
FLIPPED = bytearray(one_member("x.npy", ROWS))
FLIPPED[200] ^= 4
LARGE = declared((7 << 26, 4))  # and all of it is there, though the disk does not hold its zeros
FILES = {
    "pipe": None,
    "large.npy": LARGE,
    "flipped.npz": FLIPPED,
    "2_60.npy": declared((2**60, 4)) + b"1234",
    "7_gib.npy": (declared((7 << 26, 4)) + bytes(700))[:768],
    "7_gib.npz": zipped({"x.npy": declared((7 << 26, 4)) + bytes(400)}),
    "nothing_2_63.npy": declared((0, 2**63)),
    "rank_65.npy": declared((1,) * 65) + b"1234",
    "bomb.npz": zipped({"x.npy": declared((1 << 23, 4)) + bytes(1 << 27)}, 8),
    "bomb.gz": gzip.compress(struct.pack(">HBBII", 0, 13, 2, 1 << 23, 4) + bytes(1 << 27), 1),
    "liar.gz": gzip.compress(struct.pack(">HBBII", 0, 13, 2, 2**31, 4) + bytes(100)),
    "encrypted.npz": one_member("x.npy", ROWS, flags=1),
    "readme.npz": zipped({"readme.txt": b"text"}),
    "cut.npz": zipped({"x.npy": ROWS})[:-30],
    "torn.npz": one_member("x.npy", ROWS, method=8, packed=20),
    "text.npy": b"text",
}
SAID = {
    ("large.npy", "train"): "data 'train': 469,762,048 rows at a time take more memory than there is",
    ("large.npy", "data"): "data 'train': 469,762,048 rows at a time take more memory than there is",
}
COMMANDS = {
    "data": lambda file, graph: ["run", graph],
    "train": lambda file, graph: ["train", graph, "--checkpoints", f"{file}.kept"],
    "-i": lambda file, graph: ["run", "none.yaml", "-i", f"x={file}"],
    "--state": lambda file, graph: ["run", "none.yaml", "-i", "x=x.npy", "--state", file],
    "node": lambda file, graph: ["check", f"{file}.node.yaml"],
    "--resume": lambda file, graph: ["train", "right.yaml", "--checkpoints", f"{file}.checkpoints", "--resume"],
    "evaluate": lambda file, graph: ["evaluate", "right.yaml", "--checkpoints", f"{file}.checkpoints"],
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """The exit code and the output of each command with each file."""
    folder = tmp_path_factory.mktemp("hostile")
    folder.joinpath(".dataflow").touch()
    folder.joinpath("x.npy").write_bytes(ROWS)
    folder.joinpath("none.yaml").write_text(GRAPH.replace("data: {train: {path: DATA, inputs: {x: x}}}\n", ""))
    folder.joinpath("right.yaml").write_text(GRAPH.replace("DATA", "x.npy"))
    commands = {}
    for file, data in FILES.items():
        if data is None:
            os.mkfifo(folder / file)
        else:
            folder.joinpath(file).write_bytes(data)
            if data is LARGE:
                os.truncate(folder / file, len(data) + (7 << 30))
        folder.joinpath(f"{file}.yaml").write_text(GRAPH.replace("DATA", file))
        array = f"{{path: {file}}}" if not file.endswith(".npz") else f"{{path: {file}, array: x}}"
        folder.joinpath(f"{file}.node.yaml").write_text(GRAPH.replace("[1.0, 1.0, 1.0, 1.0]", array))
        folder.joinpath(f"{file}.checkpoints").mkdir()
        for name in ("best.npz", "step-000000001.npz"):
            folder.joinpath(f"{file}.checkpoints", name).symlink_to(folder / file)
        commands |= {(file, kind): make(file, f"{file}.yaml") for kind, make in COMMANDS.items()}
    ran = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", RUN],
        input=json.dumps(list(commands.values())),
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # each thread takes its part of the memory beforehand
        timeout=300,
    )
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    done = dict(zip(commands, found, strict=False))
    assert len(found) == len(commands), f"{list(commands)[len(found)]} ended the process: {ran.stderr}"
    return done


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("file", FILES)
def test_commands_refuse_hostile_files(outcomes, file, kind):
    code, said, errors = outcomes[file, kind]
    assert code == 1, (code, errors)
    assert "Traceback" not in said + errors and "unexpected" not in errors
    name = "step-000000001.npz" if kind == "--resume" else "best.npz" if kind == "evaluate" else Path(file).name
    assert SAID.get((file, kind), name) in errors
    if kind == "node":
        assert errors.startswith(f"{file}.node.yaml:4:")
