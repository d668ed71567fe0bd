"""Which recorders follow a training."""

from __future__ import annotations

from pathlib import Path

from dataflow.training.event_file import EventFiles
from dataflow.training.history import History
from dataflow.training.recorder import recorders
from dataflow.training.run_record import RunRecord


def test_a_folder_gets_a_record_and_a_history():
    assert [type(each) for each in recorders(Path("kept"))] == [RunRecord, History]
    assert recorders(None) == []


def test_event_files_need_no_folder_of_checkpoints():
    assert [type(each) for each in recorders(None, tensorboard=Path("t"))] == [EventFiles]
    assert [type(each) for each in recorders(Path("kept"), tensorboard=Path("t"))] == [RunRecord, History, EventFiles]
