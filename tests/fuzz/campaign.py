"""Many random graphs, one after the other, until the time is over; what was seen, and how to see it again."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dataflow import Graph, save

from .case import LARGE, MEDIUM, SMALL, Case, case
from .compare import Finding, findings
from .shrink import shrunk


@dataclass
class Seen:
    """What a campaign has seen so far."""

    graphs: int = 0
    nodes: int = 0
    scales: Counter[str] = field(default_factory=Counter)
    large: int = 0  # graphs with values of more than 524,288 elements
    jit: int = 0  # graphs that ran compiled loops
    blocks: set[str] = field(default_factory=set)
    reports: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        scales = ", ".join(f"{count} {scale}" for scale, count in sorted(self.scales.items()))
        return (
            f"{self.graphs} graphs of {self.nodes} nodes and {len(self.blocks)} blocks ({scales}), "
            f"{self.large} with more than 524,288 elements, {self.jit} with compiled loops: "
            f"{len(self.reports)} with differences"
        )


def campaign(
    seed: int,
    minutes: float,
    graphs: int | None = None,
    large_share: float = 0.05,
    medium_share: float = 0.1,
    jit_share: float = 0.5,
    stop: bool = False,
    tell: Callable[[str], object] | None = None,
    keep: str | Path | None = None,
) -> Seen:
    """Run the graphs of the seeds from ``seed`` on for so many minutes, or so many of them.

    Large graphs have values of about and beyond 524,288 elements, medium ones up to 65,536; the others go by small
    tiles. ``jit_share`` is that of the large and medium ones that run compiled kernels too; small ones always do, with
    loops that Python runs. With ``stop`` the first difference ends it. ``tell`` is called with each report; to the
    folder ``keep`` they write the smallest graph that shows it.
    """
    seen, ends = Seen(), time.monotonic() + 60 * minutes
    while time.monotonic() < ends and (graphs is None or seen.graphs < graphs) and not (stop and seen.reports):
        _one(seed, large_share, medium_share, jit_share, seen, tell, keep)
        seed += 1
    return seen


def _one(
    seed: int,
    large_share: float,
    medium_share: float,
    jit_share: float,
    seen: Seen,
    tell: Callable[[str], object] | None,
    keep: str | Path | None,
) -> None:
    way, compiled = np.random.default_rng(seed).random(2)
    scale = LARGE if way < large_share else MEDIUM if way < large_share + medium_share else SMALL
    jit = scale == SMALL or compiled < jit_share
    made = case(seed, scale)
    seen.graphs += 1
    if made is None:
        return
    seen.scales[scale] += 1
    seen.nodes += len(made.graph.nodes)
    seen.large += made.largest > 524288
    seen.blocks |= {type(node.block).__name__ for node in made.graph.nodes.values()}
    found, compiled_loops = findings(made, jit)
    seen.jit += compiled_loops > 0
    if scale == LARGE:
        gc.collect()  # graphs and plans hold each other, and with them their arrays
    if found:
        seen.reports.append(report(made, jit, found, keep))
        if tell is not None:
            tell(seen.reports[-1])


def report(made: Case, jit: bool, found: list[Finding], keep: str | Path | None = None) -> str:
    """What went wrong with a case, the smallest graph that shows it, and how to run it again."""
    shares = {
        LARGE: "--large-share 1",
        MEDIUM: "--large-share 0 --medium-share 1",
        SMALL: "--large-share 0 --medium-share 0",
    }
    lines = [
        f"seed {made.seed}, {made.scale}: {found[0]}",
        *(f"    also {other}" for other in found[1:3]),
        f"    again: python -m tests.fuzz --seed {made.seed} --graphs 1 {shares[made.scale]} --jit-share {int(jit)}",
    ]
    if found[0].setting is not None:
        try:
            small = shrunk(made, found[0])
        except Exception as error:  # what cannot be made smaller is reported as it is
            return "\n".join([*lines, f"    not made smaller: {type(error).__name__}: {error}"])
        lines += ["    down to:", *(f"        {line}" for line in _drawn(small.graph))]
        if keep is not None:
            save(small.graph, Path(keep) / f"{made.scale}_{made.seed}.yaml")
    return "\n".join(lines)


def _drawn(graph: Graph) -> Iterator[str]:
    """A line for each node: its name, block, operands and types."""
    for node in graph.order():
        operands = ", ".join(_shown(value) for value in node.inputs.values())
        types = ", ".join(map(str, node.types.values()))
        yield f"{node.name} = {node.block!r}({operands})  {types}"
    yield f"outputs {', '.join(f'{name}: {link.node}.{link.port}' for name, link in graph.outputs.items())}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value.node}.{value.port}" if hasattr(value, "node") else str(value)
