"""Steps at the same time: neighbours that do not wait for each other and take long enough, on one core each."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.conformance.equality import same
from dataflow.core.registry import blocks
from dataflow.engine import parallel as module
from dataflow.engine import region, tiling
from dataflow.engine.parallel import MIN_PARALLEL, run_in_parallel
from dataflow.engine.plan import plan
from dataflow.engine.stages import Parallel, Stage
from dataflow.engine.steps import Step, Storage
from dataflow.graph.graph import Graph

LARGE, SMALL = MIN_PARALLEL, 100  # bytes


def step(node: str, reads: tuple[int, ...], write: int, block: str = "Softmax", storage: Storage = Storage.OUT) -> Step:
    return Step(node, blocks[block](), reads, (write,), storage)


def names(stages: list[Stage]) -> list[str | list[str]]:
    return [[each.node for each in s.steps] if isinstance(s, Parallel) else s.node for s in stages]


def test_neighbours_that_do_not_wait_for_each_other_are_joined() -> None:
    stages = [step("a", (0,), 1), step("b", (0,), 2), step("c", (0,), 3)]
    made = run_in_parallel(stages, [LARGE] * 4, threads=2)
    assert names(made) == [["a", "b", "c"]]
    assert isinstance(made[0], Parallel) and made[0].workers == 2
    assert (made[0].reads, made[0].writes) == ((0, 0, 0), (1, 2, 3))


def test_a_step_that_waits_begins_a_group_of_its_own() -> None:
    stages = [step("a", (0,), 1), step("b", (0,), 2), step("c", (2,), 3), step("d", (0,), 4)]
    assert names(run_in_parallel(stages, [LARGE] * 5, threads=2)) == [["a", "b"], ["c", "d"]]


def test_steps_stay_in_their_order() -> None:
    chain = [step("a", (0,), 1), step("b", (1,), 2), step("c", (2,), 3)]
    assert run_in_parallel(chain, [LARGE] * 4, threads=2) == chain


@pytest.mark.parametrize(
    "other",
    [
        step("x", (0,), 2, "MatMul"),  # it uses all cores by itself
        step("x", (0,), 2, "Reshape", Storage.VIEW),
        step("x", (4,), 5),  # it is done before a thread has begun
    ],
    ids=["cores", "view", "small"],
)
def test_a_step_that_gains_nothing_stands_alone_between_groups(other: Step) -> None:
    sizes = [LARGE] * 4 + [SMALL] * 2
    a, b, c = step("a", (0,), 1), step("b", (0,), 3), step("c", (0,), 1)
    assert names(run_in_parallel([a, b, other, c], sizes, threads=2)) == [["a", "b"], "x", "c"]


def test_bytes_that_are_read_and_written_count_once_each() -> None:
    half = MIN_PARALLEL // 2
    twice = [step("a", (0, 0), 1), step("b", (0, 0), 2)]
    assert names(run_in_parallel(twice, [half, half, half, 8 * half], threads=2)) == [["a", "b"]]
    assert names(run_in_parallel(twice, [half, half - 1, half - 1, 8 * half], threads=2)) == ["a", "b"]


@pytest.mark.parametrize(("size", "threads"), [(LARGE, 1), (SMALL, 2)])
def test_one_thread_or_small_arrays_change_nothing(size: int, threads: int) -> None:
    stages = [step("a", (0,), 1), step("b", (0,), 2)]
    assert run_in_parallel(stages, [size] * 3, threads) == stages


def test_independent_steps_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "TILE", 64)
    monkeypatch.setattr(region, "SHARED", 100)
    monkeypatch.setattr(module, "MIN_PARALLEL", 100)
    graph = Graph()
    x = graph.input("x", "float32", [40, 40])
    graph.output("soft", blocks["Softmax"]()(x, name="soft"))
    graph.output("log", blocks["LogSoftmax"]()(x))
    graph.output("joined", blocks["Concat"]()([graph.ref("soft"), x], 1))
    planned = plan(graph, threads=2)
    assert "2 steps at the same time by 2 threads" in str(planned)
    fed = np.random.default_rng(0).normal(size=(40, 40)).astype(np.float32)
    got, expected = planned.run(x=fed), plan(graph, threads=1).run(x=fed)
    assert all(same(got[name], expected[name]) for name in expected)
