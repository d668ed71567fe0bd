"""Calibration over a file of any size, in a process of its own, whose private memory and time are measured.

``python tests/quantize/large_calibration.py 4 /tmp/rows.npy`` writes a file of 4 GB, runs the digits network over it,
then calibrates that, and prints both times and the most memory that was private to the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

PIXELS = 64
CALIBRATE = """
import json, sys, threading, time
import numpy as np
import dataflow as flow
from dataflow.engine.plan import Plan
from dataflow.quantize.calibration import Calibration
from dataflow.quantize.model import Model
from dataflow.quantize.targets import find_targets
from dataflow.training.data import split

def private():
    with open("/proc/self/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Private"))

most, ended = 0, threading.Event()
def watch():
    global most
    while not ended.wait(0.05):
        most = max(most, private())
threading.Thread(target=watch, daemon=True).start()

graph = flow.load("dataflow:digits/cnn.yaml")
graph.outputs = {"digit": graph.outputs["digit"]}
graph.sections = {"data": {"train": {"path": sys.argv[1], "inputs": {"image": "x"}}}}
model, data = Model.of(graph), split(graph, "train")
seconds = {}
if sys.argv[2] == "plain":
    plan, values = Plan(graph), {name: value for name, value in model.values.items() if name in graph.nodes}
    began = time.perf_counter(), time.process_time()
    for feeds in data.batches(512):
        plan.run({**values, **feeds})
else:
    run = Calibration(model, data, {target.wire: target.observed for target in find_targets(graph)})
    began = time.perf_counter(), time.process_time()
    run.statistics()
seconds = time.perf_counter() - began[0], time.process_time() - began[1]
ended.set()
print(json.dumps({"rows": data.length, "wall": seconds[0], "cpu": seconds[1], "private": max(most, private())}))
"""


def write_rows(path: Path, size: int) -> None:
    """Rows of 64 numbers in an .npy file of about so many bytes."""
    rng = np.random.default_rng(0)
    rows = size // (4 * PIXELS)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (rows, PIXELS)})
        while rows:
            part = rng.random((min(rows, 1 << 18), PIXELS), np.float32)
            file.write(part.tobytes())
            rows -= len(part)


def measure(path: Path, what: str = "calibrate", kernels: str = "numpy", threads: int = 1) -> dict[str, float]:
    """Rows, seconds and private bytes at the most of a calibration, or of a plain run where ``what`` is ``plain``."""
    (path.parent / ".dataflow").touch()
    settings = {"DATAFLOW_KERNELS": kernels, "DATAFLOW_THREADS": str(threads), "DATAFLOW_DATA_ROOT": str(path.parent)}
    done = subprocess.run(
        [sys.executable, "-c", CALIBRATE, str(path), what],
        check=True, text=True, stdout=subprocess.PIPE, env={**os.environ, **settings},
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    target = Path(sys.argv[2])
    write_rows(target, int(float(sys.argv[1]) * 1e9))
    for settings in (("numpy", 1), ("auto", 1), ("auto", 2)):
        for what in ("plain", "calibrate"):
            print(*settings, what, measure(target, what, *settings), flush=True)
