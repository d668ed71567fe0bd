"""Errors of a run name the node, once, and say what memory was missing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dataflow import blocks
from dataflow.core.block import Block
from dataflow.core.errors import BlockError, RunError
from dataflow.core.run_errors import memory_message, out_of_memory, run_error
from dataflow.core.shapes import TensorType


@dataclass
class Region:
    """Several steps: there is no one block."""

    who: str = "node 'y' (Add) with 1 other"


@dataclass
class Step:
    """A step with its block."""

    block: Block
    who: str = "node 'y' (Add)"


ADD = Step(blocks["Add"]())


@pytest.mark.parametrize(
    ("at", "error", "text"),
    [
        (ADD, BlockError("Add: input 'x' is wrong"), "node 'y' (Add): input 'x' is wrong"),
        (ADD, BlockError("other words"), "node 'y' (Add): other words"),
        (Region(), BlockError("Add: input 'x' is wrong"), "node 'y' (Add) with 1 other: Add: input 'x' is wrong"),
        (ADD, ZeroDivisionError("by 0"), "node 'y' (Add): ZeroDivisionError: by 0"),
        (ADD, ZeroDivisionError(), "node 'y' (Add): ZeroDivisionError"),
        (ADD, RunError("node 'z' (Exp): done"), "node 'z' (Exp): done"),
    ],
)
def test_the_node_is_named_once(at: Step | Region, error: Exception, text: str) -> None:
    assert str(run_error(at, error)) == text


def test_missing_memory_says_for_what() -> None:
    made = [TensorType("float32", (3,)), TensorType("int8", ("N",))]
    error = ValueError("array is too big")
    assert out_of_memory(error) and not out_of_memory(ValueError("no"))
    wanted = "must have memory for float32[3] (12 bytes) and int8[N], got ValueError: array is too big"
    assert memory_message(error, made) == wanted
    assert str(run_error(ADD, error, made)) == f"node 'y' (Add): {wanted}"
