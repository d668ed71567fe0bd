"""What stands on inputs and attrs: wires, numbers, arrays in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dataflow.core.conversion import number_meant
from dataflow.core.errors import cropped, listing, way_out
from dataflow.core.ports import In, Literal
from dataflow.graph.node import Ref
from dataflow.graphfile.graph_file import NOTHING, WRONG, GraphFile, known_keys
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.params import Substitution
from dataflow.graphfile.paths import Location
from dataflow.graphfile.tree import BROKEN, Origin, Place, Value

Wires = Mapping[str, Ref]  # the outputs of a node by name, the first one first


@dataclass(eq=False)
class NodeSpec:
    """A node as the file has it, with parameters put in; ``ok`` until something in it is wrong."""

    name: str
    who: str
    place: Place
    block: Value | None = None
    inputs: Value = NOTHING
    attrs: Value = NOTHING
    doc: str = ""
    range: Value | None = None
    ok: bool = True

    def wires(self) -> list[Value]:
        """Every text on an input."""
        items = [i for v in self.inputs.data.values() for i in (v.data if isinstance(v.data, list) else (v,))]
        return [item for item in items if isinstance(item.data, str)]


class FileScope:
    """One use of a file: as the graph itself, or as a sub-graph, whose node names get a prefix."""

    def __init__(
        self,
        context: LoadContext,
        definition: GraphFile,
        file: Location,
        params: Mapping[str, Any],
        prefix: str = "",
        chain: tuple[Location, ...] = (),
        origins: Mapping[str, Origin] | None = None,
    ):
        self.context, self.definition, self.file, self.prefix = context, definition, file, prefix
        self.chain = (*chain, file)  # the files from the top one to this one
        self.document = definition.document.within(prefix) if prefix else definition.document
        self.substitution = Substitution(self.document, params, context.budget, origins)
        self.wires: dict[str, Wires] = {}  # by the name of the node or input
        self.user: tuple[FileScope, NodeSpec] | None = None  # the node that uses the file as its block
        context.scopes[prefix] = self

    def report(self, spec: NodeSpec, place: Place, message: str, hint: str = "") -> Any:
        """Note a problem, and that the node cannot be added; return BROKEN."""
        spec.ok = False
        return self.document.report(place, message, hint)

    def report_value(self, spec: NodeSpec, value: Value, message: str) -> Any:
        """Note a problem with a value, and with the parameter that it is; return BROKEN."""
        self.report(spec, value.place, message)
        self._report_param(value.param, message)
        return BROKEN

    def _report_param(self, name: str, message: str) -> None:
        """Note a problem where a parameter has its value: at the attr of the node that uses the file, or a default."""
        if name not in self.definition.params:
            return
        if self.user is not None and name in self.user[1].attrs.data:
            outer, spec = self.user
            value = spec.attrs.data[name]
            outer.report(spec, value.place, f"{spec.who}: attr '{name}': {message}")
            outer._report_param(value.param, message)
            return
        given = (
            way_out(" as given", " as -p gives it", " as the tab Run gives it")
            if self.user is None and name in self.context.set_by_caller
            else ""
        )
        self.definition.document.report(self.definition.params[name].place, f"param '{name}'{given}: {message}")

    def check_ports(self, spec: NodeSpec, ports: Mapping[str, In], attrs: Mapping[str, Any], of: str) -> None:
        """Report inputs that the block does not have, and those that are not wired.

        An unknown input was probably meant for one that is missing, so that is not reported as well; nor is one that
        stands under the attrs by mistake.
        """
        given = spec.inputs.data.keys() | (spec.attrs.data.keys() - attrs)
        missing = [name for name, port in ports.items() if name not in given and not port.optional]
        for name in spec.inputs.data:
            if name not in ports:
                hint = self.context.hints.nearest(name, ports) or self.having(ports)
                self.report(spec, spec.inputs.keys[name], f"{spec.who}: {of} has no input '{cropped(name)}'", hint)
                if missing:
                    missing.remove(self.context.hints.closest(name, missing) or missing[0])
        if missing and spec.inputs is not WRONG:
            names = listing([f"'{name}'" for name in missing], "and")
            hint = "; ".join(f"write '{name}': {ports[name].doc}" for name in missing if ports[name].static)
            self.report(spec, spec.place, f"{spec.who} ({of}): input {names} must be wired, got nothing", hint)

    def having(self, names: Mapping[str, Any]) -> str:
        """What there is instead."""
        return f"it has {listing(names, 'and')}" if names else "it has none"

    def operands(self, spec: NodeSpec, ports: Mapping[str, In]) -> dict[str, Any]:
        """What stands on each input, by port; BROKEN where it was reported. On unknown ports only wires are checked."""
        result = {}
        for name, value in spec.inputs.data.items():
            who, port = f"{spec.who}: input '{cropped(name)}'", ports.get(name)
            if port is not None:
                result[name] = self._many(spec, who, value) if port.many else self._single(spec, who, value)
            else:
                items = value.data if isinstance(value.data, list) else [value]
                result[name] = tuple(self.wire(who, item, spec) for item in items if isinstance(item.data, str))
        return result

    def _many(self, spec: NodeSpec, who: str, value: Value) -> Any:
        if value.data is BROKEN:
            return BROKEN
        if not isinstance(value.data, list):
            return self.report(spec, value.place, f"{who} must be a list of wires, got {value.kind}", "put it in [ ]")
        if not value.data:
            return self.report(spec, value.place, f"{who} must have at least one value, got an empty list")
        items = tuple(self._single(spec, who, item) for item in value.data)
        return BROKEN if any(item is BROKEN for item in items) else items

    def _single(self, spec: NodeSpec, who: str, value: Value) -> Any:
        data = value.data
        if data is BROKEN:
            return BROKEN
        if isinstance(data, str):
            return self.wire(who, value, spec)
        if data is None:
            return self.report(spec, value.place, f"{who} must be a wire or a number, got nothing")
        if isinstance(data, list) and (wrong := _not_number(value)):
            hint = "only a port that takes many values has a list of wires" if isinstance(wrong.data, str) else ""
            return self.report(spec, wrong.place, f"{who}: a list must hold numbers, got {wrong.kind}", hint)
        plain = self.value(spec, who, value, array=True)
        return plain if plain is BROKEN else Literal(plain)

    def value(self, spec: NodeSpec, who: str, value: Value, array: bool) -> Any:
        """The plain value of an attr or literal; a mapping is an array in a file, where one may stand."""
        if not isinstance(value.data, dict):
            return value.data if value.data is BROKEN else value.plain()
        if not array:
            return self.report(spec, value.place, f"{who} must be a plain value, got a mapping")
        if not known_keys(self.document, value, ("path", "array"), who):
            spec.ok = False
            return BROKEN
        path, name = (value.data.get(key, Value(None, value.place)).data for key in ("path", "array"))
        if path is BROKEN or name is BROKEN:
            return BROKEN
        if not isinstance(path, str) or not isinstance(name, str | None):
            return self.report(spec, value.place, f"{who}: an array must be {{path: file.npz, array: name}}, both text")
        try:
            return self.context.arrays.read(self.file.find(path), name)
        except ValueError as error:
            return self.report(spec, value.data["path"].place, f"{who}: {error}")

    def wire(self, who: str, value: Value, spec: NodeSpec | None = None) -> Any:
        """The wire that a text names; BROKEN where there is none, or where it comes from a node that is wrong."""
        name, dot, port = value.data.partition(".")
        wires = self.wires.get(name)
        if wires is BROKEN:
            return BROKEN
        if wires and (not dot or port in wires):
            return wires[port] if dot else next(iter(wires.values()))
        if spec is not None:
            spec.ok = False
        if wires is None:
            number = number_meant(value.data) if value.data[-1:].isalpha() else ""  # nan, which is a word here
            hint = number or self.context.hints.nearest(name, self.wires)
            return self.document.report(value.place, f"{who}: no node or input named '{cropped(name)}'", hint)
        if not dot:
            return self.document.report(value.place, f"{who}: '{name}' has no outputs to wire")
        hint = self.context.hints.nearest(port, wires) or self.having(wires)
        return self.document.report(value.place, f"{who}: '{name}' has no output '{cropped(port)}'", hint)


def _not_number(value: Value) -> Value | None:
    """The first item within a list that is no number."""
    for item in value.data:
        if isinstance(item.data, list):
            if wrong := _not_number(item):
                return wrong
        elif not isinstance(item.data, bool | int | float):
            return Value(item.data, item.place)
    return None
