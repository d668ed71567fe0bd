"""What a kernel is given: inputs as they are, contiguous, or replaced by what is computed of them beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from dataflow.core.contiguous import contiguous
from dataflow.core.ports import Signature

_REMEMBERED = 1 << 16  # bytes of inputs up to which the result of `precompute` is kept for the next call


class KernelInputs:
    """What every block says of the inputs of its kernel; here it is given them as they are."""

    signature: ClassVar[Signature] = Signature()
    precompute: ClassVar[Any] = None
    precomputed_ports: ClassVar[tuple[str, ...]] = ()
    contiguous_inputs: ClassVar[bool] = False  # True: inputs are made contiguous, as strides would change sums

    def kernel_args(self, arrays: Sequence[Any]) -> list[Any]:
        """The arguments of the kernel for these inputs.

        They are contiguous if the kernel asks for that; those that ``precompute`` names are replaced by its result.
        """
        if self.contiguous_inputs:
            arrays = self.in_order(arrays)
        if not self.precomputed_ports:
            return list(arrays)
        taken, others = self._ports
        return [*[arrays[i] for i in others], self.precomputed([arrays[i] for i in taken])]

    def in_order(self, arrays: Sequence[Any]) -> list[Any]:
        """The inputs as contiguous arrays, copied where needed; inputs read for their shape alone stay as they are."""
        return [a if lent else contiguous(a) for a, lent in zip(arrays, self._lent, strict=True)]

    @cached_property
    def _lent(self) -> list[bool]:
        """For each input whether it only lends its dtype and shape."""
        return [port.like for port in self.signature.inputs.values()]

    @cached_property
    def _ports(self) -> tuple[list[int], list[int]]:
        """The positions of the inputs that ``precompute`` names, in its order, and of the others."""
        names = list(self.signature.inputs)
        taken = [names.index(port) for port in self.precomputed_ports]
        return taken, [i for i in range(len(names)) if i not in taken]

    def precomputed(self, arrays: Sequence[Any]) -> Any:
        """The result of ``precompute``; the last one is used again if its inputs are small and have the same bits."""
        small = sum(array.nbytes for array in arrays) <= _REMEMBERED
        key = [(array.dtype, array.shape, array.tobytes()) for array in arrays] if small else None
        last = self.__dict__.get("_last")
        if last is not None and key is not None and last[0] == key:
            return last[1]
        made = self.precompute(*arrays)
        self.__dict__["_last"] = (key, made)  # one tuple: other threads never see half of it
        return made
