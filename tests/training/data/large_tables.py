"""Tables of any size, and a training over one of them in a process of its own, whose memory is measured.

``python tests/training/data/large_tables.py csv 10 /tmp/t.csv`` writes a table of 10 GB and trains with it once.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import csv, parquet

COLUMNS = 10
GRAPH = """\
dataflow: 1
inputs: {x: "float32[N, 10]", y: "float32[N, 1]"}
nodes:
  w: {block: Variable, attrs: {dtype: float32, shape: [10, 1], initializer: zeros}}
  product: {block: MatMul, inputs: {a: x, b: w}}
  error: {block: SquaredDifference, inputs: {x: product, y: y}}
  loss: {block: Mean, inputs: {input: error, axis: [0, 1]}}
outputs: {loss: loss}
data:
  train: {path: PATH, inputs: {x: {columns: c*, normalize: standard}, y: {columns: [y]}}}
train: {minimize: loss, optimizer: {block: ApplyGradientDescent, inputs: {alpha: 0.05}}, batch_size: 4096}
"""
TRAIN = """
import json, sys, time
import dataflow as flow
def peak():
    # of this program alone: what getrusage says begins with the memory of the one that started it
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

began = time.perf_counter()
trainer = flow.Trainer(flow.load(sys.argv[1]))
opened = time.perf_counter()
(report,) = trainer.run()
print(json.dumps({
    "rows": trainer.data.length, "loss": report.train["loss"],
    "memory": peak(),
    "opening": opened - began, "training": time.perf_counter() - opened,
}))
"""


def write_table(path: Path, size: int) -> None:
    """A table of about so many bytes: ten columns of float32 and one that is their sum, less a little noise.

    A hundred thousand rows come again and again: to make as many rows anew takes longer than to read them.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100_000, COLUMNS)).astype(np.float32)
    y = x.sum(axis=1) + 0.1 * rng.standard_normal(len(x)).astype(np.float32)
    columns = {**{f"c{i}": column for i, column in enumerate(x.T.copy())}, "y": y.astype(np.float32)}
    table = pyarrow.table(columns)
    if path.suffix == ".csv":
        text = io.BytesIO()
        csv.write_csv(table, text)
        head, end, rows = text.getvalue().partition(b"\n")
        with path.open("wb") as file:
            file.write(head + end)
            while file.tell() < size:
                file.write(rows)
    else:
        with path.open("wb") as file, parquet.ParquetWriter(file, table.schema) as writer:
            while file.tell() < size:
                writer.write(table)


def train_once(path: Path) -> dict[str, float]:
    """A training over a table, once: rows, loss, seconds of opening and of training, peak memory in bytes."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        (Path(folder) / ".dataflow").touch()
        (path.parent / ".dataflow").touch()
        graph = path.parent / f"{path.stem}.yaml"
        graph.write_text(GRAPH.replace("PATH", path.name), "utf-8")
        done = subprocess.run([sys.executable, "-c", TRAIN, str(graph)], check=True, text=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    target = Path(sys.argv[3])
    write_table(target, int(float(sys.argv[2]) * 1e9))
    print({**train_once(target), "bytes": target.stat().st_size})
