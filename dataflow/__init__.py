"""Dataflow graphs of typed blocks, read from YAML and run with NumPy.

>>> import dataflow as flow
>>> flow.blocks["Add"]()([1.0, 2.0], 3.0)
array([4., 5.], dtype=float32)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataflow.block import Block as Block
    from dataflow.errors import DataflowError as DataflowError
    from dataflow.graph import Graph as Graph
    from dataflow.registry import blocks as blocks

__version__ = "0.1.0"

_HOMES = {
    "Block": "block",
    "DataflowError": "errors",
    "Graph": "graph",
    "blocks": "registry",
    "describe": "describe",
    "gradient": "gradient",
    "load": "graphfile",
    "plan": "run",
    "run": "run",
    "save": "graphfile",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dataflow' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"dataflow.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
