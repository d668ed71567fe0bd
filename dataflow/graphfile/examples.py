"""The graph files that the package ships, as examples: what each is, and copies of them to start from."""

from __future__ import annotations

import os
from pathlib import Path

from dataflow.core.errors import DataflowError
from dataflow.files.atomic import write_errors, write_text
from dataflow.graphfile.description import description
from dataflow.graphfile.load import read
from dataflow.graphfile.shipped import SCHEME, find, names


def examples() -> list[tuple[str, str]]:
    """Each example, such as ``digits/mlp``, and what it says of itself."""
    return [(name.removesuffix(".yaml"), description(SCHEME + name).doc) for name in names()]


def path_of(name: str) -> str:
    """``dataflow:digits/mlp.yaml`` for ``digits/mlp``; DataflowError where there is no such example."""
    path = SCHEME + name.removeprefix(SCHEME).removesuffix(".yaml") + ".yaml"
    try:
        find(path)
    except ValueError as error:
        raise DataflowError(str(error)) from None
    return path


def copy_example(name: str, folder: str | os.PathLike[str]) -> list[Path]:
    """Copy an example, with the files beside it that it uses, into a folder; the copies, that of the example first.

    Raises DataflowError where there is no such example, or another file has the place of a copy: then nothing is
    written, as no file is ever overwritten.
    """
    path = path_of(name)
    source = find(path)
    used = [file for file in read(path, {}).files if file.parent == source.parent]
    copies = {Path(folder, file.name): file.read_text("utf-8") for file in used}
    for copy, text in copies.items():
        with write_errors(copy):
            if os.path.lexists(copy) and not (copy.is_file() and copy.read_text("utf-8", "replace") == text):
                raise DataflowError(f"{copy}: is there already and is another file; name another folder with -o")
    with write_errors(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for copy, text in copies.items():
        if not copy.exists():
            write_text(copy, text)
    return list(copies)
