"""What each pass makes of small graphs, as text in `programs/`: a pass that fails shows as a difference of lines.

``pytest tests/engine/test_lower.py --update-programs`` writes the files anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import ndiff, unified_diff
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from composites import Moments

import dataflow as flow
from dataflow import blocks
from dataflow.core.ports import Literal, flat
from dataflow.core.shapes import TensorType
from dataflow.core.thread_pool import ThreadLimit
from dataflow.engine import explain
from dataflow.engine.lower import lower, passes
from dataflow.engine.plan import Plan
from dataflow.engine.program import Program
from dataflow.engine.region import Region
from dataflow.engine.settings import Settings
from dataflow.engine.stages import Parallel, Stage, steps_of
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node

PROGRAMS = Path(__file__).parent / "programs"
LARGE = 1 << 20  # elements: two tiles
NUMPY = Settings(threads=2, kernels="numpy")
JIT = Settings(threads=2, kernels="jit")  # planned, not run: Numba need not be there


def chain() -> Graph:
    """Elementwise blocks on large arrays: one region, with scratch that is used again."""
    graph = Graph("chain")
    x, y = (graph.input(name, "float32", [LARGE]) for name in "xy")
    graph.output("z", blocks["Sqrt"]()(blocks["Abs"]()(x * 3.0 + y)) - blocks["Exp"]()(y))
    return graph


def gradient_with_folds() -> Graph:
    """A gradient whose bias is broadcast: it is folded over all tiles, which ends the region."""
    graph = Graph("gradient_with_folds")
    x = graph.input("x", "float32", [4096, 256])
    bias = graph.input("bias", "float32", [256])
    error = blocks["Tanh"]()(x + bias)
    graph.output("loss", blocks["Mean"]()(error * error, [0, 1]))
    return flow.gradient(graph, of="loss", wrt=["bias"])


def quantized_gradient(*wrt: str) -> Graph:
    """A range that is precomputed once per run; its gradients are folded, or not computed where nobody reads them."""
    graph = Graph("quantized_gradient")
    x = graph.input("x", "float32", [1024, 1024])
    low, high = (graph.input(name, "float32", []) for name in ("low", "high"))
    rounded = blocks["FakeQuantWithMinMaxVars"]()(x * 0.5, low, high)
    graph.output("loss", blocks["Sum"]()(rounded * rounded, [0, 1]))
    return flow.gradient(graph, of="loss", wrt=wrt)


def views() -> Graph:
    """A region looks through a reshape and a broadcast, not through a transpose."""
    graph = Graph("views")
    x = graph.input("x", "float32", [1024, 1024])
    row = graph.input("row", "float32", [1024])
    flat_x = blocks["Reshape"]()(blocks["Neg"]()(x), [LARGE])
    wide = blocks["BroadcastTo"]()(row, [1024, 1024])
    total = blocks["Reshape"]()(flat_x * 2.0, [1024, 1024]) + wide
    graph.output("y", blocks["Transpose"]()(total, [1, 0]) * x)
    return graph


def training_step() -> Graph:
    """A shape to infer, constants to fold, equal nodes to merge, a dead node, and the next value of a variable."""
    graph = Graph("training_step")
    x = graph.input("x", "float32", ["batch", 8])
    labels = graph.input("labels", "int32", ["batch"])
    w = graph.variable("w", np.zeros((8, 4), np.float32))
    graph.add(blocks["Exp"](), [x], name="dead")
    logits = blocks["MatMul"]()(x, w) + blocks["MatMul"]()(x, w)
    loss = blocks["SparseSoftmaxCrossEntropyWithLogits"]()(logits, labels).loss
    graph.output("loss", blocks["Mean"]()(loss, [0]))
    step = flow.gradient(graph, of="loss", wrt=["w"])
    rate = step.constant(0.5) * 0.25
    blocks["ApplyGradientDescent"]()(step.ref("w"), rate, step.deref(step.outputs.pop("grad_w")))
    return step


def in_place() -> Graph:
    """Small arrays: outputs take over buffers of inputs that are read for the last time, others share free ones."""
    graph = Graph("in_place")
    x = graph.input("x", "float32", [64, 64])
    first = blocks["Exp"]()(x)
    second = blocks["MatMul"]()(first, first)
    third = blocks["MatMul"]()(second, first)
    graph.output("y", blocks["Sum"]()((third + second) * 2.0 - 1.0, [1]))
    return graph


def parallel() -> Graph:
    """Steps that take one core each and do not wait for each other share threads."""
    graph = Graph("parallel")
    x, y = (graph.input(name, "float32", [1024, 1024]) for name in "xy")
    left, right = (blocks["Roll"]()(value, [1], [0]) for value in (x, y))
    graph.output("z", blocks["Roll"]()(blocks["MatMul"]()(left, right), [1], [1]))
    return graph


def dynamic_shapes() -> Graph:
    """A shape that only the run decides: the steps that follow make their arrays themselves."""
    graph = Graph("dynamic_shapes")
    filled = blocks["Fill"]()(graph.input("dims", "int32", [2]), 2.0)
    graph.output("y", blocks["Square"]()(filled) + 1.0)
    return graph


def composite() -> Graph:
    """A composite and its gradient: the body, which the gradient needs too, is there once, without unused outputs."""
    graph = Graph("composite")
    x = graph.input("x", "float32", [LARGE])
    graph.output("mean", Moments()(x * 2.0, [0], name="m").mean)
    return flow.gradient(graph, of="mean", wrt=["x"])


CASES: dict[str, tuple[Callable[[], Graph], Settings]] = {
    "chain": (chain, NUMPY),
    "chain_compiled": (chain, JIT),
    "chain_unfused": (chain, Settings(threads=2, kernels="numpy", fuse=False)),
    "gradient_with_folds": (gradient_with_folds, NUMPY),
    "quantized_gradient": (partial(quantized_gradient, "x", "low", "high"), NUMPY),
    "quantized_gradient_of_x": (partial(quantized_gradient, "x"), NUMPY),
    "views": (views, NUMPY),
    "training_step": (training_step, NUMPY),
    "in_place": (in_place, NUMPY),
    "parallel": (parallel, NUMPY),
    "composite": (composite, NUMPY),
    "dynamic_shapes": (dynamic_shapes, NUMPY),
}


@pytest.mark.parametrize("name", CASES)
def test_passes(name: str, request: pytest.FixtureRequest) -> None:
    build, settings = CASES[name]
    made = "\n".join(text_of(build(), settings)) + "\n"
    path = PROGRAMS / f"{name}.txt"
    if request.config.getoption("--update-programs"):
        path.write_text(made, "utf-8", newline="\n")
    wanted = path.read_text("utf-8") if path.exists() else ""
    if made != wanted:
        difference = unified_diff(wanted.splitlines(), made.splitlines(), f"programs/{path.name}", "now", lineterm="")
        pytest.fail("\n".join([*difference, "if this is meant, give --update-programs"]), pytrace=False)


def test_every_file_has_a_graph() -> None:
    assert sorted(path.stem for path in PROGRAMS.iterdir()) == sorted(CASES)


def test_lower_gives_what_the_last_pass_makes() -> None:
    graph = Plan(chain()).graph
    feeds = {name: graph.nodes[name].types["output"] for name in "xy"}
    *_, (_, last) = passes(graph, feeds, graph.outputs, NUMPY)
    assert str(lower(graph, feeds, graph.outputs, NUMPY)) == str(last)


def text_of(graph: Graph, settings: Settings) -> Iterator[str]:
    """The graph, then a section per pass: the lines that it changes in the graph, or the stages that it makes."""
    yield f"# {settings}"
    graph = Plan(graph, steps=True).graph
    feeds = {name: _sized(node) for name, node in graph.nodes.items() if node.block.feedable}
    with ThreadLimit(settings.threads):
        made = list(passes(graph, feeds, graph.outputs, settings))
    program = made[-1][1]
    assert isinstance(program, Program)
    name = explain.slot_names(replace(program, stages=tuple(dict(made)["lowering"])))  # views too have names
    before = _graph_lines(graph, graph.order())
    yield from ["", "## graph", *before]
    for title, result in made:
        if isinstance(result, Graph):
            lines = _graph_lines(result, result.nodes.values())
            shown = [line for line in ndiff(before, lines) if line[0] in "-+"]
        elif isinstance(result, Program):
            shown = _program_lines(result, name)
        else:
            lines = [line for stage in result for line in _stage_lines(stage, program, name)]
            shown = lines if lines != before else []
        yield from ["", f"## {title}", *(shown or ["nothing changes"])]
        before = lines


def _sized(node: Node) -> TensorType:
    """The type of an input, with 32 for dims that have names."""
    (type_,) = node.types.values()
    return TensorType(type_.dtype, tuple(32 if isinstance(dim, str) else dim for dim in type_.shape or ()))


def _graph_lines(graph: Graph, nodes: Iterable[Node]) -> list[str]:
    lines = []
    for node in nodes:
        operands = ", ".join(_operand(operand, graph) for operand in node.operands())
        types = " ".join(map(str, node.types.values()))
        lines.append(f"{node.name} = {type(node.block).__name__}({operands}): {types}{_values(node)}")
    return [*lines, *(f"output {name} = {_operand(link, graph)}" for name, link in graph.outputs.items())]


def _operand(operand: Link | Literal, graph: Graph) -> str:
    if isinstance(operand, Literal):
        value = np.asarray(operand.value)
        return str(value.tolist()) if value.size <= 4 else f"literal{list(value.shape)}"
    first = next(iter(graph.nodes[operand.node].types))
    return operand.node + (f".{operand.port}" if operand.port != first else "")


def _values(node: Node) -> str:
    """What constant folding found, if it did."""
    values = [np.asarray(type_.value) for type_ in node.types.values() if type_.value is not None]
    return " is " + ", ".join(str(v.tolist()) if v.size <= 4 else "known" for v in values) if values else ""


def _stage_lines(stage: Stage, program: Program, name: Callable[[int], str]) -> list[str]:
    """A step, or the steps of a stage under a heading that says what it reads and writes for others."""
    lines = []
    for step in steps_of(stage):
        reads = ", ".join(map(name, flat(step.reads)))
        types = " ".join(str(program.types[slot]) for slot in step.writes)
        storage = _storage(stage, step.writes[0], name) if isinstance(stage, Region) else step.storage.value
        lines.append(f"{step.node} = {type(step.block).__name__}({reads}): {types}, {storage}")
    if isinstance(stage, Region):
        heading = f"region of {stage.heading}"
        slots = [f"reads {_names(stage.reads, name)}", f"writes {_names(stage.writes, name)}"]
        return [heading, *(f"  {line}" for line in [*lines, *slots, *stage.notes])]
    if isinstance(stage, Parallel):
        return [f"in parallel, by {explain.counted(stage.workers, 'thread')}", *(f"  {line}" for line in lines)]
    return lines


def _storage(region: Region, slot: int, name: Callable[[int], str]) -> str:
    """Where a region has the value of one tile."""
    form = region.forms[0]
    buffers, widths, in_output = form.scratch
    if slot in form.registers:
        return "in a register"
    if slot in buffers:
        return f"scratch {buffers[slot]} with {widths[buffers[slot]]} bytes per element"
    if slot in in_output:
        return f"in the memory of {name(in_output[slot])}"
    return "folded" if slot in region.folded else "written for others"


def _program_lines(program: Program, name: Callable[[int], str]) -> list[str]:
    """The program as it prints itself, the slots that stages release, and those that have each buffer in turn."""
    lines = str(program).splitlines()
    lines += [f"{s.node} releases {_names(s.releases, name)}" for s in program.stages if s.releases]
    for buffer, size in enumerate(program.buffer_sizes):
        slots = [slot for slot, own in program.buffer_of.items() if own == buffer]
        names = [name(slot) + " (in place)" * (slot in program.in_place) for slot in slots]
        lines.append(f"buffer {buffer} of {size} bytes: {', '.join(names)}")
    return lines


def _names(slots: Sequence[int], name: Callable[[int], str]) -> str:
    return ", ".join(map(name, slots)) or "nothing"
