"""Code with blocks from outside the library: packages that entry points name, and files that the caller names.

What fails to import is a `Fault`: the rest goes on working.
"""

from __future__ import annotations

import dis
import importlib.util
import os
import pkgutil
import re
import sys
import traceback
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from dataflow.core.errors import DataflowError, reason

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from dataflow.core.block import Block

ENVIRONMENT = "DATAFLOW_BLOCKS"  # files with blocks, separated as in PATH
OWN = "dataflow-blocks"  # the package that has the library
FAILURES = (Exception, SystemExit)  # what code from outside may raise; Ctrl+C is none of them
_CLASS = re.compile(r"^class\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Plugin:
    """A package of blocks: its entry point, the package that was installed, and the module to import."""

    name: str
    package: str
    module: str

    @property
    def who(self) -> str:
        """The plugin in messages."""
        return f"plugin '{self.name}'" + (f" of package {self.package}" if self.package else "")


@dataclass(frozen=True)
class Fault:
    """Why the blocks of a module are missing."""

    who: str
    place: str  # file:line
    error: str
    names: frozenset[str]  # blocks that the text of the module declares

    def __str__(self) -> str:
        return f"{self.who} is broken: {self.place}: {self.error}; mend it, reinstall it or remove it"


class PluginWarning(UserWarning):
    """Some modules of plugins could not be imported: the first of them, and how many more; ``faults`` has all."""

    def __init__(self, faults: list[Fault]):
        self.faults = faults
        more = f" (and {len(faults) - 1} more: dataflow.blocks.faults)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")


def plugins(entries: Iterable[EntryPoint]) -> list[Plugin]:
    """The plugins of these entry points, the library first, so that no plugin can take the name of a block of it."""
    found = {Plugin(e.name, str(e.dist.name) if e.dist else "", e.value): None for e in entries}
    return sorted(found, key=lambda plugin: (plugin.package != OWN, plugin.name, plugin.package))


def import_all(plugin: Plugin) -> Iterator[Fault | None]:
    """Import every module of a plugin, and give for each the fault, or None."""
    waiting = [plugin.module]
    for name in waiting:  # which grows
        try:
            module = importlib.import_module(name)
            waiting += [f"{name}.{each.name}" for each in pkgutil.iter_modules(getattr(module, "__path__", ()))]
            yield None
        except FAILURES as error:
            yield _fault(plugin.who, name, error)


def _fault(who: str, module: str, error: BaseException) -> Fault:
    files = _files(module)
    place = located(error, [str(file) for file in files]) or (str(files[0]) if files else module)
    names: set[str] = set()
    for file in files:
        with suppress(OSError):
            names.update(_CLASS.findall(file.read_text("utf-8", "replace")))
    return Fault(who, place, told(error), frozenset(names))


def _files(module: str) -> list[Path]:
    """The source files of a module that cannot be imported, those below it included."""
    try:
        spec = importlib.util.find_spec(module)
    except FAILURES:
        return []
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    origin = [Path(spec.origin)] if spec and spec.origin and spec.origin.endswith(".py") else []
    return [*origin, *sorted({file for folder in folders for file in folder.rglob("*.py")} - {*origin})]


def ignores_out(block: type[Block]) -> str:
    """``file:line`` of the kernel of a block if it takes ``out`` and never uses it, so that results would be lost."""
    code = getattr(vars(block).get("kernel"), "__code__", None)
    if code is None or not block.takes_out or "out" in code.co_cellvars:
        return ""
    loaded = (each.argval for each in dis.get_instructions(code) if each.opname.startswith("LOAD"))
    if any("out" in (name if isinstance(name, tuple) else (name,)) for name in loaded):
        return ""
    return f"{code.co_filename}:{code.co_firstlineno}"


IGNORED = "a kernel that takes `out` must write its first output there, got one that never uses it; leave `out` away"


def located(error: BaseException, files: Collection[str]) -> str:
    """``file:line`` of the innermost place in these files that an error comes from; nothing where it is none."""
    if isinstance(error, SyntaxError) and error.filename in files:
        return f"{error.filename}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def told(error: BaseException) -> str:
    """An error in one line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {(text.splitlines() or ['no message'])[0]}"


# -- files ----------------------------------------------------------------------------------------------------------


def environment_files() -> list[str]:
    """The files that the environment names."""
    return [path for path in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if path]


class BlockFile:
    """A file with blocks, as the caller named it; its module has the name of the file.

    Raises DataflowError where it can be none.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.shown, self.real = os.fspath(path), Path(os.path.realpath(path))
        self.name = self.real.stem
        if self.real.suffix != ".py" or not self.name.isidentifier():
            raise DataflowError(f"{self.shown}: a file with blocks must be called as my_blocks.py is; rename it")
        try:
            self._source = self.real.read_bytes()
        except OSError as error:
            raise DataflowError(f"{self.shown}: {reason(error)}; name a Python file with blocks") from None
        if (origin := _origin(self.name)) is not None and os.path.realpath(origin) != str(self.real):
            raise DataflowError(f"{self.shown}: the name must be new, got that of the module {self.name}; rename it")

    def run(self) -> None:
        """Run the code; nothing is written beside it. DataflowError with the line where it fails."""
        module = ModuleType(self.name)
        module.__file__ = str(self.real)
        before = sys.modules.get(self.name)
        sys.modules[self.name] = module
        try:
            exec(compile(self._source, str(self.real), "exec", dont_inherit=True), module.__dict__)
        except BaseException as error:
            del sys.modules[self.name]
            if before is not None:
                sys.modules[self.name] = before
            if not isinstance(error, FAILURES):
                raise
            place = located(error, [str(self.real)]).replace(str(self.real), self.shown) or self.shown
            raise DataflowError(f"{place}: {told(error)}") from error


def _origin(module: str) -> str | None:
    """The file of a module, or what it is instead of one; None where there is no such module."""
    known = sys.modules.get(module)
    if known is not None:
        return getattr(known, "__file__", None) or "built in"
    spec = importlib.util.find_spec(module)
    return None if spec is None else spec.origin or "a folder"
