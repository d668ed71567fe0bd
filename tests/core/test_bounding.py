"""How ranges go through blocks: by the kernel at corners, by moves, by bodies, and as whole numbers of a step."""

from __future__ import annotations

import numpy as np
import pytest
from ranged import codes, ends, known, output, outputs, ranged

import dataflow as flow
from dataflow.core.ranges import ASSUMED

B = flow.blocks
N = ("N", 2)


@pytest.mark.parametrize(
    "block, given, wanted",
    [
        ("AddV2", [(-1, 2), (3, 4)], (2, 6)),
        ("Subtract", [(-1, 2), (3, 4)], (-5, -1)),
        ("Multiply", [(-1, 2), (-3, 4)], (-6, 8)),
        ("Maximum", [(-1, 2), (0, 1)], (0, 2)),
        ("Negate", [(-1, 2)], (-2, 1)),
        ("Relu", [(-1, 2)], (0, 2)),
        ("Relu6", [(-1, 20)], (0, 6)),
        ("Abs", [(-3, 2)], (0, 3)),
        ("Square", [(1, 3)], (1, 9)),
        ("RealDiv", [(1, 6), (2, 3)], (1 / 3, 3)),
        ("Reciprocal", [(-4, -2)], (-0.5, -0.25)),
        ("Floor", [(-1.5, 2.5)], (-2, 2)),
    ],
)
def test_ends_of_elementwise_blocks(block, given, wanted):
    found = output(B[block](), *(ranged(*ends, N) for ends in given))
    assert ends(found) == tuple([np.float32(end).item()] for end in wanted)
    assert found.low.shape == (1, 1)


@pytest.mark.parametrize("block, given", [("RealDiv", [(1, 6), (-2, 3)]), ("Reciprocal", [(-1, 1)])])
def test_nothing_is_known_of_what_is_divided_by_a_range_with_zero(block, given):
    found = output(B[block](), *(ranged(*ends, N) for ends in given))
    assert (found.origin, ends(found)) == (ASSUMED, ([-np.inf], [np.inf]))


def test_functions_that_are_rounded_roughly_have_some_slack_but_keep_their_limits():
    sigmoid = output(B["Sigmoid"](), ranged(-1, 1, N))
    exact = 1 / (1 + np.exp(-1.0))
    assert sigmoid.low.item() < 1 - exact < exact < sigmoid.high.item() < exact + 1e-5
    assert ends(output(B["Tanh"](), ranged(-np.inf, np.inf, N))) == ([-1], [1])
    assert output(B["Exp"](), ranged(-np.inf, 0, N)).low.item() == 0


def test_integers_are_exact_and_those_that_may_wrap_around_have_all_of_their_dtype():
    fits, wraps = ranged(-100, 27, N, np.int8), ranged(-100, 28, N, np.int8)
    assert ends(output(B["AddV2"](), fits, ranged(-28, 100, N, np.int8))) == ([-128], [127])
    assert ends(output(B["AddV2"](), wraps, ranged(-28, 100, N, np.int8))) == ([-128], [127])
    assert ends(output(B["AddV2"](), ranged(-100, 20, N, np.int8), ranged(-28, 100, N, np.int8))) == ([-128], [120])
    large = ranged(2**62, 2**62 + 5, N, np.int64)
    assert ends(output(B["Subtract"](), large, ranged(3, 3, N, np.int64))) == ([2**62 - 3], [2**62 + 2])


def test_what_follows_from_known_values_is_computed():
    found = output(B["Multiply"](), known([1, 2]), known([3, -4]))
    np.testing.assert_array_equal(found.value, [3, -8])


def test_channels():
    bias = output(B["BiasAdd"](), ranged(0, 1, ("N", 8, 2)), known([10, 20]))
    assert (bias.low.shape, ends(bias)) == ((1, 1, 2), ([10, 20], [11, 21]))
    first = output(B["BiasAdd"](data_format="NCHW"), ranged(0, 1, ("N", 2, 8)), known([10, 20]))
    assert first.low.shape == (1, 2, 1)
    quantized = output(
        B["FakeQuantWithMinMaxVarsPerChannel"](num_bits=2), ranged(-9, 9, N), known([0, 0]), known([3, 6])
    )
    assert ends(quantized) == ([0, 0], [3, 6])


def test_a_quantizer_whose_range_is_not_known_has_no_ends():
    quantizer = B["FakeQuantWithMinMaxVars"]()
    assert output(quantizer, ranged(-1, 1, N), ranged(-1, 0, ()), known(1.0)).origin == ASSUMED


def test_moved_elements_keep_their_ends():
    low, high = [[[0, 1, 2]]], [[[10, 11, 12]]]
    x = ranged(low, high, ("N", 4, 3))
    turned = output(B["Transpose"](), x, known([0, 2, 1], np.int32))
    assert (turned.low.shape, ends(turned)) == (
        (1, 3, 4),
        ([0] * 4 + [1] * 4 + [2] * 4, [10] * 4 + [11] * 4 + [12] * 4),
    )
    cut = output(B["Slice"](), x, known([0, 0, 1], np.int32), known([-1, 4, 2], np.int32))
    assert ends(cut) == ([1, 2] * 4, [11, 12] * 4)
    padded = output(B["Pad"](), x, known([[0, 0], [0, 0], [1, 0]], np.int32))
    assert ends(padded) == ([0, 0, 1, 2] * 4, [0, 10, 11, 12] * 4)
    parts = outputs(B["Split"](num_split=3), known(2, np.int32), x)
    assert [ends(part)[0] for part in parts] == [[0] * 4, [1] * 4, [2] * 4]


def test_a_move_that_cannot_be_followed_has_the_outermost_ends():
    cut = output(B["Slice"](), ranged([[1, 2]], [[3, 4]], N), ranged(0, 1, (2,), np.int32), known([1, 1], np.int32))
    assert ends(cut) == ([0], [4])


def test_moves_along_a_dim_of_unknown_size_have_the_outermost_ends():
    x = ranged([[1, 2]], [[3, 4]], N)
    tail = output(B["StridedSlice"](begin_mask=0, end_mask=1), x, *(known([n], np.int32) for n in (1, 0, 1)))
    assert ends(tail) == ([0], [4])
    parts = outputs(B["SplitV"](num_split=2), x, known([1, -1], np.int32), known(0, np.int32))
    assert [ends(part) for part in parts] == [([0], [4])] * 2


@pytest.mark.parametrize(
    "given, shape, wanted",
    [
        (("N", 2, 3), [-1, 6], [0, 1, 2] * 2),
        (("N", 6, 3), [-1, 2, 9], [0, 1, 2] * 6),
        (("N", 3), [-1, 3, 1], [0, 1, 2]),
        (("N", 3), [-1], [0]),  # columns are not along any dim
        (("N", 3), [3, -1], [0]),
        ((2, 3), [3, 2], [0, 1, 2, 0, 1, 2]),
    ],
)
def test_reshaped_ends(given, shape, wanted):
    low = np.arange(3).reshape([1] * (len(given) - 1) + [3])
    found = output(B["Reshape"](), ranged(low, low + 10, given), known(shape, np.int32))
    assert ends(found)[0] == wanted
    assert all(n in (1, d) for n, d in zip(found.low.shape, found.shape, strict=True))


def test_a_composite_has_the_ends_of_its_body():
    found = output(B["FakeQuantSymmetric"](num_bits=4), ranged(-9, 9, N), known(7.0))
    assert ends(found) == ([-7], [7])
    assert [n.item() for n in found.units] == [1, -7, 7, -7, 7]


def test_reductions_and_means():
    x = ranged([[1, 2, 3]], [[4, 5, 6]], ("N", 3))
    assert ends(output(B["Max"](), x, known([1], np.int32))) == ([3], [6])
    assert ends(output(B["Sum"](), x, known([1], np.int32))) == ([6], [15])
    assert output(B["Sum"](), x, known([0], np.int32)).origin == ASSUMED
    assert ends(output(B["Mean"](), x, known([0], np.int32))) == ([1, 2, 3], [4, 5, 6])
    assert ends(output(B["ArgMax"](), x, known(1, np.int32))) == ([0], [2])


def test_batch_normalization_may_turn_ends_round():
    block = B["FusedBatchNormV3"](is_training=False, epsilon=0.0)
    statistics = [known([2, -2]), known([1, 1]), known([0, 0]), known([1, 4])]
    y = outputs(block, ranged(-1, 3, ("N", 1, 1, 2)), *statistics)[0]
    np.testing.assert_allclose(ends(y), ([-1, -2], [7, 2]), atol=1e-6)


# -- whole numbers --------------------------------------------------------------------------------------------------


def whole(range):
    return None if range.units is None else [n.reshape(-1).tolist() for n in range.units[:3]]


def test_whole_numbers_go_through_rectifiers_whose_ceiling_is_one():
    x = output(B["Subtract"](), codes(0, 200, N, 0.5), known(20.0))
    assert whole(x) is None  # 20 has no grid
    assert whole(output(B["Relu"](), codes(3, 200, N, 0.5))) == [[0.5], [3], [200]]
    assert whole(output(B["Relu6"](), codes(3, 200, N, 0.5))) == [[0.5], [3], [12]]
    assert whole(output(B["Relu6"](), codes(3, 200, N, 0.7))) is None
    assert whole(output(B["Relu6"](), codes(3, 8, N, 0.7))) == [[0.7], [3], [8]]  # which cuts nothing


def test_whole_numbers_of_sums_with_one_step():
    x, y = codes(1, 200, N, 0.5), codes(2, 100, N, 0.5)
    assert whole(output(B["AddV2"](), x, y)) == [[0.5], [3], [300]]
    assert whole(output(B["AddN"](), (x, y, y))) == [[0.5], [5], [400]]
    assert whole(output(B["AddV2"](), x, codes(2, 100, N, 0.25))) is None


def test_whole_numbers_side_by_side():
    x, y = codes(1, 200, N, 0.5), codes(2, 100, N, 0.5)
    joined = output(B["Concat"](), (x, y), known(1, np.int32))
    assert whole(joined) == [[0.5] * 4, [1, 1, 2, 2], [200, 200, 100, 100]]
    assert whole(output(B["Concat"](), (x, codes(2, 100, N, 0.25)), known(1, np.int32))) is None
    padded = output(B["Pad"](), x, known([[0, 0], [1, 0]], np.int32))
    assert whole(padded) == [[0.5] * 3, [0, 1, 1], [0, 200, 200]]


def test_values_of_codes_are_whole_numbers_of_their_scale():
    block = B["DequantizeLinear"]()
    found = output(block, ranged(3, 9, N, np.uint8), known(0.5), known(4, np.int32))
    assert (ends(found), whole(found)) == (([-0.5], [2.5]), [[0.5], [-1], [5]])
    assert whole(output(block, ranged(3, 9, N, np.uint8), known(0.5), ranged(0, 9, (), np.int32))) is None


def test_codes_of_values_lie_within_their_width():
    block = B["QuantizeLinear"](out_type="int8")
    assert ends(output(block, ranged(-1, 200, N), known(0.5), known(3, np.int32))) == ([1], [127])
    channels = B["QuantizeLinear"](out_type="uint8", axis=1)
    assert ends(output(channels, ranged(-1, 9, N), known([0.5, 1]), known([3, 3], np.int32))) == ([1, 2], [21, 12])


def test_requantized_sums():
    block = B["FixedPointRequantize"](out_type="uint8", low=0, high=15)
    given = [known(n, np.int32) for n in (2**30, 34, 2)]
    assert ends(output(block, ranged(-100, 100, N, np.int32), *given)) == ([0], [8])
    assert ends(output(block, ranged(-100, 100, N, np.int32), *given[:2], ranged(0, 3, (), np.int32))) == ([0], [255])


def test_codes_as_floats_are_whole_numbers_still():
    assert whole(output(B["Cast"](DstT="float32"), ranged(3, 9, N, np.uint8))) == [[1.0], [3], [9]]
