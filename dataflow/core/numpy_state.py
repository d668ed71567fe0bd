"""How NumPy computes while blocks run, whatever the caller has set."""

from __future__ import annotations

import numpy as np

_errstate, _enter, _buffer = np.errstate, np.errstate.__enter__, np.getbufsize
BUFFER = 8192  # elements that NumPy converts at a time, and adds up before the next: its own default


class settled(np.errstate):
    """A ``with`` block in which nothing warns of overflow and the like, and sums are cut as by default."""

    def __init__(self) -> None:
        _errstate.__init__(self, all="ignore")

    def __enter__(self) -> None:
        _enter(self)
        if _buffer() != BUFFER:
            np.setbufsize(BUFFER)  # until the end: this is part of what is put back there
