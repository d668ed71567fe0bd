"""The registry of blocks by name.

A block is registered by being defined. The library and any plugin are loaded in the same way: each names its package
under the entry point group ``dataflow.blocks``, and every module in it is imported when all blocks are asked for, or
one that the library does not declare; for one that it does, its module is enough. Files with blocks are run where the
caller names them, by `load_blocks` or in the environment; a graph file cannot.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from dataflow.core.declared import LIBRARY, modules_of_names
from dataflow.core.errors import DataflowError, UnknownNameError, nearest, way_out
from dataflow.core.plugins import (
    FAILURES,
    IGNORED,
    OWN,
    BlockFile,
    Fault,
    Plugin,
    PluginWarning,
    environment_files,
    ignores_out,
    import_all,
    plugins,
)

if TYPE_CHECKING:
    from dataflow.core.block import Block

GROUP = "dataflow.blocks"
_SHORTEST = 3  # letters of the end of a name that tell the block


def all_of_them() -> str:
    """The advice where a block is named that there is not."""
    return way_out(
        "list(dataflow.blocks) has the names of all", "`dataflow blocks` lists them all", "the palette (A) has them all"
    )


class Registry(Mapping[str, "type[Block]"]):
    """Block classes by name, in alphabetical order; an alias (``Sub``) finds its block but is not listed.

    A block is also an attribute: ``blocks.Relu`` is ``blocks["Relu"]``.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []  # what could not be loaded
        self._blocks: dict[str, type[Block]] = {}
        self._aliases: dict[str, str] = {}
        self._declared: dict[str, str] | None = None  # module of each name in the library, once one was looked up
        self._loaded = False
        self._lock = threading.RLock()

    def register(self, block: type[Block]) -> None:
        """Make a block known; called for every class that is defined.

        No other can take a name of the library, also where no block of it was looked up yet.
        """
        ours = block.__module__.partition(".")[0] == LIBRARY
        for name in (block.__name__, *block.aliases):
            if not (ours or self._loaded or self._known(name)):
                self._import_declared(name)
            other = self._blocks.get(self._aliases.get(name, name))
            if other is not None and (other.__module__, other.__qualname__) != (block.__module__, block.__qualname__):
                raise DataflowError(
                    f"block '{name}' of {block.__module__}: the name must be new, got one that {other.__module__} has; "
                    "rename one of them"
                )
        self._blocks[block.__name__] = block
        self._aliases.update(dict.fromkeys(block.aliases, block.__name__))

    def load(self) -> None:
        """Import every package that the entry points name, then the files of the environment; done once.

        Modules that cannot be imported are told in one warning, and their blocks are missing.
        """
        with self._lock:
            if self._loaded:
                return
            from importlib.metadata import entry_points  # which takes as long to import as all of click

            self._loaded, self.faults = True, []
            try:
                for plugin in plugins(entry_points(group=GROUP)):
                    self._import(plugin)
                for path in environment_files():
                    self.load_file(path)
            except BaseException:
                self._loaded = False
                raise
            if self.faults:
                warnings.warn(PluginWarning(self.faults), stacklevel=2)

    def _import(self, plugin: Plugin) -> None:
        """Import the modules of a plugin; of those that fail no block is kept."""
        before = set(self._blocks)
        for fault in import_all(plugin):
            if fault is not None:
                self._keep({n for n, b in self._blocks.items() if n in before or b.__module__ in sys.modules})
                self.faults.append(fault)
        for name in sorted(set(self._blocks) - before) if plugin.package != OWN else ():
            if place := ignores_out(self._blocks[name]):
                self._keep(self._blocks.keys() - {name})
                self.faults.append(Fault(plugin.who, place, f"{name}: {IGNORED}", frozenset({name})))

    def load_file(self, path: str | os.PathLike[str]) -> list[type[Block]]:
        """Run a file, and give the blocks that it defines; run anew, they take the place of those it defined before."""
        self.load()
        file = BlockFile(path)
        with self._lock:
            kept = dict(self._blocks), dict(self._aliases)
            try:
                self._keep({name for name, block in self._blocks.items() if block.__module__ != file.name})
                file.run()
                made = [block for block in self._blocks.values() if block.__module__ == file.name]
                for block in made:
                    if place := ignores_out(block):
                        raise DataflowError(f"{place.replace(str(file.real), file.shown)}: {block.__name__}: {IGNORED}")
                if made:
                    return made
                raise DataflowError(f"{file.shown}: must define a block, got none; derive a class from a kind of block")
            except BaseException:
                self._blocks, self._aliases = kept
                raise

    def fault(self, name: str) -> Fault | None:
        """Why there is no block of this name: what failed where its class is written."""
        return next((fault for fault in self.faults if name in fault.names and name not in self), None)

    def outside(self, error: BaseException | None) -> str:
        """``file:line`` where code with blocks from outside the library raised an error, nothing where none did."""
        modules = {block.__module__ for block in self._blocks.values()}
        tops = {module.partition(".")[0] for module in modules} - {LIBRARY}
        place, trace = "", error.__traceback__ if error is not None else None
        while trace is not None:
            if str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] in tops:
                place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
            trace = trace.tb_next
        return place

    def _ipython_key_completions_(self) -> list[str]:
        return self.names()

    def _keep(self, names: Set[str]) -> None:
        self._blocks = {name: block for name, block in self._blocks.items() if name in names}
        self._aliases = {alias: name for alias, name in self._aliases.items() if name in names}

    def __getitem__(self, name: str) -> type[Block]:
        if not isinstance(name, str):
            raise UnknownNameError(f"a block must be named by text, got {name!r}; write blocks['Relu'] or blocks.Relu")
        block = self._find(name)
        if block is None:
            raise UnknownNameError(self._no_block(name))
        return block

    def _find(self, name: str) -> type[Block] | None:
        """The block of a name or alias, imported where it has to be."""
        if not self._loaded and not self._known(name):
            self._import_declared(name)
            if not self._known(name):
                self.load()
        return self._blocks.get(self._aliases.get(name, name))

    def _known(self, name: str) -> bool:
        return name in self._blocks or name in self._aliases

    def _import_declared(self, name: str) -> None:
        """Import the module of the library that declares a name; one that fails is told when all are loaded."""
        if self._declared is None:
            self._declared = modules_of_names()
        if name in self._declared:
            with suppress(*FAILURES):
                importlib.import_module(self._declared[name])

    def _no_block(self, name: str) -> str:
        if fault := self.fault(name):
            return f"no block '{name}': {fault}"
        return f"no block '{name}'; {self.nearest(name) or all_of_them()}"

    def __call__(self, *given: object, **more: object) -> NoReturn:
        """An error: blocks are found by name, not by a call."""
        name = given[0] if given and isinstance(given[0], str) and given[0] in self else "Relu"
        raise UnknownNameError(f"dataflow.blocks: cannot be called; write blocks.{name} or blocks['{name}']")

    def __getattr__(self, name: str) -> type[Block]:
        if name.startswith("_"):  # as asked by copy, pickle and notebooks
            raise AttributeError(f"'Registry' object has no attribute {name!r}")
        try:
            return self[name]
        except UnknownNameError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        self.load()
        return iter(sorted(self._blocks))

    def __len__(self) -> int:
        self.load()
        return len(self._blocks)

    def names(self) -> list[str]:
        """Every name that finds a block, aliases included."""
        return sorted([*self, *self._aliases])

    def nearest(self, word: str) -> str:
        """``did you mean 'ApplyAdam'?`` for the block that a word probably stands for, or nothing.

        That is one whose name ends with the word, or one that is found by it, or one whose name is spelled nearly so.
        """
        folded, names = word.lower(), self.names()
        ends = [name for name in names if name.lower().endswith(folded) and name[-len(word) :][:1].isupper()]
        terms = [
            (block.found_by.index(folded), len(name), name) for name, block in self.items() if folded in block.found_by
        ]
        if len(word) >= _SHORTEST and ends:
            return f"did you mean '{min(ends, key=len)}'?"
        return f"did you mean '{min(terms)[-1]}'?" if terms else nearest(word, names)

    def __repr__(self) -> str:
        return f"<{len(self)} blocks>"

    def __reduce__(self) -> str:
        return "blocks"


def load_blocks(path: str | os.PathLike[str]) -> list[type[Block]]:
    """Run a Python file that defines blocks, so that graphs can use them; the blocks.

    It runs with all your rights, as any program does. Graph files cannot name one.

    Raises
    ------
    DataflowError
        When the file cannot be read or run, with the line that fails, or has no blocks.
    """
    return blocks.load_file(path)


blocks = Registry()
