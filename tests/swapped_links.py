"""Links out of the project that take the place of a file after it was looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from graph_text import node


def fill(folder: Path) -> Path:
    """Files of a folder out of the project, one for each that a graph may name; what is in them is 666."""
    np.save(folder / "x.npy", np.array([666], np.float32))
    (folder / "x.csv").write_text("a\n666\n")
    (folder / "inner.yaml").write_text("dataflow: 1\n" + node("Const", "attrs: {value: 666}"))
    return folder


def _swap_file(outside: Path, name: str) -> None:
    Path("data", name).unlink()
    Path("data", name).symlink_to(outside / name)


def _swap_folder(outside: Path, name: str) -> None:
    Path("data").rename("before")
    Path("data").symlink_to(outside)


SWAPS: dict[str, Callable[[Path, str], None]] = {"file": _swap_file, "folder": _swap_folder}
