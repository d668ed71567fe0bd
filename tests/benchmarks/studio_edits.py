"""What opening a graph in the studio takes, and an edit of it until pages are sent the picture.

python -m tests.benchmarks.studio_edits            40, 300 and 2,000 nodes
python -m tests.benchmarks.studio_edits 500        so many

Processor time, in milliseconds: the median of several edits of one kind. The rest of a round trip is the page's.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dataflow.graphfile.format import format_file
from dataflow.studio.hub import encoded
from dataflow.studio.studio import Studio

EDITS = 7  # of each kind


def graph(nodes: int) -> str:
    """A graph of products, quantizers and sums, five nodes a paragraph."""
    lines, last = ["dataflow: 1", "inputs:", "  x: float32[N, 64]", "nodes:"], "x"
    for i in range(nodes // 5):
        lines += [
            f"\n  # Block {i}",
            f"  w{i}: {{block: Fill, inputs: {{dims: [64, 64], value: 0.5}}}}",
            f"  m{i}: {{block: MatMul, inputs: {{a: {last}, b: w{i}}}}}",
            f"  q{i}: {{block: FakeQuantWithMinMaxArgs, inputs: {{inputs: m{i}}}, attrs: {{num_bits: 8}}}}",
            f"  r{i}: {{block: Relu, inputs: {{features: q{i}}}}}",
            f"  a{i}: {{block: AddV2, inputs: {{x: r{i}, y: {last}}}}}",
        ]
        last = f"a{i}"
    return "\n".join([*lines, "outputs:", f"  y: {last}", ""])


def measured(nodes: int) -> dict[str, float]:
    """Milliseconds of processor time by what was done."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.yaml")
        path.write_text(graph(nodes), "utf-8")
        format_file(path)
        studio = Studio(folder)
        studio.work.opened = lambda path: None  # type: ignore[method-assign]  # no process competes for the processor
        studio.publish = encoded  # type: ignore[assignment, method-assign]  # as if a page were there

        def asked(do: str, **given: object) -> float:
            start = time.process_time()
            answer = studio.answer(do, given)
            assert "ok" in answer, answer
            return 1000 * (time.process_time() - start)

        found = {"open": asked("open", path="graph.yaml")}
        kinds: dict[str, Callable[[int], dict[str, object]]] = {
            "set an attr": lambda i: {"op": "set", "place": f"q{i}.num_bits", "value": 4},
            "wire": lambda i: {"op": "wire", "target": [f"x{i}", "features"], "source": f"r{i}"},
            "rename": lambda i: {"op": "rename", "place": f"nodes.m{i}", "name": f"n{i}"},
            "delete": lambda i: {"op": "delete", "names": [f"r{i}"], "reconnect": True},
        }
        for kind, edit in kinds.items():
            times = []
            for i in range(EDITS):
                if kind == "wire":
                    add = {"op": "add", "name": f"x{i}", "block": "Relu", "after": f"r{i}"}
                    asked("edit", version=studio.require().version, edits=[add], title="add")
                times.append(asked("edit", version=studio.require().version, edits=[edit(i)], title=kind))
            found[kind] = statistics.median(times)
        text = studio.answer("copy", {"names": [f"m{i}" for i in range(EDITS, nodes // 5)]})["ok"]
        for name, many in {
            "delete a third": {"op": "delete", "names": [*_middle(nodes)], "reconnect": True},
            "paste a fifth": {"op": "paste", "text": text},
        }.items():
            found[name] = asked("edit", version=studio.require().version, edits=[many], title=name)
            asked("undo", version=studio.require().version)
        found["undo"] = statistics.median(asked("undo", version=studio.require().version) for _ in range(EDITS))
        return found


def _middle(nodes: int) -> Iterator[str]:
    """A third of the nodes, those with weights left out."""
    for i in range(EDITS, min(EDITS + nodes // 12, nodes // 5)):
        yield from (f"m{i}", f"q{i}", f"r{i}", f"a{i}")


def main(counts: list[int]) -> None:
    """Print a table."""
    measured(counts[0])  # what is imported and found out once
    columns = {count: measured(count) for count in counts}
    print("ms of processor time".ljust(24), *(f"{count:>8,}" for count in columns), "nodes")
    for kind in columns[counts[0]]:
        print(kind.ljust(24), *(f"{found[kind]:8.1f}" for found in columns.values()))


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [40, 300, 2000])
