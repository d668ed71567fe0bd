"""Values of the environment, which may be secrets: a page shows how they are written, and not what they are."""

from __future__ import annotations

from collections.abc import Mapping, Set

from dataflow.core.errors import concealed, is_concealed
from dataflow.graphfile.origins import MASK
from dataflow.graphfile.params import PART, WHOLE
from dataflow.graphfile.tree import Value
from dataflow.graphfile.wires import FileScope


class Masks:
    """What of a file, in one use of it, comes from the environment."""

    def __init__(self, scope: FileScope):
        defaults = _part(scope.definition.document.root, "params")
        given: Mapping[str, Value] = {}
        taken: Set[str] = frozenset()
        if scope.user is not None:
            outer, spec = scope.user
            given = _part(outer.definition.nodes.data[spec.name], "attrs")
            taken = Masks(outer).params
        self.params: Set[str] = {
            name
            for name in scope.definition.params
            if (name in given and _of_environment(given[name], taken))
            or (name not in given and name in defaults and _of_environment(defaults[name], frozenset()))
        }

    def shown(self, written: Value | None, value: object) -> object:
        """A value as a page may have it, where this is written; long secrets are masked wherever they are."""
        if written is not None:
            if isinstance(written.data, str) and _from(written.data, self.params):
                return MASK
            if isinstance(written.data, dict) and isinstance(value, Mapping):
                return {key: self.shown(written.data.get(key), item) for key, item in value.items()}
            if isinstance(written.data, list) and isinstance(value, list) and len(value) == len(written.data):
                return [self.shown(part, item) for part, item in zip(written.data, value, strict=True)]
        if isinstance(value, str):
            return concealed(value)
        if isinstance(value, Mapping):
            return {key: self.shown(None, item) for key, item in value.items()}
        return [self.shown(None, item) for item in value] if isinstance(value, list) else value


def masked(data: Mapping[str, object]) -> dict[str, object]:
    """Plain data that may come from anywhere, with all that equals a value of the environment masked."""
    return {key: _masked(item) for key, item in data.items()}


def _masked(data: object) -> object:
    if isinstance(data, Mapping):
        return masked(data)
    if isinstance(data, list):
        return [_masked(item) for item in data]
    if isinstance(data, str):
        return MASK if is_concealed(data) else concealed(data)
    return MASK if isinstance(data, int | float) and is_concealed(repr(data)) else data


def _part(value: Value | None, key: str) -> Mapping[str, Value]:
    """The mapping under a key, as it is written; an empty one where there is none."""
    found = value.data.get(key) if value is not None and isinstance(value.data, dict) else None
    return found.data if found is not None and isinstance(found.data, dict) else {}


def _of_environment(value: Value, params: Set[str]) -> bool:
    if isinstance(value.data, dict | list):
        parts = value.data.values() if isinstance(value.data, dict) else value.data
        return any(_of_environment(part, params) for part in parts)
    return isinstance(value.data, str) and _from(value.data, params)


def _from(text: str, params: Set[str]) -> bool:
    """Whether what a text comes to has values of the environment, or of parameters that do."""
    if "$" not in text:
        return False
    if whole := WHOLE.fullmatch(text):
        return whole[3] is not None or (whole[1] or whole[2]) in params
    inner = [part[1] for part in PART.finditer(text) if part[1] is not None]
    return any(each.startswith("env:") or each in params for each in inner)
