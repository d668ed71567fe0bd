"""The benchmarks run and say what they found; how fast anything is, is not tested."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from . import names, peers, report, results, suite, timing
from .cases import SCALES, Case, cases
from .goal import Goal
from .goals import GOALS, verdicts
from .plots import plot

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # those of frameworks are not ours
TINY = SCALES["tiny"]
MACHINE = {"processor": "an abacus", "cores": 2, "load": 0.0, "python": "3", "versions": {"numpy": "2"}}


@pytest.fixture(scope="session")
def others():
    return peers.found("all")


@pytest.mark.parametrize("case", list(cases(TINY)), ids=suite.whole_name)
def test_case(case: Case, others):
    """Contenders run and agree; a peer may lack an op."""
    found = suite.measure(case, others, TINY)
    assert found.subject.yardstick in found.values
    own = (*names.OURS, names.IMPORT, names.PLAN, names.LOADING, names.BESIDE)
    assert any(name.startswith(own) for name in found.values)
    assert all(0 < timing.minimum <= timing.median for timing in found.values.values())
    told = {name: note for name, note in found.notes.items() if "not the bits" in note or "differ" in note}
    told.pop("torch fq", None)  # lets gradients pass where the rounded value lies in the range
    assert not told
    assert found.subject.name in suite.line(found)


def test_names_of_cases_are_their_own():
    for scale in SCALES.values():
        called = [(case.subject.family, case.subject.name) for case in cases(scale)]
        assert len(set(called)) == len(called)


def test_goals_speak_of_cases():
    subjects = [case.subject for case in cases(SCALES["full"])]
    for goal in GOALS:
        assert any(goal.speaks_of(subject) for subject in subjects), goal


def measured(family: str, size: int, **values: float) -> results.Result:
    subject = results.Subject(family, "It", size)
    return results.Result(subject, {n.replace("_", " "): timing.Timing(v, v / 2, 3) for n, v in values.items()})


def test_a_goal_is_judged_by_its_worst_case():
    found = [
        measured(names.FORWARD, 100_000, copy=1.0, numpy_1_thread=9.0, TF_eager=10.0),
        measured(names.FORWARD, 4_000_000, copy=1.0, numpy_1_thread=2.0, numpy_2_threads=1.25, ORT=2.5),
        measured(names.FORWARD, 16_000_000, copy=2.0, numpy_1_thread=4.0, numpy_2_threads=8.0, JAX=8.0),
    ]
    rows = {(v.goal.ours, str(v.goal)): v.row()[3:] for v in verdicts(found) if v.goal.family == names.FORWARD}
    assert rows[names.NUMPY, "<= 1.5 x copy"] == ("1.25 at 4 M, 2 at 16 M", "2", "It", "no")
    assert rows[names.FIRST, "<= 0.7 x ORT"] == ("0.8 at 4 M", "0.8", "It", "no")
    assert rows[names.FIRST, "<= 0.4 x best of TF, XLA, JAX, torch"] == ("0.5 at 16 M", "0.5", "It", "no")
    assert rows[names.FIRST, "<= 0.7 x TF eager"] == ("0.9 at 100 k", "0.9", "It", "no")
    assert rows[names.JIT, "<= 0.8 x copy"] == ("", "", "", "not measured")


def test_a_share_is_of_all_cases_of_a_size():
    found = [
        *(measured(names.LIBRARY, 10_000, TF_eager=1.0, numpy_1_thread=times) for times in (0.5, 1.4, 1.6, 3.5)),
        measured(names.LIBRARY, 1_000_000, TF_eager=1.0, numpy_1_thread=1.0),
        measured(names.FUNCTIONS, 10_000, TF_eager=1.0, numpy_1_thread=9.0),
    ]
    library = [v for v in verdicts(found) if v.goal.family == names.LIBRARY and v.measured]
    told = {(v.goal.only, str(v.goal)): (v.row()[3], v.met) for v in library}
    assert told == {
        (10_000, "<= 13 % of cases over 1.5 x TF eager"): ("50 % at 10 k", "no"),
        (10_000, "<= 2 % of cases over 3 x TF eager"): ("25 % at 10 k", "no"),
        (1_000_000, "<= 13 % of cases over 1.5 x TF eager"): ("0 % at 1 M", "yes"),
        (1_000_000, "<= 3 % of cases over 3 x TF eager"): ("0 % at 1 M", "yes"),
    }


def test_a_goal_with_a_unit_is_about_the_difference():
    goal = Goal(names.OVERHEAD, names.NUMPY, ("np.add",), 0.3, unit="us", per=True)
    found = results.Result(
        results.Subject(names.OVERHEAD, "It", 100, "nodes", "np.add"),
        {"np.add": timing.Timing(1e-4, 1e-4, 3), "numpy 1 thread": timing.Timing(1.2e-4, 1.1e-4, 3)},
    )
    assert goal.measure(found) == pytest.approx(0.2)
    assert goal.measure(found, "minimum") == pytest.approx(0.1)
    assert str(goal) == "<= 0.3 us per node beyond np.add"


def test_a_peer_that_fails_is_noted():
    def fails() -> None:
        raise NotImplementedError("no such op\nin here")

    given, notes = suite._first_calls({"XLA": fails, "numpy 1 thread": lambda: 1.0}, {"XLA"})
    assert list(given) == ["numpy 1 thread"]
    assert notes == {"XLA": "NotImplementedError: no such op"}
    with pytest.raises(NotImplementedError):
        suite._first_calls({"numpy 1 thread": fails}, {"XLA"})


def test_what_was_measured_is_kept_when_stopped(tmp_path: Path, monkeypatch, capsys):
    done = iter([measured(names.CHAIN, 960, copy=1.0, numpy_1_thread=2.0)])

    def measure(*given: object) -> results.Result:
        try:
            return next(done)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(suite, "measure", measure)
    assert suite.main("tiny", "fake", str(tmp_path / "results.json"), "none") == 130
    assert [r.subject.family for r in results.load(tmp_path / "results.json").cases] == [names.CHAIN]
    assert "stopped after 1 of" in capsys.readouterr().err


def test_the_order_of_rounds_turns():
    assert timing.turned(list("abc"), 0) == list("abc")
    assert timing.turned(list("abc"), 1) == list("acb")
    assert timing.turned(list("abc"), 2) == list("cab")


def test_calls_are_repeated_as_often_as_the_fastest_of_them_allows():
    now = iter([0.0, 5.0, *(10.0 + i * timing.BURST / 4 for i in range(100))])  # the first call was interrupted
    assert timing._repeats(lambda: None, lambda: next(now)) == 4


def test_several_runs_are_their_median(tmp_path: Path):
    paths = [tmp_path / f"{i}.json" for i in range(3)]
    for path, seconds, load in zip(paths, (2e-3, 9e-3, 3e-3), (0.0, 2.0, 0.9), strict=True):
        own = measured(names.CHAIN, round(seconds * 1e4), copy=1.0)
        found = [measured(names.FORWARD, 1000, copy=1e-3, JAX=seconds), own]
        results.Results("tiny", MACHINE | {"load": load}, found).save(path)
    together = results.load(*paths)
    (case,) = together.cases  # the other one is another in each
    assert case.values["JAX"].median == 3e-3
    assert case.values["JAX"].minimum == 1e-3
    assert together.heading == "an abacus, 2 cores (busy with other work, load 0.9), 3 runs; Python 3, numpy 2"


def test_report(tmp_path: Path):
    cases_found = [
        measured(names.FORWARD, 1000, copy=1e-6, numpy_1_thread=2e-6),
        measured(names.FORWARD, 4_000_000, copy=1e-3, numpy_1_thread=2e-3, JAX=5e-3),
        measured(names.CHAIN, 1000, copy=1e-6, numpy_1_thread=3e-6),
    ]
    cases_found[0].notes["JAX"] = "KeyError: who"
    results.Results("tiny", MACHINE, cases_found).save(tmp_path / "results.json")
    page = tmp_path / "performance.md"
    page.write_text(f"before\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n")
    for _ in range(2):  # a second time gives the same
        report.write(results.load(tmp_path / "results.json"), page)
    text = page.read_text()
    assert text.startswith(f"before\n\n{report.BEGIN}\n\nMeasured on an abacus, 2 cores; Python 3, numpy 2.\n")
    assert text.endswith(f"![It](performance/It.svg)\n\n{report.END}\n\nafter\n")
    assert "old" not in text
    assert "| It, 4,000,000 elements | 1 ms | 2 | 5 |" in text
    assert "- It, 1,000 elements: JAX: KeyError: who" in text
    assert text.count("| not measured |") == len(GOALS) - 2
    assert [path.name for path in (tmp_path / "performance").iterdir()] == ["It.svg"]


def test_plot():
    """What ends at the same height has labels that do not overlap, within the picture."""
    lines = {f"line {i} & more": [(10.0, 1.0 + i), (1000.0, 2.0)] for i in range(20)}
    drawn = ElementTree.fromstring(plot("<title>", "nodes", "us", lines))
    labels = [t for t in drawn.iter("{http://www.w3.org/2000/svg}text") if "more" in (t.text or "")]
    heights = sorted(float(label.attrib["y"]) for label in labels)
    assert len(heights) == 20
    assert min(b - a for a, b in pairwise(heights)) >= 12
    assert heights[0] > 0 and heights[-1] < float(drawn.attrib["height"])


def bench(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dataflow", "bench", *args], capture_output=True, text=True, cwd=folder
    )


def test_command(tmp_path: Path):
    path = tmp_path / "results.json"
    done = bench(
        report.PAGE.parents[1], "--quick", "--peers", "none", "--only", "planning additions, 100", "--save", str(path)
    )
    assert done.returncode == 0, done.stderr
    assert "\nplanning additions, 100 nodes (building the graph = 1): planning" in done.stdout
    (found,) = results.load(path).cases
    assert found.subject.size == 100


@pytest.mark.parametrize(
    "args, told",
    [
        (("--only", "nothing"), "Error: --only: no case has 'nothing' in its name; families are Fake quantization,"),
        (("--peers", "abacus"), "Error: --peers: no peer 'abacus'; installed are"),
    ],
)
def test_command_refuses(args: tuple[str, ...], told: str):
    done = bench(report.PAGE.parent, *args)
    assert done.returncode == 2
    assert told in done.stderr


def test_command_needs_the_source_tree(tmp_path: Path):
    done = bench(tmp_path)
    assert done.returncode == 2
    assert "Error: must run in a source tree of dataflow-blocks, which has tests/benchmarks; got" in done.stderr
