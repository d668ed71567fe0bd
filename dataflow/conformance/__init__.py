"""The checks that every block must pass: the library's tests run them over the registry, a plugin's over its own.

>>> from dataflow import blocks
>>> from dataflow.conformance import check, checks
>>> check(blocks["Add"])
>>> "summary" in checks()
True

In a test of a plugin::

    @pytest.mark.parametrize("name, run", checks().items())
    def test_my_block(name, run):
        run(MyBlock)
"""

from __future__ import annotations

from collections.abc import Callable

from dataflow.conformance import (
    bodies,
    bounds,
    declaration,
    gradients,
    graphs,
    inference,
    kernels,
    memory_layouts,
    messages,
    tiles,
)
from dataflow.conformance.samples import ConformanceError, Sample, samples
from dataflow.core.block import Block

__all__ = ["ConformanceError", "Sample", "check", "checks", "samples"]

Check = Callable[[type[Block]], None]


def checks() -> dict[str, Check]:
    """Every check by its name; each takes a block class and raises ConformanceError that says what is wrong."""
    return {
        name: function
        for module in (
            declaration,
            inference,
            kernels,
            memory_layouts,
            graphs,
            tiles,
            gradients,
            bodies,
            messages,
            bounds,
        )
        for name, function in vars(module).items()
        if getattr(function, "__module__", "") == module.__name__ and callable(function) and not name.startswith("_")
    }


def check(block_class: type[Block]) -> None:
    """Run every check on a block; the error lists all that failed."""
    failures = []
    for name, run in checks().items():
        try:
            run(block_class)
        except ConformanceError as error:
            failures.append(f"{name}: {error}")
        except Exception as error:  # a crash must not hide the results of other checks
            failures.append(f"{name}: {block_class.__name__}: must not crash, got {type(error).__name__}: {error}")
    if failures:
        raise ConformanceError("\n".join(failures))
