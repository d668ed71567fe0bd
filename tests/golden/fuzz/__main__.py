"""Blocks beside TensorFlow: ``python -m tests.golden.fuzz [--seed N] [--minutes N] [--blocks Op ...]``.

Each op is asked in each dtype until so many values were compared, and once with more than one tile of elements. A
difference is printed with the arguments that bring it about again.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from .server import Server

SHOWN = 3  # differences of an op and dtype that are printed


def rounds(options: argparse.Namespace, tallies: dict[Any, Counter[str]]) -> Iterator[tuple[str, str, int, bool]]:
    """Op, dtype, number and size of each case: all pairs in turn, those that have their values left out."""
    if options.case is not None:
        for op, dtype in tallies:
            yield op, dtype, options.case, options.large
        return
    end = time.monotonic() + options.minutes * 60
    for op, dtype in () if options.small else tallies:  # first what is largest
        yield op, dtype, 0, True
    number = 0
    while open_ := [pair for pair, tally in tallies.items() if _wanted(tally, options)]:
        for op, dtype in open_:
            if time.monotonic() > end:
                return
            for _ in range(5):
                yield op, dtype, number + _, False
        number += 5


def _wanted(tally: Counter[str], options: argparse.Namespace) -> bool:
    return not tally["missing"] and tally["values"] < options.values + tally["large"] and tally["cases"] < options.cases


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="python -m tests.golden.fuzz")
    parser.add_argument("--seed", type=int, default=0, help="other seeds draw other cases")
    parser.add_argument("--minutes", type=float, default=10, help="stop after so long")
    parser.add_argument(
        "--blocks", nargs="*", metavar="Op", help="ops to ask about, by TensorFlow's name; default: all"
    )
    parser.add_argument("--dtypes", nargs="*", metavar="dtype", help="dtypes to ask in; default: all")
    parser.add_argument("--values", type=int, default=100_000, help="compare so many values per op and dtype")
    parser.add_argument("--cases", type=int, default=1000, help="but ask no more cases than so many")
    parser.add_argument("--small", action="store_true", help="leave out the cases with more than a tile of elements")
    parser.add_argument("--case", type=int, help="one case by its number")
    parser.add_argument("--large", action="store_true", help="with --case: the one with more than a tile of elements")
    options = parser.parse_args()
    if importlib.util.find_spec("tensorflow") is None:
        print("needs TensorFlow, got none; pip install tensorflow-cpu in an environment of its own", file=sys.stderr)
        return 2
    from .agreement import RULES
    from .cases import CASES, dtypes_of

    if unknown := [op for op in options.blocks or () if op not in CASES]:
        parser.error(f"no cases for {', '.join(unknown)}; there are some for {', '.join(sorted(CASES))}")
    pairs = [(op, dtype) for op in options.blocks or sorted(CASES) for dtype in dtypes_of(op)]
    tallies: dict[tuple[str, str], Counter[str]] = {
        pair: Counter() for pair in pairs if not options.dtypes or pair[1] in options.dtypes
    }
    server = Server()
    accepted: dict[str, str] = {}
    for op, dtype, number, large in rounds(options, tallies):
        tally = tallies[op, dtype]
        outcome = server.ask(op, dtype, number, options.seed, large)
        if outcome is None:  # what it does not refuse as it should
            tally.update(("cases", "stops there"))
            continue
        tally.update(outcome.counts)
        tally["large"] += outcome.counts["values"] * large
        lines = outcome.lines
        if outcome.refused:
            accepted.setdefault(op, outcome.refused)
        tally["differences"] += bool(lines)
        if lines and tally["differences"] <= SHOWN:
            again = f"--blocks {op} --dtypes {dtype} --seed {options.seed} --case {number}" + " --large" * large
            print("\n".join([again, *(f"    {line}" for line in lines)]), flush=True)
    table(tallies)
    print("\nAccepted here alone:", *(f"{op}: {why}" for op, why in sorted(accepted.items())), sep="\n    ")
    print("\nNot to the bit:", *(f"{op}: {rule}" for op, rule in sorted(RULES.items()) if op in CASES), sep="\n    ")
    return int(any(tally["differences"] for tally in tallies.values()))


COLUMNS = (
    "cases",
    "values",
    "large",
    "subnormal",
    "told",
    "both refuse",
    "stops there",
    "accepted here alone",
    "wrong",
    "differences",
)


def table(tallies: dict[Any, Counter[str]]) -> None:
    """What was compared: per op and dtype, and in all."""
    print(f"\n{'op':42} {'dtype':10}" + "".join(f" {name:>{max(9, len(name))}}" for name in COLUMNS))
    total: Counter[str] = Counter()
    for (op, dtype), tally in tallies.items():
        if tally["missing"]:
            print(f"{op:42} {dtype:10} no kernel there")
            continue
        total.update(tally)
        print(f"{op:42} {dtype:10}" + "".join(f" {tally[name]:>{max(9, len(name))}}" for name in COLUMNS))
    print(f"{'all':42} {'':10}" + "".join(f" {total[name]:>{max(9, len(name))}}" for name in COLUMNS))


if __name__ == "__main__":
    sys.exit(main())
