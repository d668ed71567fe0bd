"""Work that is spoken to, and events that are told together."""

from __future__ import annotations

import threading

import pytest

from dataflow.core.cancellation import Cancelled
from dataflow.studio.jobs.call import Call, Gathered, Told


def test_words_come_once_and_in_order() -> None:
    call = Call(lambda event: None)
    assert not call.spoken
    assert call.words() == []
    call.say("pause", {})
    call.say("change", {"rate": 1.0})
    assert call.spoken
    assert call.words() == [("pause", {}), ("change", {"rate": 1.0})]
    assert not call.spoken


def test_a_word_is_waited_for() -> None:
    call = Call(lambda event: None)
    threading.Timer(0.01, call.say, ("resume", {})).start()
    assert call.words(wait=True) == [("resume", {})]


def test_cancel_is_a_word_that_ends_work() -> None:
    call = Call(lambda event: None)
    call.check()
    call.say("cancel", {})
    assert call.words() == [("cancel", {})]
    with pytest.raises(Cancelled):
        call.check()


def test_parts_are_told_together_when_their_time_is_over() -> None:
    told: list[Told] = []
    never, always = Gathered(told.append, "ran", seconds=1e9), Gathered(told.append, "ran", seconds=0.0)
    never.add("nodes", "a", 1)
    never.add("values", "a.z", 2)
    assert told == []
    never.flush()
    never.flush()
    assert told == [{"event": "ran", "nodes": {"a": 1}, "values": {"a.z": 2}}]
    always.add("nodes", "b", 3)
    assert told[1:] == [{"event": "ran", "nodes": {"b": 3}}]
