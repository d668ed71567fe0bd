"""Calls that the reference refuses or accepts, as `errors.json` has them, and how each ends here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import places

from dataflow import blocks

CASES = json.loads((places.GOLDEN / "errors.json").read_text())["cases"]


class _Calls:
    """Stands for ``tf.raw_ops``: keywords that the block knows as attrs become attrs, the others inputs."""

    def __getattr__(self, op: str) -> Callable[..., Any]:
        block = blocks[op]

        def call(**given: Any) -> Any:
            attrs = {name: value for name, value in given.items() if name in block.signature.attrs}
            return block(**attrs)(**{name: value for name, value in given.items() if name not in attrs})

        return call


NAMES = {
    "r": _Calls(),
    "np": np,
    "f": np.float32,
    "X": np.arange(12, dtype=np.float32).reshape(3, 4) / 7 - 1,
    "tf": SimpleNamespace(
        bitcast=lambda array, dtype: array,
        **{dtype: dtype for dtype in ("quint8", "qint32", "bfloat16")},
    ),
}

# Calls that end otherwise than there, on purpose: what happens here, and why.
DIFFERENT = {
    "r.FakeQuantWithMinMaxVars(inputs=X.astype(np.float16)": ("accepted", "float16 stays float16; there it is widened"),
    "r.QuantizeAndDequantizeV4(input=X,input_min=f([-1]*3)": (
        "accepted",
        "a range per slice runs here, not there",
    ),
    "r.Requantize(": ("refused", "no number stands for a range below zero; there it is moved without a word"),
}


def ending(case: Mapping[str, str]) -> str:
    """How the call ends here: with the recorded values, accepted (other values), or refused."""
    for call, (here, _) in DIFFERENT.items():
        if case["call"].startswith(call):
            return here
    return "recorded" if case["tf_result"] == "ok" else "refused"
