"""GPTQ: weights rounded one input after another, each error made up for by the weights that are still to come."""

from __future__ import annotations

import numpy as np

from dataflow.core.blas import one_thread
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.quantize.layer import Layer

_DAMPING = 0.01  # of the mean of the diagonal, so that inputs which never vary can be divided by


def gptq(layer: Layer) -> Array:
    """The weights of a layer on its grid, rounded so that the squared error of the outputs is small.

    Source: Frantar et al., GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers, 2023.
    """
    if layer.role.depthwise:
        raise DataflowError(f"{layer.node.who}: weights of a depthwise product are not rounded by gptq; take adaround")
    shape, axis = layer.weights.shape, layer.role.axis % layer.weights.ndim
    rows = np.moveaxis(layer.weights, axis, -1).reshape(-1, shape[axis]).astype(np.float64)  # [inputs, outputs]
    steps = np.moveaxis(layer.steps, axis, -1).reshape(rows.shape)
    codes = _rounded(rows, np.where(steps > 0, steps, 1.0), _squares(layer, axis), layer.grid.low, layer.grid.high)
    others = [size for i, size in enumerate(shape) if i != axis]
    return layer.on_grid(np.moveaxis(codes.reshape(*others, shape[axis]), -1, axis))


def _squares(layer: Layer, axis: int) -> Array:
    """The products of each two of the numbers that are multiplied with weights, summed over all rows and positions."""
    shape = layer.weights.shape
    others = [size for i, size in enumerate(shape) if i != axis]
    count = int(np.prod(others))
    one_each = np.eye(count, dtype=layer.weights.dtype).reshape(*others, count)  # an output for each weight
    seen = layer.of_inputs(np.ascontiguousarray(np.moveaxis(one_each, -1, axis)))
    numbers = np.moveaxis(seen, layer.role.channels, -1).reshape(-1, count).astype(np.float64)
    with one_thread:
        return numbers.T @ numbers


def _rounded(weights: Array, steps: Array, squares: Array, low: int, high: int) -> Array:
    """The codes, input by input; what a rounded weight is off by is taken off those of later inputs."""
    count = len(weights)
    diagonal = np.einsum("ii->i", squares)
    unused = diagonal == 0
    diagonal[unused] = 1.0
    diagonal += _DAMPING * diagonal.mean()
    order = np.argsort(-diagonal, kind="stable")  # the largest inputs first, while there is most to make up with
    with one_thread:
        inverse = np.linalg.inv(squares[np.ix_(order, order)])
        factor = np.linalg.cholesky((inverse + inverse.T) / 2).T  # upper: the inverses as inputs are done with
    left, codes = weights[order].copy(), np.empty(weights.shape, np.int64)
    for i in range(count):
        step = steps[order[i]]
        chosen = np.clip(np.rint(left[i] / step), low, high)
        codes[order[i]] = chosen.astype(np.int64)
        off = (left[i] - chosen * step) / factor[i, i]
        left[i + 1 :] -= np.outer(factor[i, i + 1 :], off)
    return codes
