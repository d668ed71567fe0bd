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
BLOCK = re.compile(r"^```(\w+)(?: ([^\n]*))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROGRAMS = {"dataflow": [sys.executable, "-X", "utf8", "-m", "dataflow"], "python": [sys.executable, "-X", "utf8"]}


def run(words, folder):
    return subprocess.run(
        [*PROGRAMS[words[0]], *words[1:]], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def play(text, folder):
    """Run a page in a folder: pairs of what was printed and what the page says, with the wanted status."""
    done = []
    for kind, info, body in BLOCK.findall(text):
        if kind == "yaml" and info:
            (folder / info).write_text(body, "utf-8")
        elif kind == "sh":
            done = [run(shlex.split(line), folder) for line in body.splitlines()]
        elif kind == "python":
            done = [run(["python", "-c", body], folder)]
        elif kind == "text":
            printed = "".join(d.stdout for d in done)
            yield printed, body, done[-1].returncode, int(info.removeprefix("status=") or 0)


PAGES = [
    ("docs/tutorial.md", 7),
    ("docs/graph_format.md", 4),
    ("docs/editing.md", 4),
    ("docs/training.md", 2),
    ("docs/layers.md", 3),
    ("docs/number_formats.md", 2),
    ("docs/bounds.md", 4),
    ("docs/tables.md", 5),
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
    commands = [body for kind, _, body in BLOCK.findall(start) if kind == "sh"]
    assert len(commands) == 2
    assert all(len(c.splitlines()) == 1 for c in commands)
