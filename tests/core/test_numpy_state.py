"""NumPy's state while blocks run: errors are silent, the buffer has one size, and the caller's come back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dataflow.core.numpy_state import BUFFER, LARGE, RUNS, FixedNumpyState, in_short_runs


@pytest.fixture
def callers_own() -> Iterator[None]:
    """Errors that are raised, and a buffer as small as can be."""
    before = np.getbufsize()
    with np.errstate(all="raise"):
        np.setbufsize(64)
        yield
    np.setbufsize(before)


def test_errors_are_silent_inside(callers_own: None) -> None:
    with FixedNumpyState():
        assert np.isinf(np.float32([1]) / np.float32([0])).all()
        assert set(np.geterr().values()) == {"ignore"}
    assert set(np.geterr().values()) == {"raise"}


def test_the_buffer_has_its_default_size_inside(callers_own: None) -> None:
    assert np.getbufsize() == 64
    with FixedNumpyState():
        assert np.getbufsize() == BUFFER == 8192
        with FixedNumpyState():
            assert np.getbufsize() == BUFFER
        assert np.getbufsize() == BUFFER
    assert np.getbufsize() == 64


def test_both_come_back_after_an_error(callers_own: None) -> None:
    with pytest.raises(LookupError), FixedNumpyState():
        raise LookupError
    assert (np.getbufsize(), set(np.geterr().values())) == (64, {"raise"})


def test_sums_have_the_bits_of_the_default_buffer(callers_own: None) -> None:
    """Where NumPy converts what it sums, it sums a buffer at a time, so that its size decides the last bits."""
    random = np.random.default_rng(0)
    x = (random.normal(size=100_000) * 10.0 ** random.uniform(-12, 12, 100_000)).astype(np.float32)

    def total() -> bytes:
        return bytes(np.add.reduce(x, dtype=np.float64).tobytes())

    with_small_buffer = total()
    with FixedNumpyState():
        expected = total()
    np.setbufsize(BUFFER)
    assert total() == expected != with_small_buffer


def test_the_buffer_is_small_while_a_kernel_of_many_elements_runs():
    def kernel(fail: bool, more: int = 0) -> int:
        if fail:
            raise ValueError
        return np.getbufsize() + more

    assert in_short_runs(kernel, LARGE - 1) is kernel
    small = in_short_runs(kernel, LARGE)
    with FixedNumpyState():
        assert small(False, more=1) == RUNS + 1
        assert np.getbufsize() == BUFFER
        with pytest.raises(ValueError):
            small(True)
        assert np.getbufsize() == BUFFER
