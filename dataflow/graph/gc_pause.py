"""A pause of the garbage collector, for work that makes many objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """A ``with`` block without garbage collection, which would scan a growing graph again and again for nothing.

    Objects are still freed by reference counting, except for cycles.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
