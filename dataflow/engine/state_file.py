"""Files of variables: arrays by name, and what describes them, in .npz or .safetensors."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, listing
from dataflow.files import ArrayFile, Entry, Unreadable
from dataflow.files.atomic import write_arrays
from dataflow.files.safetensors import METADATA, write_safetensors

FORMATS = (".npz", ".safetensors")
_KEY = "dataflow"  # of the metadata of .safetensors, which maps text to text
_LONGEST = 64 << 20  # bytes of the metadata


def check_ending(path: str | os.PathLike[str]) -> None:
    """Raise DataflowError unless the name of the file ends as a file of variables may."""
    ending = Path(path).suffix
    if ending not in FORMATS:
        raise DataflowError(f"{path}: the name must end in {listing(FORMATS)}, got '{ending}'; rename it")


def write_variables(path: str | os.PathLike[str], variables: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
    """Write variables, and plain data about them, all of it or nothing; the ending of the name says the format."""
    check_ending(path)
    text = json.dumps(metadata)
    if METADATA in variables:
        raise DataflowError(f"{path}: no variable can be called '{METADATA}' in a file; rename it")
    if Path(path).suffix == ".safetensors":
        write_safetensors(path, variables, {_KEY: text})
    else:
        write_arrays(path, {**variables, METADATA: np.frombuffer(text.encode(), np.uint8)})


def read_variables(path: str | os.PathLike[str]) -> tuple[dict[str, Array], dict[str, Any]]:
    """The variables in a file and the data about them, nothing where another program wrote it.

    Raises Unreadable where the file is damaged.
    """
    with ArrayFile(path) as file:
        names = file.names
        if not file.has_names:
            raise Unreadable(f"must be {listing(FORMATS)}, whose arrays have names, got another kind of file")
        metadata = _parsed(file.metadata[_KEY].encode()) if _KEY in file.metadata else {}
        if METADATA in names:
            names.remove(METADATA)
            metadata = _parsed(_text(file.entry(METADATA)))
        return {name: file.entry(name).read() for name in names}, metadata


def _text(entry: Entry) -> bytes:
    if entry.dtype != np.uint8 or entry.nbytes > _LONGEST:
        raise Unreadable(f"'{METADATA}' must be at most {_LONGEST:,} bytes of JSON")
    return bytes(entry.read().tobytes())


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"'{METADATA}' is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Unreadable(f"'{METADATA}' must map names to values, got something else")
    return found
