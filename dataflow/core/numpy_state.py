"""NumPy's error handling and buffer size while blocks run, whatever the caller has set."""

from __future__ import annotations

import numpy as np

_errstate, _enter, _buffer = np.errstate, np.errstate.__enter__, np.getbufsize
BUFFER = 8192  # elements that NumPy converts or sums at a time: its own default


class FixedNumpyState(np.errstate):
    """A ``with`` block in which floating-point errors are silent and NumPy's buffer has its default size.

    The size decides where sums are split, and so their last bits.
    """

    def __init__(self) -> None:
        _errstate.__init__(self, all="ignore")

    def __enter__(self) -> None:
        _enter(self)
        if _buffer() != BUFFER:
            np.setbufsize(BUFFER)  # leaving the block restores this too
