"""The frameworks that are compared with, each where it is installed, and in one thread."""

from __future__ import annotations

import importlib
import os
import warnings
from importlib.util import find_spec

from .peer import Peer

__all__ = ["NAMES", "Peer", "found"]

NAMES = ("tensorflow", "jax", "torch", "onnxruntime")
ENVIRONMENT = {
    "NPROC": "1",  # threads of JAX
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",  # no processes that compile while others are timed
}


def found(wanted: str) -> list[Peer]:
    """Peers of the packages wanted: ``all`` that are installed, ``none``, or some by name, ``tensorflow,torch``."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    installed = [name for name in NAMES if find_spec(name)]
    names = {"all": installed, "none": []}.get(wanted, [name.strip() for name in wanted.split(",")])
    if unknown := [name for name in names if name not in installed]:
        raise LookupError(f"no peer '{unknown[0]}'; installed are {', '.join(installed) or 'none'}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [peer() for name in names for peer in importlib.import_module(f"{__name__}.with_{name}").PEERS]
