"""The pages of the docs and README's example: every file written, command run and printed line compared."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import places
import pytest

pytestmark = pytest.mark.slow

ROOT = places.ROOT
BLOCK = re.compile(r"^(?:<!-- ([^\n]*) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROGRAMS = {"dataflow": [sys.executable, "-X", "utf8", "-m", "dataflow"], "python": [sys.executable, "-X", "utf8"]}


def run(words, folder):
    return subprocess.run(
        [*PROGRAMS[words[0]], *words[1:]], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def play(text, folder):
    """Run a page in a folder: what was printed and what the page says, the status and the wanted one.

    What a comment right above a block says is about it: ``not run``, or of ``yaml`` the name of its file. Of ``text``,
    ``status=1`` is the wanted status; ``of=last`` compares what the last command printed, the others must succeed;
    ``numbers=near`` compares numbers to a thousandth, where another processor may round a sum differently, and
    ``numbers=vary`` words alone, where that changes what follows.
    """
    done = []
    for info, kind, body in BLOCK.findall(text):
        if info == "not run":
            continue
        if kind in ("sh", "python") and done:
            yield from finished(done)
        if kind == "yaml" and info:
            (folder / info).write_text(body, "utf-8")
        elif kind == "sh":
            done = [run(shlex.split(line), folder) for line in body.splitlines()]
        elif kind == "python":
            done = [run(["python", "-c", body], folder)]
        elif kind == "text":
            said = dict(word.split("=") for word in info.split())
            if said.get("of") == "last":
                yield from finished(done[:-1])
                done = done[-1:]
            printed = "".join(d.stdout for d in done)
            seen, wanted = (compared(each, said.get("numbers", "same")) for each in (printed, body))
            yield seen, wanted, done[-1].returncode, int(said.get("status", 0))
            done = []
    yield from finished(done)


def finished(done):
    """Commands whose output the page does not show: they must have succeeded."""
    for each in done:
        yield (each.stdout if each.returncode else ""), "", each.returncode, 0


NUMBER = re.compile(r"\[?(-?\d[\d.,]*(?:e[+-]?\d+)?)\]?,?(?: dB| %)?")


class Near(list):
    """Numbers that equal others within a thousandth."""

    def __eq__(self, other):
        return list(self) == pytest.approx(list(other), rel=1e-3)

    __hash__ = None


def compared(text, numbers):
    """What is compared of a text; a number goes with its unit and brackets, as a cell that has none is empty."""
    if numbers == "same":
        return text
    words = [line.split() for line in NUMBER.sub(" ", text).splitlines()]
    found = [float(number.replace(",", "")) for number in NUMBER.findall(text)] if numbers == "near" else []
    return words, Near(found)


def test_numbers_that_are_near_and_words_alone():
    table = "metric  value\nloss  0.114273\nrows  1,293\nnoise  -0.0 %"
    near = table.replace("73", "72")
    assert compared(table, "same") != compared(near, "same")
    assert compared(table, "near") == compared(near, "near")
    assert compared(table, "near") != compared(table.replace("0.114", "0.115"), "near")
    assert compared(table, "vary") == compared(table.replace("-0.0 %", ""), "vary")
    assert compared(table, "vary") != compared(table.replace("loss", "cost"), "vary")


PAGES = [
    ("docs/tutorial.md", 7),
    ("docs/graph_format.md", 4),
    ("docs/editing.md", 6),
    ("docs/training.md", 2),
    ("docs/layers.md", 3),
    ("docs/number_formats.md", 2),
    ("docs/bounds.md", 4),
    ("docs/tables.md", 5),
    ("docs/quantize_digits.md", 15),
    ("docs/number_conventions.md", 4),
    ("docs/training_in_python.md", 2),
    ("docs/performance.md", 1),
    ("README.md", 1),
]


@pytest.mark.parametrize("page, least", PAGES)
def test_page(page, least, tmp_path):
    text = (ROOT / page).read_text("utf-8")
    if page == "README.md":
        text = text[text.index("## Ten lines") :]
    played = list(play(text, tmp_path))
    assert len(played) >= least
    for printed, written, status, wanted in played:
        assert printed == written
        assert status == wanted


def test_quick_start_has_two_commands():
    start = (ROOT / "README.md").read_text("utf-8").split("## Quick start")[1].split("\n## ")[0]
    commands = [body for _, kind, body in BLOCK.findall(start) if kind == "sh"]
    assert len(commands) == 2
    assert all(len(c.splitlines()) == 1 for c in commands)
