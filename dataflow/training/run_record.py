"""What a training was: a .json file per training in the folder of its checkpoints, ``runs/1.json`` and so on.

It says what the results follow from (graph, parameters, seed, data, packages, the first weights), when and how it was
run, and what came of it. A training that is continued keeps its file; one that starts over gets the next number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataflow.core.errors import DataflowError, GraphError, conceal, concealed
from dataflow.files import RegularFile, Unreadable
from dataflow.files.atomic import write_errors, write_text
from dataflow.graph.graph import Graph
from dataflow.graphfile.origins import MASK, looks_secret
from dataflow.graphfile.save import resolved_text
from dataflow.graphfile.used_files import used_files
from dataflow.training import history
from dataflow.training.provenance import environment, file_digest, packages
from dataflow.training.trained_with import OVERRIDES

if TYPE_CHECKING:
    from dataflow.training.epoch_report import Report
    from dataflow.training.trainer import Trainer

FOLDER = "runs"
RUNNING, INTERRUPTED = "running", "interrupted"
_VERSION = 1
_LARGEST = 256 << 20  # bytes of a record


class RunRecord:
    """The record of one training.

    Parameters
    ----------
    folder : of the checkpoints.
    params : the parameters that the graph was loaded with.
    command : the words that started the training, if a command did.
    """

    def __init__(self, folder: Path, params: Mapping[str, Any] | None = None, command: Sequence[str] | None = None):
        self.folder, self.params, self.command = folder, dict(params or {}), command
        for name, value in self.params.items():
            if looks_secret(name):
                conceal(str(value), f"${{{name}}}")
        self.path = folder / FOLDER / "1.json"
        self.said: dict[str, Any] = {}

    def begin(self, trainer: Trainer) -> None:
        """Write what is known before the first step."""
        latest = latest_record(self.folder)
        known = None
        if latest is not None:
            known = _finished(latest, self.folder)
            self.path = latest
        if known is None or not trainer.state.step:
            self.path = self.folder / FOLDER / f"{number(latest) + 1 if latest is not None else 1}.json"
            known = self._beginning(trainer)
        known["sessions"].append(
            {
                "started": _now(),
                "ended": None,
                "status": RUNNING,
                "from_step": trainer.state.step,
                "epochs": trainer.epochs,
                "command": None if self.command is None else [_word(word) for word in self.command],
                "environment": environment(),
            }
        )
        self.said = known
        with write_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write()

    def epoch(self, report: Report) -> None:
        """Nothing: the history has the epochs until the end."""

    def end(self, trainer: Trainer, outcome: str) -> None:
        """Write how it ended, and all epochs."""
        self.said["sessions"][-1] |= {"ended": _now(), "status": concealed(outcome)}
        self.said["epochs"] = _epochs(self.folder)
        self.said["weights"]["end"] = trainer.state.digest()
        self._write()

    def _beginning(self, trainer: Trainer) -> dict[str, Any]:
        graph = trainer.graph
        return {
            "record": _VERSION,
            "graph": {"name": graph.name, "text": _text(graph, self.folder)},
            "params": {name: _shown_value(name, str(value)) for name, value in self.params.items()},
            **({OVERRIDES: concealed(told)} if (told := str(trainer.overrides)) else {}),
            "seed": trainer.state.seed,
            "data": {concealed(_shown(path, self.folder)): file_digest(path) for path in used_files(graph)},
            "packages": packages(graph),
            "weights": {"start": trainer.state.digest(), "end": None},
            "sessions": [],
            "epochs": [],
        }

    def _write(self) -> None:
        write_text(self.path, json.dumps(self.said, indent=1) + "\n")


def number(path: Path) -> int:
    """The number in the name of a record."""
    return int(path.stem)


def records(folder: Path) -> list[Path]:
    """The records in a folder of checkpoints, the first training first."""
    return sorted((path for path in (folder / FOLDER).glob("*.json") if path.stem.isdecimal()), key=number)


def latest_record(folder: Path) -> Path | None:
    """The record of the latest training in a folder."""
    return next(reversed(records(folder)), None)


def read_record(path: Path) -> dict[str, Any]:
    """What a record says; epochs of a training that has not ended come from its history.

    Raises DataflowError where the file is damaged or another.
    """
    try:
        with RegularFile(path, _LARGEST) as file:
            said = json.loads(file.read(0, file.size))
    except (Unreadable, ValueError, RecursionError) as error:
        raise DataflowError(f"{path}: is no record of a training: {error}") from None
    kinds = {"graph": dict, "params": dict, "data": dict, "packages": dict, "weights": dict, "sessions": list}
    if not isinstance(said, dict) or said.get("record") != _VERSION:
        raise DataflowError(f"{path}: is no record of a training: it must say 'record': {_VERSION}")
    for key, kind in (kinds | {"epochs": list}).items():
        if not isinstance(said.get(key), kind):
            raise DataflowError(f"{path}: is no record of a training: '{key}' is missing or of another kind")
    return said


def _finished(path: Path, folder: Path) -> dict[str, Any] | None:
    """A record whose last process may have ended without saying so; None where it is damaged."""
    try:
        said = read_record(path)
    except DataflowError:
        return None
    if said["sessions"] and said["sessions"][-1].get("status") == RUNNING:
        said["sessions"][-1]["status"] = INTERRUPTED
        said["epochs"] = _epochs(folder)
        write_text(path, json.dumps(said, indent=1) + "\n")
    return said


def _epochs(folder: Path) -> list[dict[str, Any]]:
    """The epochs in the history of a folder; none where that is another file."""
    try:
        return [history.numbers(row) for row in history.rows(folder / history.NAME)]
    except DataflowError:
        return []


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _text(graph: Graph, folder: Path) -> str:
    """The graph as a file beside the folder would have it; nothing where it cannot be a file."""
    try:
        return concealed(resolved_text(graph, _beside(folder) / "graph.yaml"))
    except GraphError:
        return ""


def _shown_value(name: str, value: str) -> str:
    """The value of a parameter, unless it may be a secret."""
    return MASK if looks_secret(name) else concealed(value)


def _word(word: str) -> str:
    """A word of a command, such as ``rate=0.1``."""
    name, equals, value = word.partition("=")
    return f"{name}={_shown_value(name, value)}" if equals else concealed(word)


def _beside(folder: Path) -> Path:
    """Where the folder is; the path may have no name of its own, such as ``.`` or ``..``."""
    return Path(os.path.realpath(folder)).parent


def _shown(path: Path, folder: Path) -> str:
    """A file as it is named from beside the folder."""
    return Path(os.path.relpath(path, _beside(folder))).as_posix()
