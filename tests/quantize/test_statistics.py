"""Statistics merge to the bit, in any partition and order, and only where they belong together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quantize.nets import residual
from quantize.observing import RUN, WIRES, Whole, calibration, drawn, observed, written

from dataflow.core.errors import DataflowError
from dataflow.quantize.calibration import calibrate
from dataflow.quantize.model import Model
from dataflow.quantize.statistics import merge
from dataflow.training.array_split import ArraySplit


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_partition_in_any_order_gives_the_same_file(
    whole: Whole, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    run, _, expected = whole
    cuts = data.draw(st.lists(st.integers(1, 5), unique=True, max_size=5).map(sorted))
    ends = [0, *(RUN * cut for cut in cuts), run.length]
    parts = [run.statistics(part) for part in pairwise(ends)]
    merged = merge(data.draw(st.permutations(parts)))
    if len(parts) > 2:  # and in any grouping
        middle = data.draw(st.integers(1, len(parts) - 1))
        merged = merge([merge(parts[:middle]), merge(parts[middle:])])
    assert written(merged, tmp_path_factory.mktemp("merged")) == expected


def test_what_cannot_be_merged_is_told(whole: Whole) -> None:
    run, found, _ = whole
    with pytest.raises(DataflowError, match="different rows to be merged, got rows 512 to 1024 of data 'train' twice"):
        merge([run.statistics((0, 2 * RUN)), run.statistics((RUN, 3 * RUN))])
    other = Model.of(residual(1))
    data = ArraySplit(other.graph, "test", {"x": drawn(40)})
    with pytest.raises(
        DataflowError, match="of one set of variables to be merged, those of data 'train' and of data 'te"
    ):
        merge([found, calibrate(other, data, observed(other.graph, *WIRES))])
    same = Model.of(residual())
    with pytest.raises(DataflowError, match="of one graph to be merged"):
        merge([found, calibrate(same, data, observed(same.graph, "x"))])


def test_other_data_is_merged_in_one_order() -> None:
    one, two = calibration(drawn(600)).statistics(), calibration(drawn(700, seed=1)).statistics()
    first, second = merge([one, two]), merge([two, one])
    assert first.row_count == 1300
    assert first.rows == second.rows
    for name in WIRES:
        np.testing.assert_array_equal(first.wires[name].batches, second.wires[name].batches)
