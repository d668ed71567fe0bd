"""A case run under every setting, and what was not as it is when its blocks are called one by one."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from dataflow import plan
from dataflow.conformance.equality import same
from dataflow.errors import DataflowError

from .case import SMALL
from .reference import node_by_node
from .settings import COMPILES, JIT, NUMPY, Setting, counted, interpreted, replaced, small_tiles
from .values import laid_out


@dataclass
class Finding:
    """What went wrong, under which setting."""

    setting: Setting | None  # None where the graph was made
    text: str

    def __str__(self):
        return f"{self.setting or 'growing'}: {self.text}"


def findings(case, jit):
    """All that differs, and how often compiled loops ran; ``jit`` says whether to run compiled kernels too."""
    with scaled(case), counted() as loops:
        expected = [node_by_node(case.graph, feeds) for feeds in case.feeds]
        found = [Finding(None, text) for text in case.crashes]
        if _keep_good(case, expected):
            for setting in (*NUMPY, *(JIT if jit and COMPILES else ())):
                found += differing(case, setting, expected)
        return found, len(loops)


@contextmanager
def scaled(case):
    """Blocks by themselves use NumPy and one thread; small cases go by small tiles, their loops run by Python."""
    with ExitStack() as stack:
        before = {name: os.environ.get(name) for name in ("DATAFLOW_KERNELS", "DATAFLOW_THREADS")}
        os.environ |= {"DATAFLOW_KERNELS": "numpy", "DATAFLOW_THREADS": "1"}
        stack.callback(_restore, before)
        if case.scale == SMALL:
            stack.enter_context(small_tiles())
            if COMPILES:
                stack.enter_context(interpreted())
        yield


def _restore(before):
    for name, value in before.items():
        os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _keep_good(case, expected):
    """Leave out the outputs that cannot be computed; with none left there is nothing to compare."""
    outputs, _ = expected[0]
    case.graph.outputs = {name: link for name, link in case.graph.outputs.items() if name in outputs}
    case.graph.cache.clear()
    return bool(case.graph.outputs)


def differing(case, setting, expected):
    random = np.random.default_rng(case.seed)
    found = []
    with replaced(WARM=0.0):
        try:
            planned = plan(case.graph, kernels=setting.kernels, fuse=setting.fuse, threads=setting.threads)
        except Exception as error:
            return [Finding(setting, f"cannot be planned: {type(error).__name__}: {error}")]
        for run, which in enumerate((0, 1, 0)):
            values, failures = expected[which]
            feeds = {name: laid_out(random, value) for name, value in case.feeds[which].items()}
            before = {name: value.copy() for name, value in feeds.items()}
            text = _run(planned, feeds, values, failures, case.graph)
            if text is None:
                changed = [name for name, value in feeds.items() if not same(value, before[name])]
                text = f"input {', '.join(changed)} was changed" if changed else None
            if text is not None:
                found.append(Finding(setting, f"run {run + 1}: {text}"))
                break
    return found


def _run(planned, feeds, values, failures, graph):
    """Run a plan; what is wrong with what it gave, or None."""
    try:
        got = planned.run(feeds)
    except DataflowError as error:
        if any(f"'{name}'" in str(error) for name in failures):
            return None
        return f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"must not crash, got {type(error).__name__}: {error}"
    for name, value in values.items():
        if name in got and not same(got[name], value):
            return f"output {name} ({graph.outputs[name].node}) {_difference(got[name], value)}"
    return None


def _difference(got, value):
    got, value = np.asarray(got), np.asarray(value)
    if (got.dtype, got.shape) != (value.dtype, value.shape):
        return f"must be {value.dtype}{list(value.shape)}, got {got.dtype}{list(got.shape)}"
    unequal = ~(
        ((got == value) & (np.signbit(got) == np.signbit(value) if got.dtype.kind == "f" else True))
        | ((got != got) & (value != value))
    )
    places = np.argwhere(unequal)
    if not len(places):
        return "differs in its bits"
    at = tuple(places[0])
    where = f"{len(places)} of {got.size} values, first at {[int(i) for i in at]}"
    return f"differs in {where}: must be {value[at]!r}, got {got[at]!r}"
