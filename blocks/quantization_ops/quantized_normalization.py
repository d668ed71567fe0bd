"""Normalization of images of quantized numbers: by given statistics in fixed point, and each channel by its own."""

from __future__ import annotations

import numpy as np

from blocks.kernels.affine import level_of, levels_of, value_of
from blocks.kernels.byte_tables import every_number, look_up
from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.flush_subnormals import Float, flush, scalar
from blocks.kernels.known_numbers import once_per_bits
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.workspace import Kernel, Workspace

END = np.float32(2.0**20)  # of the range of the result, on either side of 0


class QuantizedBatchNormWithGlobalNormalization(Opaque):
    """Quantized images normalized by given moments, ``(t - m) / sqrt(v + variance_epsilon) * gamma + beta``.

    In fixed point, in the range from ``-2**20`` to ``2**20``, where 1.0 is 2048: ``trunc(t * scale / 2048) + offset``
    with a scale and an offset per channel rounded to such numbers. Products and sums saturate, while in the reference
    they wrap around: products from 512.0 on. What is NaN, as the root of a negative variance, is the lowest number.

    >>> block = QuantizedBatchNormWithGlobalNormalization(
    ...     out_type="qint32", variance_epsilon=0.0, scale_after_normalization=False
    ... )
    >>> q = [np.array([i], np.uint8) for i in (51, 255, 0, 0)]
    >>> t = np.array([[[[0], [255]]]], np.uint8)
    >>> block(t, -5.0, 5.0, q[0], -1.0, 4.0, q[1], 0.0, 4.0, q[2], 0.0, 1.0, q[3], 0.0, 1.0).result.ravel() / 2048
    array([-2.49023438,  2.50976562])

    Source: tf.raw_ops.QuantizedBatchNormWithGlobalNormalization.
    """

    found_by = ("batch norm", "integer batch normalization")
    Tinput = ("quint8",)
    t = In("Tinput", "images of quantized numbers", shape=("N", "H", "W", "C"))
    t_min = In("float32", "value of the lowest number of `t`", shape=())
    t_max = In("float32", "value of the highest number of `t`", shape=())
    m = In("Tinput", "mean of each channel", shape=("C",))
    m_min = In("float32", "value of the lowest number of `m`", shape=())
    m_max = In("float32", "value of the highest number of `m`", shape=())
    v = In("Tinput", "variance of each channel", shape=("C",))
    v_min = In("float32", "value of the lowest number of `v`", shape=())
    v_max = In("float32", "value of the highest number of `v`", shape=())
    beta = In("Tinput", "what is added to each channel", shape=("C",))
    beta_min = In("float32", "value of the lowest number of `beta`", shape=())
    beta_max = In("float32", "value of the highest number of `beta`", shape=())
    gamma = In("Tinput", "what each channel is multiplied by", shape=("C",))
    gamma_min = In("float32", "value of the lowest number of `gamma`", shape=())
    gamma_max = In("float32", "value of the highest number of `gamma`", shape=())
    result = Out("out_type", "same shape as `t`", shape=("N", "H", "W", "C"))
    result_min = Out("float32", "-1048576.0", shape=())
    result_max = Out("float32", "1048576.0", shape=())
    out_type: Dtype = attr("dtype of `result`", choices=("qint32",))
    variance_epsilon: float = attr("what is added to the variance, so that its root is not 0")
    scale_after_normalization: bool = attr("multiply by `gamma`; otherwise it counts for nothing")
    grad = None

    def bind(self, memory: Workspace, t: TensorType, *others: TensorType) -> Kernel:
        memory.borrowed += part_bytes(16, t) + 200 * (t.sizes[-1] + 256)
        every, one = every_number(storage(t.dtype)), level_of(1.0, -END, END, "qint32")
        lowest, highest = dtypes.limits("qint32")

        def worked_out(*others: Array) -> tuple[Array, Array, Array]:
            """The numbers of scales, of offsets and of all that there may be in ``t``."""
            triples = zip(*[iter(others[2:])] * 3, strict=True)
            mean, variance, beta, gamma = (_values(q, lo, hi) for q, lo, hi in triples)
            scale = flush(np.float32(1) / np.sqrt(flush(variance + flush(np.float32(self.variance_epsilon)))))
            if self.scale_after_normalization:
                scale = flush(scale * gamma)
            offset = flush(flush(-mean * scale) + beta)
            scales, offsets, table = (
                levels_of(values, -END, END, "qint32") for values in (scale, offset, _values(every, *others[:2]))
            )
            return scales, offsets, table

        known = once_per_bits(worked_out)

        def kernel(t: Array, *others: Array, out: Array | None = None) -> tuple[Array, Float, Float]:
            scales, offsets, table = known(*others)

            def step(t: Array, scales: Array, offsets: Array, out: Array) -> None:
                numbers = look_up(table, t, np.empty(t.shape, np.int64))
                numbers *= scales
                np.clip(numbers, lowest, highest, out=numbers)
                numbers += (numbers >> 63) & (one - 1)
                numbers //= one
                numbers += offsets
                np.clip(numbers, lowest, highest, out=numbers)
                np.copyto(out, numbers, casting="unsafe")

            result = np.empty(t.shape, np.int32) if out is None else out
            return in_parts(step, result, t, scales, offsets), -END, END

        return kernel


def _values(q: Array, lo: Array, hi: Array) -> Array:
    """The values of quint8 numbers of a range."""
    return np.broadcast_to(value_of(q, scalar(lo), scalar(hi), "quint8"), q.shape)
