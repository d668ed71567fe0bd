"""How the names of files with data end."""

from __future__ import annotations

CSV = (".csv", ".tsv", ".tab")
ARROW = (".parquet", ".feather", ".arrow", ".ipc")
ARRAYS = (".npz", ".npy", ".safetensors", "-ubyte")  # the last is that of MNIST's own files
DATA = tuple(f"{ending}{packed}" for ending in (*ARRAYS, *CSV, *ARROW) for packed in ("", ".gz"))


def is_table(path: object) -> bool:
    """Whether a file is a table, by its ending."""
    return str(path).lower().removesuffix(".gz").endswith((*CSV, *ARROW))
