"""Arrays in C: names, packing, numbers."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.quantize.export.c_arrays import CArray, defined, fits_nibbles, identifiers, initializer, packed


def test_names_are_words_of_c_and_differ() -> None:
    found = identifiers(["conv1/x", "conv1.x", "Conv1_x", "2d", "for", "größe", ""])
    assert found == {
        "conv1/x": "conv1_x", "conv1.x": "conv1_x_2", "Conv1_x": "Conv1_x_3", "2d": "_2d", "for": "_for",
        "größe": "gr__e", "": "_",
    }  # fmt: skip
    assert identifiers(["run", "int8_t"], ["run"]) == {"run": "run_2", "int8_t": "_int8_t"}


@pytest.mark.parametrize("count", [1, 2, 7, 8])
def test_two_codes_lie_in_a_byte(count: int) -> None:
    codes = np.random.default_rng(count).integers(-8, 8, count).astype(np.int8)
    found = packed(codes)
    assert found.dtype == np.uint8
    assert len(found) == (count + 1) // 2
    nibbles = [int(found[i // 2]) >> (i % 2 * 4) & 15 for i in range(count)]
    assert [n - 16 if n > 7 else n for n in nibbles] == codes.tolist()


def test_only_codes_that_fit_are_packed() -> None:
    assert fits_nibbles(np.array([-8, 7], np.int8))
    assert not fits_nibbles(np.array([-9, 7], np.int8))
    assert not fits_nibbles(np.array([0, 8], np.int8))
    assert not fits_nibbles(np.array([0, 1], np.int32))


def test_numbers_of_every_size() -> None:
    assert initializer(np.array([-(2**31), 2**31 - 1], np.int32)) == "{\n    INT32_MIN, 2147483647\n}"
    assert initializer(np.array([-(2**63), 2**40], np.int64)) == "{\n    INT64_MIN, 1099511627776LL\n}"


def test_a_definition_tells_its_layout() -> None:
    value = np.array([[1, -2], [3, -4]], np.int8)
    assert defined(CArray("w", "int8", (2, 2), value)) == (
        "/* 2 x 2 */\nstatic const int8_t w[4] = {\n    1, -2, 3, -4\n};"
    )
    assert "uint8_t w[2] = {\n    225, 195\n}" in defined(CArray("w", "int8", (2, 2), value, nibble="n"))
