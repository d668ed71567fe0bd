"""How NumPy computes while blocks run, whatever the caller has set."""

from __future__ import annotations

from typing import Any

import numpy as np

BUFFER = 8192  # elements that NumPy converts at a time, and adds up before the next: its own default


class settled(np.errstate):
    """A ``with`` block in which nothing warns of overflow and the like, and sums are cut as by default."""

    def __init__(self) -> None:
        super().__init__(all="ignore")

    def __enter__(self) -> None:
        super().__enter__()
        if np.getbufsize() != BUFFER:
            np.setbufsize(BUFFER)  # until the end: this is part of what is put back there

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
