"""What the result of a training follows from, apart from its graph: files, packages, the machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import sys
from pathlib import Path

from dataflow.core.plugins import OWN
from dataflow.engine.settings import Settings
from dataflow.files import RegularFile, Unreadable
from dataflow.graph.graph import Graph

DIGEST = "sha256"  # with which the text of a digest begins
_NEEDED = ("numpy", "ml_dtypes", "numba")  # packages that bits may depend on, where they are installed
_WHOLE = 1 << 30  # bytes of a file up to which all of them are digested
_PIECE, _PIECES = 1 << 20, 256  # and what is digested of a larger one


def file_digest(path: Path) -> str:
    """SHA-256 of a file; of one of more than 1 GiB, of its size and of 256 MiB spread over it."""
    try:
        with RegularFile(path) as file:
            whole = file.size <= _WHOLE
            digest = hashlib.sha256(b"" if whole else str(file.size).encode())
            step = _PIECE if whole else (file.size - _PIECE) // (_PIECES - 1)
            for at in range(0, file.size if whole else step * (_PIECES - 1) + 1, step):
                digest.update(file.read(at, min(_PIECE, file.size - at)))
    except Unreadable as error:
        return f"unreadable: {error}"
    return f"{DIGEST if whole else f'{DIGEST} of parts'}:{digest.hexdigest()}"


def packages(graph: Graph) -> dict[str, str]:
    """The versions of the packages that the blocks are from, and of those that bits may depend on.

    Of a module that no package has, such as a file named by ``--blocks``, the digest.
    """
    modules = {type(node.block).__module__.partition(".")[0] for node in graph.nodes.values()}
    names = {OWN, *_NEEDED}
    found: dict[str, str] = {}
    if others := modules - {"blocks", "dataflow"}:
        homes = importlib.metadata.packages_distributions()
        names |= {package for module in others for package in homes.get(module, [])}
        files = {module: getattr(sys.modules.get(module), "__file__", None) for module in others - homes.keys()}
        found |= {module: file_digest(Path(file)) for module, file in sorted(files.items()) if file}
    for name in sorted(names):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def environment() -> dict[str, str | int]:
    """What else a run depends on, if only in its speed."""
    settings = Settings.of()
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "byte_order": sys.byteorder,
        "cores": os.cpu_count() or 0,
        "threads": settings.threads,
        "kernels": settings.kernels,
    }
