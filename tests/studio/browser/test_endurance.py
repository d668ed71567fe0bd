"""A page that stays open while a million steps of a training go by: it does not grow, and is no slower at the end."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opened_page import Opened

pytestmark = pytest.mark.slow

GRAPH = """dataflow: 1
name: line
params:
  rate: 0.1
inputs:
  x: float32[N]
  y: float32[N]
nodes:
  w: {block: Variable, inputs: {initvalues: 0.0}}
  fitted: {block: Mul, inputs: {x: x, y: w}}
  error: {block: SquaredDifference, inputs: {x: fitted, y: y}}
  loss: {block: Mean, inputs: {input: error, axis: [0]}}
outputs:
  loss: loss
"""
STEPS, PER_EVENT, POINTS = 1_000_000, 500, 100  # a server that is faster tells a page 100 points of an event at most
NAMES = ("loss", "validation loss", "accuracy", "rate", "w.ref", "fitted.z")
MOST = 300 << 20  # bytes


def _trained(step: int, names: tuple[str, ...] = NAMES) -> dict[str, object]:
    every = PER_EVENT // POINTS
    points = {
        name: [[at, math.exp(-at / 2e5) + k + 0.1 * math.sin(at)] for at in range(step, step + PER_EVENT, every)]
        for k, name in enumerate(names)
    }
    return {"event": "trained", "training": _training(step + PER_EVENT), "points": points}


def _training(step: int) -> dict[str, object]:
    metrics = {"loss": {"train": 0.5, "validation": 0.6, "best": 0.55}}
    return {
        "state": "running", "epoch": step // 10_000, "epochs": 100, "step": step, "steps": STEPS, "rate": 0.1,
        "metrics": metrics, "values": {}, "problem": None, "seconds": step / 1000, "folder": "line.checkpoints",
    }  # fmt: skip


class Talk:
    """The socket between page and server, into which events are put."""

    def __init__(self, route: Any):
        self.route = route
        server = route.connect_to_server()
        route.on_message(server.send)
        server.on_message(route.send)

    def tell(self, *events: dict[str, object]) -> None:
        self.route.send(json.dumps(events))


@pytest.fixture
def opened(show: Callable[..., Opened]) -> Iterator[tuple[Opened, Talk]]:
    made = show(GRAPH)
    talks: list[Talk] = []
    made.page.route_web_socket("**/socket", lambda route: talks.append(Talk(route)))
    made.page.reload()
    made.card("fitted").wait_for()
    yield made, talks[-1]


def test_a_million_steps(opened: tuple[Opened, Talk]) -> None:
    page, talk = opened[0].page, opened[1]
    watching = {"bypassed": [], "frozen": {}, "forced": {}, "watched": ["w.ref", "fitted.z"], "split": "", "rows": None}
    talk.tell(
        {"event": "session", "session": {**watching, "params": {}}},
        {"event": "training", "training": {**_training(0), "trends": {}}},
    )
    page.get_by_role("tab", name="Train").click()
    page.locator(".trend-box").nth(1).wait_for()
    protocol = page.context.new_cdp_session(page)
    protocol.send("Performance.enable", {"timeDomain": "threadTicks"})
    costs: list[float] = []
    part = STEPS // 10
    for begin in range(0, STEPS, part):
        before = _metric(protocol, "TaskDuration")
        for step in range(begin, begin + part, PER_EVENT):
            talk.tell(_trained(step))
        page.get_by_text(f"step {begin + part:,} of").wait_for()
        costs.append(_metric(protocol, "TaskDuration") - before)
    protocol.send("HeapProfiler.collectGarbage")
    heap = _metric(protocol, "JSHeapUsedSize")
    print(f"heap {heap / 1e6:.1f} MB; seconds of CPU for each tenth: {[round(each, 2) for each in costs]}")
    assert heap < MOST
    assert page.locator(".curves .line").count() == len(NAMES)
    assert min(costs[-3:]) < 1.5 * max(costs[2:5])  # curves have become as long as they get before


def _metric(protocol: Any, name: str) -> float:
    found = protocol.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == name))
