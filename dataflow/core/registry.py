"""The registry of blocks by name.

A block is registered by being defined. The library and any plugin are loaded in the same way: each names its package
under the entry point group ``dataflow.blocks``, and every module in it is imported when a block is first looked up.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from types import ModuleType
from typing import TYPE_CHECKING

from dataflow.core.errors import DataflowError, UnknownNameError, nearest

if TYPE_CHECKING:
    from dataflow.core.block import Block

GROUP = "dataflow.blocks"


class Registry(Mapping[str, "type[Block]"]):
    """Block classes by name, in alphabetical order; an alias (``Sub``) finds its block but is not listed."""

    def __init__(self) -> None:
        self._blocks: dict[str, type[Block]] = {}
        self._aliases: dict[str, str] = {}
        self._loaded = False
        self._lock = threading.RLock()

    def register(self, block: type[Block]) -> None:
        """Make a block known; called for every class that is defined."""
        for name in (block.__name__, *block.aliases):
            other = self._blocks.get(self._aliases.get(name, name))
            if other is not None and (other.__module__, other.__qualname__) != (block.__module__, block.__qualname__):
                raise DataflowError(
                    f"block '{name}' of {block.__module__}: the name must be new, got one that {other.__module__} has; "
                    "rename one of them"
                )
        self._blocks[block.__name__] = block
        self._aliases.update(dict.fromkeys(block.aliases, block.__name__))

    def load(self) -> None:
        """Import every package that the entry points name; done once, on the first look-up."""
        with self._lock:
            if self._loaded:
                return
            self._loaded = True
            for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
                try:
                    import_all(importlib.import_module(entry.value))
                except ImportError as error:
                    self._loaded = False
                    raise DataflowError(
                        f"plugin '{entry.name}': its blocks must be importable from {entry.value}, got {error}; "
                        "reinstall or remove that package"
                    ) from error

    def __getitem__(self, name: str) -> type[Block]:
        if name not in self._blocks:
            self.load()
        block = self._blocks.get(self._aliases.get(name, name))
        if block is None:
            raise UnknownNameError(f"no block '{name}'" + _suggest(name, [*self._blocks, *self._aliases]))
        return block

    def __contains__(self, name: object) -> bool:
        self.load()
        return name in self._blocks or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        self.load()
        return iter(sorted(self._blocks))

    def __len__(self) -> int:
        self.load()
        return len(self._blocks)

    def names(self) -> list[str]:
        """Every name that finds a block, aliases included."""
        return sorted([*self, *self._aliases])

    def __repr__(self) -> str:
        return f"<{len(self)} blocks>"

    def __reduce__(self) -> str:
        return "blocks"


def import_all(package: ModuleType) -> None:
    """Import every module of a package, so that the blocks in it exist."""
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        importlib.import_module(module.name)


def _suggest(name: str, known: Iterable[str]) -> str:
    hint = nearest(name, known)
    return f"; {hint}" if hint else "; `dataflow blocks` lists them all"


blocks = Registry()
