"""Steps whose shapes only the run decides: they are inferred then, and their bytes counted before they are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import RunError
from dataflow.core.random import Key
from dataflow.core.run_errors import run_error, way_to_fit
from dataflow.core.shapes import TensorType, element_count, nbytes
from dataflow.core.typing_rules import OperandType
from dataflow.engine import eager
from dataflow.engine.program import Program
from dataflow.engine.slots import Read
from dataflow.engine.steps import Step, Storage


class DynamicShapes:
    """Runs the steps of an execution whose shapes are not all known before the run."""

    def __init__(self, program: Program, values: list[Any]):
        self.program, self.values = program, values
        self.sizes: dict[int, int] = {}  # bytes of the arrays that were made, by slot

    @property
    def held(self) -> int:
        """Bytes that the run may hold: the planned peak, and what was made here and is still alive."""
        made = sum(size for slot, size in self.sizes.items() if self.values[slot] is not None)
        return self.program.peak_bytes + made

    def run(self, step: Step, args: Sequence[Any], key: Mapping[str, Key]) -> Sequence[Any]:
        """The outputs of a step for these inputs, in port order.

        Raises RunError that names the step where its kernel fails, or the run would hold more than it may.
        """
        block = step.block
        types = block.operand_types(
            [self._type(read, arg) for read, arg in zip(step.reads, args, strict=True)], _itself
        )
        outputs = block.output_types(types)
        view = step.storage is Storage.VIEW
        new = 0 if view and not _may_copy(args[0], outputs[0]) else sum(nbytes(t) for t in outputs if t.known)
        self.admit(step.who, outputs, new)
        try:
            self.admit(step.who, outputs, new, block.workspace(*types))
            made = eager.compute(block, args, outputs, **key)
        except Exception as error:
            raise run_error(step, error, outputs) from error
        for slot, array in zip(step.writes, made, strict=True):
            self.sizes[slot] = 0 if view and np.may_share_memory(array, args[0]) else array.nbytes
        if not all(type_.known for type_ in outputs):  # values decide the shapes: only now the bytes are known
            self.admit(step.who, [TensorType.of(each) for each in made], sum(each.nbytes for each in made))
        return made

    def admit(self, who: str, made: Sequence[TensorType], new: int, workspace: int = 0) -> None:
        """Raise RunError if the run would hold more than it may with ``new`` bytes for values of these types.

        who : whose values they are. workspace : bytes that the kernel takes beside them.
        """
        most = self.program.max_bytes
        if most is None or self.held + new + workspace <= most:
            return
        work = f" and {workspace} to work with" if workspace else ""
        raise RunError(
            f"{who}: a run must hold at most {most} bytes, got {self.held} held, {new} for "
            f"{' and '.join(map(str, made))}{work}; {way_to_fit()}"
        )

    def _type(self, read: Read, value: Array | Sequence[Array] | None) -> OperandType:
        if isinstance(read, tuple):
            return tuple(map(self._type, read, value))  # type: ignore[arg-type]
        return None if read is None else TensorType(self.program.types[read].dtype, value.shape, value)  # type: ignore[union-attr]


def _itself(type_: TensorType) -> TensorType:
    return type_


def _may_copy(array: Array, made: TensorType) -> bool:
    """Whether a reshaped view may turn out to be a copy, as the array is not contiguous."""
    return not array.flags.c_contiguous and array.size == element_count(made.shape)
