"""C that was exported, compiled with every warning an error, and run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.quantize.export.c_header import c_header
from dataflow.quantize.export.net import integer_net
from dataflow.quantize.model import Model
from dataflow.training.array_split import ArraySplit

FLAGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
FLAGS += ["-fsanitize=undefined", "-fno-sanitize-recover=all"]


def run_test(text: str, folder: Path) -> tuple[int, str]:
    """The exit code of a header's own test, and what it prints."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler called cc")
    (folder / "net.h").write_text(text)
    macro = next(line.split()[1] for line in text.splitlines() if line.startswith("#ifdef"))
    words = [compiler, *FLAGS, f"-D{macro}", "-x", "c", str(folder / "net.h"), "-o", str(folder / "net")]
    made = subprocess.run(words, check=False, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    ran = subprocess.run([folder / "net"], check=False, capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


def header_of(wires: list[Ref], feeds: dict[str, Array], samples: int = 3) -> str:
    """The header of a graph whose outputs are such wires of integers."""
    graph: Graph = wires[0].graph
    for i, wire in enumerate(wires):
        graph.output(f"y{i}", flow.blocks["DequantizeLinear"]()(wire, 0.5, 0))
    return c_header(integer_net(Model.of(graph)), ArraySplit(graph, "test", feeds), samples)
