"""Dataflow graphs of typed blocks, read from YAML and run with NumPy.

>>> import dataflow as flow
>>> flow.blocks["Add"]()([1.0, 2.0], 3.0)
array([4., 5.], dtype=float32)
"""

from __future__ import annotations

import os
import sys


def _leave_out_current_folder() -> None:
    """Keep `python -m dataflow` from importing a yaml.py or blocks/ that lies beside a graph.

    If the package itself is in the current folder, the path stays as it is.
    """
    asked = sys.argv[:1] == ["-m"] and sys.orig_argv[-len(sys.argv)] in ("dataflow", "dataflow.__main__", "-mdataflow")
    if not asked or sys.flags.safe_path:
        return
    try:
        here = os.getcwd()  # noqa: PTH109
    except OSError:  # the folder was deleted, so it is not on the path
        return
    if sys.path[0] == here and __path__[0] != f"{here}{os.sep}dataflow":
        del sys.path[0]


_leave_out_current_folder()  # before the first import of another module

import importlib  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

from dataflow.core import display, evaluator  # noqa: E402
from dataflow.graphfile import sections  # noqa: E402

if TYPE_CHECKING:
    from dataflow.core.attrs import attr as attr
    from dataflow.core.block import Block as Block
    from dataflow.core.cancellation import Cancelled as Cancelled
    from dataflow.core.errors import DataflowError as DataflowError
    from dataflow.core.errors import GraphFileError as GraphFileError
    from dataflow.core.library import blocks as blocks
    from dataflow.core.ports import In as In
    from dataflow.core.ports import Out as Out
    from dataflow.core.registry import load_blocks as load_blocks
    from dataflow.engine.kept import Kept as Kept
    from dataflow.engine.plan import plan as plan
    from dataflow.engine.run import run as run
    from dataflow.engine.state import State as State
    from dataflow.graph.gradient import gradient as gradient
    from dataflow.graph.graph import Graph as Graph
    from dataflow.graphfile.edit import edit as edit
    from dataflow.graphfile.load import load as load
    from dataflow.graphfile.save import save as save
    from dataflow.inspection import describe as describe
    from dataflow.training.estimator import Estimator as Estimator
    from dataflow.training.trainer import Trainer as Trainer

__version__ = "0.1.0"

_HOMES = {
    "Block": "core.block",
    "Cancelled": "core.cancellation",
    "DataflowError": "core.errors",
    "Estimator": "training.estimator",
    "Graph": "graph.graph",
    "GraphFileError": "core.errors",
    "In": "core.ports",
    "Kept": "engine.kept",
    "Out": "core.ports",
    "State": "engine.state",
    "Trainer": "training.trainer",
    "attr": "core.attrs",
    "blocks": "core.registry",
    "describe": "inspection",
    "edit": "graphfile.edit",
    "gradient": "graph.gradient",
    "load": "graphfile.load",
    "load_blocks": "core.registry",
    "plan": "engine.plan",
    "run": "engine.run",
    "save": "graphfile.save",
}
__all__ = sorted(_HOMES)
evaluator.register(lambda: importlib.import_module("dataflow.engine.evaluate"))
display.register(lambda: importlib.import_module("dataflow.inspection.notebook").render)
sections.register("data", lambda: importlib.import_module("dataflow.training.sections").DATA)
sections.register("train", lambda: importlib.import_module("dataflow.training.sections").TRAIN)
sections.register("quantization", lambda: importlib.import_module("dataflow.quantize.section").QUANTIZATION)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        hint = ""
        if not name.startswith("_"):
            from dataflow.core.errors import nearest

            found = nearest(name, __all__)
            hint = f"; {found}" if found else "; blocks are in dataflow.blocks" if name[0].isupper() else ""
        raise AttributeError(f"module 'dataflow' has no attribute {name!r}{hint}")
    value = getattr(importlib.import_module(f"dataflow.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
