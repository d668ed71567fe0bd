"""A counter: a variable that goes up by one in each step, up to a limit."""

from __future__ import annotations

from dataflow.core.block import In, Out, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Update


class CountUpTo(Update):
    """The value of a counter, which then goes up by one, ``output = ref; ref += 1``.

    At `limit` or above there is nothing to count: this is an error, and the step changes nothing.

    >>> CountUpTo(limit=10)(3)
    CountUpToOutputs(output=array(3, dtype=int32), ref_out=array(4, dtype=int32))

    Source: tf.raw_ops.CountUpTo.
    """

    found_by = ("counter", "step")
    T = ("int32", "int64")
    ref = In("T", "the counter, a variable", shape=())
    output = Out("T", "its value before", shape=())
    ref_out = Out("T", "its next value", shape=())
    limit: int = attr("the counter's last value")
    assigns = {"ref": "ref_out"}

    def kernel(self, ref: Array) -> tuple[Array, Array]:
        if ref >= self.limit:
            raise self.error(
                f"input 'ref' must be below the limit {self.limit}, got {ref}; raise limit, or Assign 'ref' a new start"
            )
        return ref.copy(), ref + ref.dtype.type(1)

    grad = None
