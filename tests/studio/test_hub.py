"""What is sent to pages: gathered events, replies at once, nothing that JSON does not have."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from dataflow.studio import hub as hubs
from dataflow.studio.hub import Hub, Page, encoded


def test_encoded() -> None:
    values = {
        "a": [float("nan"), float("inf"), -float("inf"), 1.5],
        "b": {"c": (1, None, True)},
        "d": "\ud800é</script>",
    }
    assert json.loads(encoded(values)) == {
        "a": [".nan", ".inf", "-.inf", 1.5],
        "b": {"c": [1, None, True]},
        "d": "\ud800é</script>",
    }


def _frames(*steps: Any) -> list[list[dict[str, Any]]]:
    """The frames of a page, one after each step that is made with the hub."""

    async def run() -> list[list[dict[str, Any]]]:
        hub, page = Hub(), Page()
        hub.connect(page, lambda: [{"event": "welcome"}])
        frames = [json.loads(await page.frame())]
        for step in steps:
            step(hub, page)
            frames.append(json.loads(await page.frame()))
        return frames

    return asyncio.run(run())


def test_events_are_gathered_and_replies_come_at_once_behind_them() -> None:
    def many(hub: Hub, page: Page) -> None:
        for number in range(3):
            hub.publish({"event": "said", "number": number})

    def replied(hub: Hub, page: Page) -> None:
        hub.publish({"event": "document"})
        hub.reply(page, {"id": 1, "ok": None})

    assert _frames(many, replied) == [
        [{"event": "welcome"}],
        [{"event": "said", "number": number} for number in range(3)],
        [{"event": "document"}, {"id": 1, "ok": None}],
    ]


def test_events_come_from_any_thread() -> None:
    def threads(hub: Hub, page: Page) -> None:
        made = [threading.Thread(target=hub.publish, args=({"event": str(i)},)) for i in range(8)]
        for thread in made:
            thread.start()
        for thread in made:
            thread.join()

    [_, frame] = _frames(threads)
    assert {message["event"] for message in frame} == set("01234567")


def test_what_was_before_a_page_came_is_not_told_to_it() -> None:
    async def run() -> str:
        hub, first, second = Hub(), Page(), Page()
        hub.connect(first, list)
        hub.publish({"event": "old"})
        hub.connect(second, lambda: [{"event": "new"}])
        return await second.frame()

    assert json.loads(asyncio.run(run())) == [{"event": "new"}]


def test_nobody_is_there() -> None:
    Hub().publish({"event": "said"})


def test_a_page_that_reads_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "MAX_WAITING", 100)

    async def run() -> tuple[str, set[Page]]:
        hub, slow = Hub(), Page()
        hub.connect(slow, list)
        for _ in range(3):
            hub.reply(slow, {"id": 1, "ok": "x" * 50})
        return await slow.frame(), hub.pages

    assert asyncio.run(run()) == ("", set())
