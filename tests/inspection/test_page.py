"""A block as text for a terminal and as a page."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.attrs import attr
from dataflow.core.block import In, Out
from dataflow.core.registry import blocks
from dataflow.inspection import block_markdown, describe, text


class Scaled(flow.Block, abstract=True):
    """The values times a factor, ``x * by``.

    Whatever ``by`` is.

    >>> Scaled()([1.0], np.float32(2))
    array([2.], dtype=float32)

    Source: the tests.
    """

    aliases = ("Times",)
    T = ("float16", "float32")

    x = In("T", "values | rows")
    by = In("T", "factor", shape=(), optional=True)
    axes = In("int32", "axes", static=True)
    more = In("T", "others", many=True)
    y = Out("T", "products")

    mode: str = attr("way", default="up", choices=("up", "down"))
    bits: int = attr("bits", ge=2, le=8)

    grad = None


def test_a_block_as_text() -> None:
    assert (
        text(Scaled)
        == f"""\
Scaled  ({describe(Scaled)["category"]}, Block, also Times)
The values times a factor, x * by.

Whatever by is.

inputs
  x     T                            values | rows
  by    T[], optional                factor
  axes  int32, known before the run  axes
  more  T, a list                    others

attrs
  mode  str = up        way; one of `up`, `down`
  bits  int (required)  bits; between 2 and 8

outputs
  y  T  products

dtypes
  T  float16, float32

gradient: none flows

>>> Scaled()([1.0], np.float32(2))
array([2.], dtype=float32)
"""
    )


PAGE = """\
# Scaled

The values times a factor, ``x * by``.

```text
                  ┌─ Scaled ──┐
x       T      ──▶│ mode = up │──▶ y  T
by      T[]    ╌╌▶│ bits      │
axes    int32  ──▶│           │
more …  T      ──▶│           │
                  └───────────┘
```

Category `CATEGORY` · kind Block · also found as `Times`

## Formula

```text
x * by
```

## Edge cases

Whatever ``by`` is.

## Inputs

| port | type | what it is |
| --- | --- | --- |
| `x` | `T` | values \\| rows |
| `by` | `T[]`, optional | factor |
| `axes` | `int32`, known before the run | axes |
| `more` | `T`, a list | others |

## Attrs

| attr | type | default | what it is |
| --- | --- | --- | --- |
| `mode` | `str` | `up` | way; one of `up`, `down` |
| `bits` | `int` | required | bits; between 2 and 8 |

## Outputs

| port | type | what it is |
| --- | --- | --- |
| `y` | `T` | products |

`T` is one of `float16`, `float32`.

## Gradient

None flows: the reverse pass stops here, and what lies before gets no gradient by this way.

## In Python

```python
>>> import numpy as np
>>> from dataflow import blocks
>>> Scaled = blocks["Scaled"]
>>> Scaled()([1.0], np.float32(2))
array([2.], dtype=float32)
```

## In a graph file

```yaml
dataflow: 1
```

Source: the tests.
"""


def test_a_block_as_a_page() -> None:
    assert block_markdown(Scaled, "dataflow: 1\n\n") == PAGE.replace("CATEGORY", describe(Scaled)["category"])


def test_parts_that_a_block_does_not_have_are_left_out() -> None:
    class Bare(flow.Block, abstract=True):
        """Nothing."""

    page = block_markdown(Bare)
    assert [line for line in page.splitlines() if line.startswith("#")] == ["# Bare", "## Gradient"]
    assert "Missing: a reverse pass that meets this block is an error." in page
    assert text(Bare).splitlines()[1:] == ["Nothing.", "", "gradient: missing"]


@pytest.mark.parametrize(
    "name, row",
    [
        ("ApplyMomentum", "| `momentum` | `T[]` | part of `accum` that is kept; in training `0.9` by default |"),
        (
            "ApplyMomentum",
            "| `accum` | `T` | variable that keeps the gradients, of the same shape; begins with `0.0` |",
        ),
        ("MinMaxObserver", "; partial values are folded with `minimum` |"),
    ],
)
def test_what_a_page_adds_to_a_port(name: str, row: str) -> None:
    assert row in block_markdown(name)


@pytest.mark.parametrize("name", blocks)
def test_every_block_can_be_shown(name: str) -> None:
    told = describe(name)
    page, lines = block_markdown(name, "dataflow: 1\n"), text(name)
    for row in (*told["inputs"], *told["attrs"], *told["outputs"]):
        assert f"| `{row['name']}` |" in page
        assert f"  {row['name']} " in lines


class Found(flow.Block, abstract=True):
    """Nothing, ``x``."""

    found_by = ("void", "no value")
    x = In("float32", "values")
    y = Out("float32", "values")


def test_words_to_find_a_block_by_are_on_its_page_alone() -> None:
    assert "\nfound by: void, no value\n" in text(Found)
    assert "\nFound by: void, no value.\n" in block_markdown(Found)
    assert describe(type("Inner", (Found,), {}, abstract=True))["found_by"] == []
