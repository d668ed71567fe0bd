"""What is wanted of a table: columns, each in a dtype or as text."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import DataflowError

TEXT = "text"
MISSING = -1  # the code of a text that is missing
_MOST = 1 << 20  # different texts in a column


@dataclass(frozen=True, order=True)
class Wanted:
    """A column, the dtype in which its values are wanted (or text), and whether values may be missing."""

    name: str
    kind: str
    may_miss: bool = False  # a missing number comes as NaN, a missing text as -1

    @property
    def storage(self) -> DType:
        """The NumPy dtype that values are kept in; texts as their numbers in a vocabulary."""
        return np.dtype(np.int32) if self.kind == TEXT else dtypes.storage(self.kind)

    @property
    def sign(self) -> str:
        """``u`` where whole numbers are wanted that may not be negative, else ``i``."""
        return "u" if self.kind in dtypes.whole and dtypes.limits(self.kind)[0] == 0 else "i"


@dataclass
class Vocabulary:
    """The different texts of each column, in the order in which they first came."""

    words: dict[str, dict[str, int]] = field(default_factory=dict)

    def encode(self, name: str, texts: list[str | None]) -> Array:
        """The number of each text of a column; None is missing."""
        known = self.words.setdefault(name, {})
        codes = [MISSING if text is None else known.setdefault(text, len(known)) for text in texts]
        if len(known) > _MOST:
            raise DataflowError(f"column '{name}' may have at most {_MOST:,} different texts, got more")
        return np.array(codes, np.int32)

    def texts(self, name: str) -> list[str]:
        """The texts of a column, by number."""
        return list(self.words.get(name, ()))
