"""Compiled loops that find the largest of rows, and tell whether a class is among them."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.evaluator import jit_loop


@jit_loop
def in_short_rows(x: Array, target: Array, k: int, out: Array) -> None:
    """Whole rows, without a branch."""
    classes = x.shape[1]
    for i in range(out.size):
        row, place = x[i], np.int64(target[i])
        fine = (place >= 0) & (place < classes)
        own = row[place if fine else 0]
        larger, strange = 0, 0
        for j in range(classes):
            larger += row[j] > own
            strange += row[j] - row[j] != 0  # NaN and infinities
        out[i] = fine & (strange == 0) & (larger < k)


@jit_loop
def in_long_rows(x: Array, target: Array, k: int, out: Array) -> None:
    """No more of a row than it takes to tell that its class is not among the largest."""
    classes = x.shape[1]
    for i in range(out.size):
        row, place, left = x[i], np.int64(target[i]), 0
        if place >= 0 and place < classes:
            own, left = row[place], k
            for j in range(classes):
                if row[j] > own:
                    left -= 1
                if row[j] - row[j] != 0:
                    left = 0
                if left <= 0:
                    break
        out[i] = left > 0


@jit_loop
def find_largest(x: Array, top: Array, places: Array) -> None:
    """The largest of each row and where they stand, largest first; of equal ones the first comes first, and NaN last.

    They are kept as a heap of which the least comes first.
    """
    rows, size = x.shape
    k = top.shape[1]
    for i in range(rows):
        row, heap, place = x[i], top[i], places[i]
        for j in range(k):
            heap[j], place[j] = row[j], j
        # the heap is made, then gets what is larger than its least, then gives that away until it is in order
        for step in range(-(k // 2), size - 1):
            start, end = 0, k
            if step < 0:
                start = -step - 1
            elif step < size - k:
                value, least = row[step + k], heap[0]
                if not (value > least or (least != least and value == value)):
                    continue
                heap[0], place[0] = value, step + k
            else:
                end = size - 1 - step
                heap[0], heap[end] = heap[end], heap[0]
                place[0], place[end] = place[end], place[0]
            value, at = heap[start], place[start]
            below = 2 * start + 1
            while below < end:
                a, b = heap[below], heap[min(below + 1, end - 1)]
                first, second = place[below], place[min(below + 1, end - 1)]
                if (b < a) | ((b == a) & (second > first)) | ((b != b) & ((a == a) | (second > first))):
                    below += 1
                    a, first = b, second
                if not ((a < value) | ((a == value) & (first > at)) | ((a != a) & ((value == value) | (first > at)))):
                    break
                heap[start], place[start] = a, first
                start, below = below, 2 * below + 1
            heap[start], place[start] = value, at
