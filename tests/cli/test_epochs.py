"""The rows that training prints, and the bar."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from dataflow.cli import epochs
from dataflow.cli.epochs import Bar, Epochs
from dataflow.training.epoch_report import Report
from dataflow.training.progress import Progress


def trainer(names, validation=True, count=30):
    return SimpleNamespace(epochs=count, names=names, validation=object() if validation else None)


def report(epoch, *values, validation=True, rate=0.001):
    names = [f"metric_{i}" for i in range(len(values))]
    means = dict(zip(names, values, strict=True))
    return names, Report(epoch, epoch * 7, 0.127, means, means if validation else {}, rate)


def test_numbers_stand_under_their_names():
    table = Epochs(trainer(["loss", "accuracy"]))
    lines = []
    for epoch, loss in enumerate((1.6286, 0.0041661, 1.2345678e-10), 1):
        means = {"loss": loss, "accuracy": 0.508699}
        lines += table.lines(Report(epoch, epoch, 0.127, means, {"loss": -loss, "accuracy": 1.0}, 0.003))
    assert lines == [
        "epoch        loss    accuracy    val loss  val accuracy        rate  seconds",
        " 1/30      1.6286      0.5087     -1.6286             1       0.003     0.13",
        " 2/30   0.0041661      0.5087  -0.0041661             1       0.003     0.13",
        " 3/30  1.2346e-10      0.5087  -1.235e-10             1       0.003     0.13",
    ]


@pytest.mark.parametrize("count", [1, 3, 9])
@pytest.mark.parametrize("validation", [True, False])
def test_lines_fit_80_characters(count, validation):
    names, row = report(3, *[-1.2345e-100] * count, validation=validation)
    table = Epochs(trainer(names, validation, 1000))
    first, second = table.lines(row), table.lines(row)
    assert len(first) == 2 * len(second) and first[len(second) :] == second
    assert all(len(line) <= 80 for line in first)
    words = " ".join(second).split()
    assert words == ["3/1000", *["-1.23e-100"] * count * (2 if validation else 1), "0.001", "0.13"]
    assert all(line.startswith(" " * 9) for line in second[1:])


def test_a_rate_that_is_not_known_is_left_blank():
    names, row = report(1, 2.0, validation=False, rate=None)
    assert Epochs(trainer(names, False)).lines(row)[1].split() == ["1/30", "2", "0.13"]


def test_the_bar_tells_where_training_stands(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    bar = Bar(live=True)
    state = Progress(epoch=2, rows=12, counted=12, sums={"loss [red]": 6.0})
    for now, batch in ((100.0, 1), (102.0, 3)):
        monkeypatch.setattr(epochs.time, "monotonic", lambda now=now: now)
        bar.tick(SimpleNamespace(progress=state, epochs=5, batches=10, batch=batch))
    bar.close()
    text = terminal.getvalue()
    assert "1 steps/s, 0:27 left" in text
    assert "epoch 3/5" in text and "loss [red] 0.5" in text and "23/50" in text
    assert bar._bar is None


@pytest.mark.parametrize(
    "seconds, steps, left, told",
    [
        (0.0, 0, 10, ""), (2.0, 0, 10, ""), (2.0, 10, 0, "5 steps/s, 0:00 left"),
        (10.0, 12345, 123450, "1.23e+03 steps/s, 1:40 left"), (10.0, 1, 1000, "0.1 steps/s, 2:46:40 left"),
    ],
)  # fmt: skip
def test_speed_and_time_left(seconds, steps, left, told):
    assert epochs._speed(seconds, steps, left) == told


def test_there_is_no_bar_where_nobody_looks(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    bar = Bar(live=True)
    bar.tick(SimpleNamespace())
    assert bar._bar is None
    bar.close()


def test_the_bar_moves_ten_times_a_second(monkeypatch):
    bar = Bar(live=False)
    bar.live, seen = True, []
    monkeypatch.setattr(bar, "_begin", lambda total, done: setattr(bar, "_bar", SimpleNamespace(update=seen.append)))
    bar._bar = SimpleNamespace(update=lambda task, **told: seen.append(told["completed"]))
    now = 100.0
    monkeypatch.setattr(epochs.time, "monotonic", lambda: now)
    for step in range(30):
        now = 100.0 + step / 16
        told = SimpleNamespace(progress=Progress(), epochs=1, batches=30, batch=step)
        bar.tick(told)
    assert seen == [*range(0, 30, 2)]
