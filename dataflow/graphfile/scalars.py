"""What a plain YAML scalar means: the core schema of YAML 1.2, and nothing that YAML 1.1 made up."""

from __future__ import annotations

import math
import re
from typing import Any

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_WORDS |= dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan)
for _inf in (".inf", ".Inf", ".INF"):
    _WORDS |= {_inf: math.inf, "+" + _inf: math.inf, "-" + _inf: -math.inf}
_NUMERIC = frozenset("+-.0123456789")  # what a number begins with
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1
_DIGITS = 25  # more than any 64-bit number has; checked first, for int() takes quadratic time


def scalar(text: str) -> Any:
    """The value of plain text: null, true or false, a number, else the text.

    Raises ValueError for a number that no dtype can hold.

    >>> [scalar(t) for t in ("1e-3", "no", "010", "0x10", "1:30")]
    [0.001, 'no', 10, 16, '1:30']
    """
    if text and text[0] not in _NUMERIC:
        return _WORDS.get(text, text)
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return _whole(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError("numbers must fit 64 bits, got a larger one; write .inf for infinity")
        return number
    return text


def _whole(text: str) -> int:
    if len(text.lstrip("+-0ox")) <= _DIGITS:
        number = int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if _LOWEST <= number <= _HIGHEST:
            return number
    raise ValueError("whole numbers must fit 64 bits, got a larger one")
