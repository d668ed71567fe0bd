"""Values whose shapes the run decides: their sizes are counted before there is any memory for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dataflow.core.errors import RunError
from dataflow.core.random import Key
from dataflow.core.run_errors import run_error
from dataflow.core.shapes import TensorType, element_count, nbytes
from dataflow.engine import eager
from dataflow.engine.program import Program, Step


class Late:
    """Runs steps of which something is known only now, on the values of a frame."""

    def __init__(self, program: Program, values: list[Any]):
        self.program, self.values = program, values
        self.sizes: dict[int, int] = {}  # bytes of what was made, by slot

    @property
    def held(self) -> int:
        """Bytes that the run holds, or will by its end as far as the plan could tell."""
        late = sum(size for slot, size in self.sizes.items() if self.values[slot] is not None)
        return self.program.peak_bytes + late

    def run(self, step: Step, args: Sequence[Any], key: Mapping[str, Key]) -> Sequence[Any]:
        """What a step makes of these arrays."""
        block = step.block
        types = block.operand_types(
            [self._given(read, arg) for read, arg in zip(step.reads, args, strict=True)], _itself
        )
        outputs = block.output_types(types)
        view = step.how == "view"
        new = 0 if view and not _may_copy(args[0], outputs[0]) else sum(nbytes(t) for t in outputs if t.known)
        self.admit(step.who, outputs, new)
        try:
            self.admit(step.who, outputs, new, block.workspace(*types))
            made = eager.compute(block, args, outputs, **key)
        except Exception as error:
            raise run_error(step, error, outputs) from error
        for slot, array in zip(step.writes, made, strict=True):
            self.sizes[slot] = 0 if view and np.may_share_memory(array, args[0]) else array.nbytes
        if not all(type_.known for type_ in outputs):  # the values themselves decide: only now they are counted
            self.admit(step.who, [TensorType.of(each) for each in made], sum(each.nbytes for each in made))
        return made

    def admit(self, who: str, made: Sequence[TensorType], new: int, workspace: int = 0) -> None:
        """Refuse what would take more memory than the run may hold."""
        most = self.program.max_bytes
        if most is None or self.held + new + workspace <= most:
            return
        work = f" and {workspace} to work with" if workspace else ""
        raise RunError(
            f"{who}: a run must hold at most {most} bytes, got {self.held} held, {new} for "
            f"{' and '.join(map(str, made))}{work}; give smaller inputs or a larger max_bytes"
        )

    def _given(self, read: Any, value: Any) -> Any:
        if isinstance(read, tuple):
            return tuple(map(self._given, read, value))
        return None if read is None else TensorType(self.program.types[read].dtype, value.shape, value)


def _itself(type_: TensorType) -> TensorType:
    return type_


def _may_copy(array: Any, made: TensorType) -> bool:
    """Whether a view of an array may turn out to be a copy: its elements in a row, where they do not lie so."""
    return not array.flags.c_contiguous and array.size == element_count(made.shape)
