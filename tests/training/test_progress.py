"""Progress: means over the rows that were counted, and notes that are not those of a training."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from dataflow.training.progress import Progress


def test_means_weigh_rows():
    progress = Progress()
    progress.add({"loss": 1.0}, 3)
    progress.add({"loss": 5.0}, 1)
    assert progress.means() == {"loss": 2.0}
    progress.skipped = 2
    progress.next_epoch()
    assert (progress.epoch, progress.rows, progress.counted, progress.sums, progress.skipped) == (1, 0, 0, {}, 0)


def test_notes_give_it_back():
    progress = Progress(epoch=2, rows=8, counted=6, sums={"loss": 1.5}, rate=0.1, best=0.5, best_epoch=1, waited=1)
    assert Progress.of(asdict(progress)) == progress


@pytest.mark.parametrize(
    "change",
    [
        {"epok": 1}, {"epoch": "1"}, {"epoch": -1}, {"epoch": True}, {"rows": 2, "counted": 3}, {"best": "1"},
        {"best": 1}, {"rate": "1"}, {"rate": 1}, {"sums": {"loss": "1"}}, {"sums": [1.0]}, {"done": 1},
        {"best_epoch": None},
    ],
)  # fmt: skip
def test_nonsense_is_refused(change):
    with pytest.raises(ValueError):
        Progress.of({**asdict(Progress()), **change})
