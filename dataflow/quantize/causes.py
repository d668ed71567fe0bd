"""Why a quantizer loses what it loses, in a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dataflow.graph.graph import Graph
from dataflow.quantize.measures import Measure

ACCUMULATOR = 32  # bits of the usual accumulator
_OUTLIER = 8.0  # how many times the median a channel must be
_INHERITED = 4.0  # how many times its own noise a wire must have
_LOPSIDED = 0.4  # share of codes on one side of zero that nothing uses


def causes(graph: Graph, measures: Sequence[Measure], widths: Mapping[str, int | None]) -> dict[str, str]:
    """The cause of each quantizer's noise, by its node; ``widths`` has the bits of the sums that read it.

    - ``saturated accumulator``: sums of what it gives need more than 32 bits.
    - ``clipping``: more than half of its own noise is of values outside of its grid.
    - ``outlier channel c``: one range holds all channels, and the largest is over 8 times the median.
    - ``zero point off``: over 40 % of the codes, all on one side, are never given.
    - ``inherited from n``: the noise that comes in is over 4 times its own; n is the quantizer before it with most.
    - ``resolution``: none of these; it is the rounding within the grid.
    """
    shares = {each.node: each.noise / each.signal for each in measures if each.signal and each.kind != "bias"}
    return {each.node: _cause(graph, each, shares, widths.get(each.node)) for each in measures}


def _cause(graph: Graph, each: Measure, shares: Mapping[str, float], width: int | None) -> str:
    if width is not None and width > ACCUMULATOR:
        return "saturated accumulator"
    if each.own and each.beyond > each.own / 2:
        return "clipping"
    if each.grid.axis is None and each.channels is not None and len(each.channels) > 2:
        middle = float(np.median(each.channels))
        if middle and float(each.channels.max()) > _OUTLIER * middle:
            return f"outlier channel {int(each.channels.argmax())}"
    if each.used is not None and each.grid.axis is None and not each.outside and _one_sided(each.used):
        return "zero point off"
    if each.noise > _INHERITED * max(each.own, 1e-30):
        before = graph.ancestors([each.node]) & shares.keys() - {each.node}
        if before:
            return f"inherited from {max(sorted(before), key=lambda name: shares[name])}"
    return "resolution"


def _one_sided(used: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> bool:
    """Whether many codes in a row at one end are never given."""
    (given,) = np.nonzero(used)
    if not len(given):
        return False
    return bool(max(given[0], len(used) - 1 - given[-1]) > _LOPSIDED * len(used))
