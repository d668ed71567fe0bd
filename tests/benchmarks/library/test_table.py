from __future__ import annotations

from .. import names
from ..results import Result, Subject
from ..timing import Timing
from .table import table


def measured(family: str, title: str, size: int, **seconds: float) -> Result:
    values = {name.replace("_", " "): Timing(value, value, 3) for name, value in seconds.items()}
    return Result(Subject(family, title, size, yardstick=names.FIRST), values)


def test_the_slowest_beside_the_kernel_stands_first():
    found = [
        measured(names.LIBRARY, "Relu", 1_000_000, TF_eager=2e-4, numpy_1_thread=3e-4, jit_1_thread=1e-4),
        measured(names.FUNCTIONS, "Exp", 1_000_000, TF_eager=1e-4, numpy_1_thread=3e-4),
        measured(names.LIBRARY, "Relu", 10_000, TF_eager=1e-5, numpy_1_thread=1e-5, jit_1_thread=4e-5),
        measured(names.LIBRARY, "Gone", 10_000, numpy_1_thread=1e-5),
        measured(names.CHAIN, "chain", 10_000, TF_eager=1e-5, numpy_1_thread=1e-5),
    ]
    headers, rows = table(found)
    assert headers[2:] == ["TF us, 1 M", "NumPy, 1 M", "jit, 1 M", "TF us, 10 k", "NumPy, 10 k", "jit, 10 k"]
    assert rows == [
        ["Relu", "", "200", "1.50", "0.50", "10", "1.00", "4.00"],
        ["Exp", "yes", "100", "3.00", "", "", "", ""],
    ]
    assert [title for title, *_ in table(found, 3.5)[1]] == ["Relu"]
    assert table([])[1] == []
