"""Walks of random edits through all files, what came of them, and what went wrong."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.edit import Editor, edit
from dataflow.graphfile.editing.replacements import changed_lines

from .attempts import Attempt, attempt
from .oracle import graph_of, wrong

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "graphs").rglob("*.yaml")),
    *sorted((ROOT / "tests" / "graphfile" / "hard_files").glob("*.yaml")),
]
STEPS = 8  # edits of a walk
_LINES = {"attr", "literal", "wire", "param", "output", "input", "new attr", "new param"}


@dataclass
class Report:
    """What came of the edits."""

    accepted: Counter[str] = field(default_factory=Counter)  # by kind
    refused: Counter[str] = field(default_factory=Counter)  # by reason
    lines: dict[str, Counter[int]] = field(default_factory=dict)  # changed, by kind
    on_graphs: int = 0  # edits that were checked on the loaded graph
    wrong: list[str] = field(default_factory=list)

    @property
    def edits(self) -> int:
        """How many edits were accepted."""
        return self.accepted.total()

    def __str__(self) -> str:
        rows = [
            f"{self.edits:,} edits accepted, {self.on_graphs:,} of them compared as graphs; {len(self.wrong)} wrong"
        ]
        for kind, count in self.accepted.most_common():
            told = ", ".join(f"{lines}: {n:,}" for lines, n in sorted(self.lines[kind].items())[:12])
            rows.append(f"  {kind:20} {count:6,}   lines changed {told}")
        rows.append(f"{self.refused.total():,} edits refused")
        rows += [f"  {count:6,}   {reason}" for reason, count in self.refused.most_common()]
        return "\n".join([*rows, *self.wrong])


def campaign(count: int, seed: int = 0, files: Sequence[Path] = FILES) -> Report:
    """Random edits, walk after walk through all files, until so many were accepted."""
    report, walk = Report(), 0
    while report.edits < count:
        for path in files:
            if report.edits < count:
                _walk(report, path, f"{seed}/{path.name}/{walk}")
        walk += 1
    return report


def _walk(report: Report, path: Path, seed: str) -> None:
    rng = random.Random(seed)
    editor = edit(path)
    start, graph = editor.text, graph_of(editor)
    for step in range(STEPS):
        drawn = attempt(rng, editor, rng.randrange(1000) + 1000 * step)
        if drawn is None:
            continue
        before = editor.text
        try:
            drawn.make(editor)
        except GraphFileError as error:
            report.refused[_reason(error)] += 1
            if editor.text != before:
                report.wrong.append(f"{seed} step {step}: {drawn.kind}: refused, but the text changed")
            continue
        if editor.text == before:  # it says that already
            continue
        problem = wrong(drawn, editor, before, graph) or _undone(editor, before) or _too_many(drawn, editor, before)
        if problem:
            report.wrong.append(f"{seed} step {step}: {drawn.kind}: {problem}")
        report.accepted[drawn.kind] += 1
        report.on_graphs += graph is not None and bool(drawn.renamed or drawn.same or drawn.passed)
        report.lines.setdefault(drawn.kind, Counter())[changed_lines(before, editor.text)] += 1
        now = graph_of(editor)
        if now is None and graph is not None and rng.random() < 0.8:
            editor.undo()  # so that most edits are of graphs that load
        else:
            graph = now
    while editor.undo():
        pass
    if editor.text != start:
        report.wrong.append(f"{seed}: the file is another after all was undone")


def _undone(editor: Editor, before: str) -> str:
    """Whether undoing gives the text before, and doing it again the text after."""
    after = editor.text
    if not editor.undo():
        return "cannot be undone"
    undone = editor.text
    editor.redo()
    return "" if (undone, editor.text) == (before, after) else "is undone or made again as something else"


def _too_many(drawn: Attempt, editor: Editor, before: str) -> str:
    """Whether more lines changed than may; a list or text that does not fit a line takes more."""
    changed = changed_lines(before, editor.text)
    if drawn.kind not in _LINES or not drawn.most or changed <= drawn.most or editor.in_layout:
        return ""
    fewer = editor.text.count("\n") < before.count("\n")  # a list that stood on several lines
    return "" if fewer or (changed <= drawn.most + 1 and '"' in before) else f"changed {changed} lines"


def _reason(error: GraphFileError) -> str:
    message = error.problems[0].message
    return re.sub(r"'[^']*'|&\w+|\d+(, \d+)*( and \d+)?", "_", message)
