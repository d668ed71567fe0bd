"""Random edits of files as a page makes them, by the commands of the socket: what undoes them gives the bytes again."""

from __future__ import annotations

import json
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from dataflow.graphfile.parse import parse
from dataflow.inspection.elements import Scene
from dataflow.studio import document
from dataflow.studio.process import Spares
from dataflow.studio.studio import Studio

from .campaign import FILES, ROOT
from .page_edits import Edit, page_edit

TRIES = 12  # for each edit that is accepted, before a walk ends


@dataclass
class PageReport:
    """What came of the commands."""

    files: int = 0
    accepted: Counter[str] = field(default_factory=Counter)  # edits, by kind
    refused: Counter[str] = field(default_factory=Counter)  # by reason
    undone: int = 0  # steps
    saved: int = 0
    seconds: list[float] = field(default_factory=list)  # of CPU, for each command that was accepted
    wrong: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)  # files in which fewer edits than wanted were accepted

    def __str__(self) -> str:
        times = sorted(self.seconds) or [0.0]
        middle, most = times[len(times) // 2], times[-1 - len(times) // 100]
        rows = [
            f"{self.files} files, {self.accepted.total():,} edits accepted in {len(self.seconds):,} commands, "
            f"{self.undone:,} steps undone, {self.saved:,} times saved; {len(self.wrong)} wrong",
            f"CPU of a command: {middle * 1e3:.0f} ms in the middle, {most * 1e3:.0f} ms for one of a hundred",
            *(f"  {kind:12} {count:6,}" for kind, count in self.accepted.most_common()),
            f"{self.refused.total():,} commands refused",
            *(f"  {count:6,}   {reason}" for reason, count in self.refused.most_common(25)),
        ]
        return "\n".join([*rows, *self.short, *self.wrong])


class _Page:
    """A page: asks a studio as the socket does, by JSON."""

    def __init__(self, studio: Studio):
        self.studio = studio

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """The answer."""
        answer: dict[str, Any] = json.loads(json.dumps(self.studio.answer(do, json.loads(json.dumps(given)))))
        return answer

    @property
    def document(self) -> dict[str, Any]:
        """The document as the page knows it."""
        found: Any = self.studio.snapshots[1]()["document"]
        shown: dict[str, Any] = found
        return shown


def over_page(count: int, seed: int = 0, files: Sequence[Path] = FILES, pictures: bool = True) -> PageReport:
    """So many random edits in each file, some steps of which are undone on the way, then all.

    Without ``pictures`` the documents that come back have no cards, which take most of the time.
    """
    report = PageReport()
    drawn = (
        nullcontext() if pictures else mock.patch.object(document, "scene", lambda *_, **__: Scene(0, 0, [], [], []))
    )
    # no process is made ready for runs, of which there are none
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(Spares, "warm_soon"), drawn:
        project = Path(folder).resolve()
        for path in (ROOT / "graphs").rglob("*.yaml"):
            _copied(path, project)
        for path in files:
            report.files += 1
            _walk(report, project, _copied(path, project), count, f"{seed}/{path.name}")
    return report


def _copied(path: Path, project: Path) -> Path:
    target = project / path.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return target


def _walk(report: PageReport, project: Path, path: Path, count: int, seed: str) -> None:
    rng, studio = random.Random(seed), Studio(project)
    page = _Page(studio)
    start = path.read_bytes()
    name = path.relative_to(project).as_posix()
    try:
        if "refused" in (answer := page.ask("open", path=name)):
            report.wrong.append(f"{seed}: cannot be opened: {answer}")
            return
        page.ask("save")
        if path.read_bytes() != start:
            report.wrong.append(f"{seed}: opened and saved, it is another file")
        made = tries = 0
        while made < count and tries < TRIES * count:
            tries += 1
            if rng.random() < 0.05:
                report.undone += _undo(report, page, seed, again=True)
                continue
            made += _step(report, page, rng, f"n{tries}", seed)
            if rng.random() < 0.01:
                report.saved += "ok" in page.ask("save")
        if made < count:
            report.short.append(f"{seed}: {made} edits of {count}")
        while _undo(report, page, seed):
            report.undone += 1
        page.ask("save")
        report.saved += 1
        if path.read_bytes() != start:
            report.wrong.append(f"{seed}: the file is another after all was undone and saved")
    finally:
        studio.close()
        path.write_bytes(start)


def _step(report: PageReport, page: _Page, rng: random.Random, new: str, seed: str) -> int:
    """One command of one to three edits; how many were accepted."""
    before = page.document
    tree = parse(before["text"], "g.yaml").root
    assert tree is not None
    edits: list[Edit] = []
    for i in range(rng.choice((1, 1, 1, 2, 3))):
        drawn = page_edit(rng, tree.plain(), before["text"], f"{new}_{i}")
        if drawn is not None and "copy" in drawn:
            answer = page.ask("copy", names=drawn.pop("copy"))
            drawn["text"] = answer.get("ok", "")
        if drawn is not None:
            edits.append(drawn)
    if not edits:
        return 0
    began = time.process_time()
    answer = page.ask("edit", version=before["version"], edits=edits, title="walk")
    after = page.document
    if "refused" in answer:
        reason = answer["refused"]["message"]
        report.refused[re.sub(r"'[^']*'|&\w+|\d+(, \d+)*( and \d+)?", "_", reason)[:90]] += 1
        if "unexpected" in reason:
            report.wrong.append(f"{seed} {new}: {reason}: {edits}")
        if after["text"] != before["text"] or after["version"] != before["version"]:
            report.wrong.append(f"{seed} {new}: refused, but the text changed: {edits}")
        return 0
    report.seconds.append(time.process_time() - began)
    if parse(after["text"], "g.yaml").problems:
        report.wrong.append(f"{seed} {new}: is no YAML any more: {edits}")
    if after["text"] == before["text"]:
        return 0
    for edit in edits:
        report.accepted[edit["op"]] += 1
    return len(edits)


def _undo(report: PageReport, page: _Page, seed: str, again: bool = False) -> bool:
    """Take the last step back; whether there was one. It may be made again and taken back once more."""
    before = page.document
    if "refused" in (answer := page.ask("undo", version=before["version"])):
        if before["undo"]:
            report.wrong.append(f"{seed}: cannot be undone: {answer}")
        return False
    if not again:
        return True
    after = page.document["text"]
    page.ask("redo", version=page.document["version"])
    if page.document["text"] != before["text"]:
        report.wrong.append(f"{seed}: is made again as something else")
    page.ask("undo", version=page.document["version"])
    if page.document["text"] != after:
        report.wrong.append(f"{seed}: is undone as something else")
    return True
