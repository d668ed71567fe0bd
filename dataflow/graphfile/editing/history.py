"""Steps of editing a text: what each replaced, and what undoes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from dataflow.graphfile.editing.replacements import Replacement, inverse, replaced

Batches = Sequence[Sequence[Replacement]]  # made one after another


@dataclass(frozen=True)
class Step:
    """What one step did to a text, what undoes it, and the files that are to be written with it."""

    title: str
    done: Batches
    undone: Batches
    files: Mapping[Path, str]
    keeps_layout: bool  # whether it leaves a text in the layout of `dataflow fmt` if it was in it, and only then
    note: object = None  # of who made it, for a step that changes something beside the text

    @classmethod
    def of(
        cls,
        title: str,
        text: str,
        batches: Batches,
        files: Mapping[Path, str] = MappingProxyType({}),
        keeps_layout: bool = True,
    ) -> Step:
        """The step that makes replacements in a text."""
        undone: list[Sequence[Replacement]] = []
        for batch in batches:
            undone.append(inverse(text, batch))
            text = replaced(text, batch)
        return cls(title, batches, undone[::-1], files, keeps_layout)


def made(text: str, batches: Batches) -> str:
    """A text with batches of replacements made in their order."""
    for batch in batches:
        text = replaced(text, batch)
    return text


@dataclass
class History:
    """The steps that were made, and those that were taken back since the last one was made."""

    done: list[Step] = field(default_factory=list)
    undone: list[Step] = field(default_factory=list)
    floor: int = 0  # steps that must not be taken back now, since others are being joined to one

    def add(self, step: Step) -> None:
        """Note a step; what was taken back cannot be made again."""
        self.done.append(step)
        self.undone.clear()

    def join(self, since: int, title: str) -> None:
        """Make one step of those after the first ``since``; with no title it is that of the first of them."""
        steps = self.done[since:]
        if steps:
            done = [batch for step in steps for batch in step.done]
            undone = [batch for step in reversed(steps) for batch in step.undone]
            files = {path: text for step in steps for path, text in step.files.items()}
            keeps_layout = all(step.keeps_layout for step in steps)
            self.done[since:] = [Step(title or steps[0].title, done, undone, files, keeps_layout)]

    def back(self) -> Step | None:
        """The last step, to take back; None where there is none."""
        if len(self.done) <= self.floor:
            return None
        self.undone.append(self.done.pop())
        return self.undone[-1]

    def forth(self) -> Step | None:
        """The step that was taken back last, to make again; None where there is none."""
        if not self.undone:
            return None
        self.done.append(self.undone.pop())
        return self.done[-1]

    @property
    def files(self) -> dict[Path, str]:
        """The files that the steps made, with their texts."""
        return {path: text for step in self.done for path, text in step.files.items()}
