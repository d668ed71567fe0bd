"""Kernels take as much memory as they say, beside inputs and outputs: NumPy reports its own to tracemalloc."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from workspace_cases import GROUPS, sizes, values

from dataflow import blocks
from dataflow.core import thread_pool
from dataflow.core.block import Block
from dataflow.core.composite import Composite, TensorType

pytestmark = pytest.mark.slow

SLACK = 160 << 10  # bytes: what Python takes, buffers that NumPy casts in, borrowed memory that nobody needs
LARGE = 1 << 20  # bytes from which on memory is counted closely
FAMILIES = ("blocks.nn_ops.", "blocks.image_ops.", "blocks.training_ops.")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_as_much_as_is_said(group):
    wrong = []
    for name, attrs, arrays in group():
        block = blocks[name](**attrs)
        types = block.operand_types([np.asarray(a) for a in arrays], TensorType.of)
        with thread_pool.ThreadLimit(1):
            said = block.workspace(*types)
        taken = taken_by(block, types)
        if taken > said * 1.05 + SLACK or (said >= LARGE and taken < said * 0.9):
            shapes = ", ".join(str(t) for t in types)
            wrong.append(f"{block!r}({shapes}): said {said:,}, took {taken:,}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", ["Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"])
@pytest.mark.parametrize("stride", [1, 2])
def test_each_thread_takes_as_much_as_is_said(case, stride, monkeypatch):
    x, w, y = values(12, 60, 70, 32), values(3, 3, 32, 64), values(12, 60 // stride, 70 // stride, 64)
    arrays = {"Conv2D": [x, w], "Conv2DBackpropInput": [sizes(*x.shape), w, y]}.get(case, [x, sizes(*w.shape), y])
    block = blocks[case](strides=[1, stride, stride, 1], padding="SAME")
    types = block.operand_types(arrays, TensorType.of)
    said = []
    for count in (1, 4):
        with thread_pool.ThreadLimit(count):
            said.append(block.workspace(*types))
        crew = thread_pool._Pool()  # whose threads have borrowed nothing yet
        monkeypatch.setattr(thread_pool, "_pool", lambda crew=crew: crew)
        assert taken_by(block, types, count) <= said[-1] * 1.05 + SLACK
    assert said[1] > 2.5 * said[0]


def taken_by(block, types, count=1):
    """The most that the kernel takes, the first time in a thread or later, beside its outputs."""
    arrays, outputs = [t.value for t in types], block.infer(*types)
    results = block.compute(arrays, outputs)
    given = {"out": np.empty_like(results[0])} if type(block).takes_out else {}
    own = sum(r.nbytes for r in (results[1:] if given else results))
    peaks = []

    def measure():
        for _ in range(2):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            with np.errstate(all="ignore"), thread_pool.ThreadLimit(count):
                made = block.kernel(*block.kernel_args(arrays), **given)
            peaks.append(tracemalloc.get_traced_memory()[1] - before - own)
            del made

    tracemalloc.start()
    try:
        thread = threading.Thread(target=measure)  # memory that is borrowed belongs to a thread
        thread.start()
        thread.join()
    finally:
        tracemalloc.stop()
    return max(peaks)


def test_no_block_is_left_out():
    measured = {name for group in GROUPS for name, _, _ in group()}
    saying = {
        name
        for name, block in blocks.items()
        if block.workspace is not Block.workspace
        and block.__module__.startswith(FAMILIES)
        and not issubclass(block, Composite)  # whose body is planned
    }
    assert sorted(saying - measured) == []
