"""Every check over every block of the library."""

from __future__ import annotations

import json

import places
import pytest

from dataflow import blocks
from dataflow.conformance import checks

CATALOGUE = {row["block"]: row for row in json.loads((places.TESTS / "catalogue.json").read_text())}
SLOW = ("repeated_operands", "any_layout")  # half of the time that all checks take
CHECKS = [pytest.param(f, id=name, marks=[pytest.mark.slow] * (name in SLOW)) for name, f in checks().items()]
LIBRARY = [block for block in blocks.values() if block.__module__.startswith("blocks.")]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("block", LIBRARY, ids=lambda block: block.__name__)
def test_block(block, check):
    no_gradient = CATALOGUE.get(block.__name__, {}).get("gradient") == "none"
    if no_gradient and check.__name__ == "gradient_declared":
        return  # the reference has none either: asking for one is an error that names the block
    check(block)
