"""Where the library declares its blocks: read from its text, so that the look-up of a block imports one module."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

LIBRARY = "blocks"  # the package that comes with this one; the entry point of pyproject.toml names it as well
_DECLARED = re.compile(r"\n(?:class +(\w+)|    aliases = \(([^)]*)\))")  # found faster than what begins with ^
_TEXT = re.compile(r"""["'](\w+)["']""")


def modules_of_names() -> dict[str, str]:
    """The module for each class of the library and for each alias of one; nothing where there is no source to read."""
    found: dict[str, str] = {}
    spec = importlib.util.find_spec(LIBRARY)
    for folder in (spec and spec.submodule_search_locations) or ():
        for file in sorted(Path(folder).rglob("*.py")):
            module = ".".join((LIBRARY, *file.relative_to(folder).with_suffix("").parts))
            for name, aliases in _DECLARED.findall("\n" + file.read_text("utf-8")):
                found |= dict.fromkeys([name] if name else _TEXT.findall(aliases), module.removesuffix(".__init__"))
    return found
