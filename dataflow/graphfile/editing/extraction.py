"""Nodes of a file made a graph file of their own, which one node uses in their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from dataflow.core.errors import cropped, instead, way_out
from dataflow.core.shapes import TensorType
from dataflow.graphfile.editing.changes import Change, Drop, Put, Refusal, Rekey, Tree, told
from dataflow.graphfile.editing.lines import Lines
from dataflow.graphfile.editing.mentions import Named, mentions, param_uses, params_in, section, with_defaults
from dataflow.graphfile.editing.relocation import relocated
from dataflow.graphfile.editing.renaming import check_new, refuse_two
from dataflow.graphfile.emit import block, entry
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.paths import reference
from dataflow.graphfile.spans import Entry, lookup, spans
from dataflow.graphfile.tree import BROKEN


class Extraction:
    """What becomes of a file when some of its nodes move into another.

    ``outer`` are the changes of the file; ``text`` is that of the new one, in which ``inner`` are still to be made.
    """

    def __init__(self, tree: Tree, text: str, chosen: Sequence[str], name: str, path: Path, context: LoadContext):
        self.tree, self.name, self.context = tree, name, context
        nodes = section(tree, "nodes")
        for each in chosen:
            if each not in nodes:
                raise Refusal(("nodes",), f"no node '{cropped(each)}'", instead(each, nodes))
        self.chosen = [each for each in nodes if each in chosen]
        if not self.chosen:
            raise Refusal(("nodes",), "nodes must be named to make a graph of, got none")
        check_new(tree, "nodes", name)
        self.file, _ = context.top()
        self.mentions = mentions(tree)
        self._refuse_cycle()
        self.inputs: dict[str, tuple[str, Tree]] = {}  # by wire: the name and the type
        self.outputs: dict[str, str] = {}  # by wire: the name
        self.inner: list[Change] = []
        self.outer: list[Change] = []
        self._cross()
        self.params = sorted({p for use, t in param_uses(tree) if self._inside(use) for p in params_in(t)})
        made: dict[str, Tree] = {"block": reference(path, self.file.real.parent)}
        if self.inputs:
            made["inputs"] = {inner: wire for wire, (inner, _) in self.inputs.items()}
        if self.params:
            made["attrs"] = {param: f"${param}" for param in self.params}
        first = Put(("nodes", name), made, after=self.chosen[0])  # below the comments above that node, which stay
        self.outer = [first, *self.outer, *(Drop(("nodes", each)) for each in self.chosen)]
        self.text = self._written(text, path)

    def _inside(self, path: Sequence[str | int]) -> bool:
        return path[0] == "nodes" and path[1] in self.chosen

    def _refuse_cycle(self) -> None:
        """Refuse nodes between which others stand: what they give would be needed for what they get."""
        readers: dict[str, set[str]] = {}
        for each in self.mentions:
            if each.what == "wire" and each.path[0] == "nodes":
                readers.setdefault(each.head, set()).add(str(each.path[1]))
        chosen = set(self.chosen)
        waiting, reached = list(chosen), set[str]()
        while waiting:
            for reader in readers.get(waiting.pop(), set()) - chosen - reached:
                reached.add(reader)
                waiting.append(reader)
        for between in sorted(reached):
            if readers.get(between, set()) & chosen:
                hint = f"take '{cropped(between)}' too"
                raise Refusal(("nodes", between), f"'{cropped(between)}' stands between these nodes", hint)

    def _cross(self) -> None:
        """The wires that lead in and out."""
        leaving: list[Named] = []
        for each in self.mentions:
            inside, own = self._inside(each.path), each.head in self.chosen
            by_param = "$" in each.text and with_defaults(self.tree, each.text).partition(".")[0] in self.chosen
            if each.what == "wire" and "$" in each.text and (inside or by_param):
                raise Refusal(each.path, f"'{told(each.path)}' names a wire by parameters", "write the name there")
            if each.what == "wire" and inside and not own:
                self.inner.append(Put(each.path, self._input(each)))
            elif each.what == "wire" and own and not inside:
                self._output(each)
                leaving.append(each)
            elif each.what == "result" and own:
                refuse_two(self.tree, each)
                if each.text not in section(self.tree, "outputs"):
                    message = f"'{told(each.path)}' names '{cropped(each.text)}'"
                    raise Refusal(each.path, message, "name an output there first")
            elif each.what in ("node", "pattern"):
                self.outer += self._moved(each)
        for each in leaving:
            port = f".{self.outputs[each.text]}" if len(self.outputs) > 1 else ""
            self.outer.append(Put(each.path, self.name + port))

    def _moved(self, each: Named) -> Iterator[Change]:
        """The new name of nodes that sections name, of variables and of quantized ones."""
        head = each.text.partition("/")[0]
        new = f"{self.name}/{each.text}"
        if head in self.chosen:
            yield Rekey(each.path, new) if each.is_key else Put(each.path, new)
        elif "*" in head and (found := [name for name in self.chosen if fnmatchcase(name, head)]):
            message = f"'{each.text}' names '{cropped(found[0])}', but not '{cropped(f'{self.name}/{found[0]}')}'"
            raise Refusal(each.path, message, "change it first")

    def _input(self, each: Named) -> str:
        """The name of the input for a wire from outside."""
        if each.text not in self.inputs:
            outputs = self.context.wires.get(each.head, BROKEN)
            port = each.port[1:] or next(iter(outputs), "") if outputs is not BROKEN else ""
            if outputs is BROKEN or port not in outputs:
                hint = way_out("`dataflow check` says what is wrong", page="F8 shows what is wrong")
                raise Refusal(each.path, f"the type of '{cropped(each.text)}' must be known, got nothing", hint)
            taken = {*self.chosen, *(name for name, _ in self.inputs.values())}
            name = each.text.replace(".", "_")
            while name in taken:
                name += "_"
            self.inputs[each.text] = name, _declared(outputs[port].type)
        return self.inputs[each.text][0]

    def _output(self, each: Named) -> None:
        """Give a wire that is read outside a name as output."""
        if each.text not in self.outputs:
            name = each.text.replace(".", "_")
            while name in self.outputs.values():
                name += "_"
            self.outputs[each.text] = name

    def _written(self, text: str, path: Path) -> str:
        """The new file before its wires have their names: the nodes as they are written."""
        lines = ["dataflow: 1", *entry("name", path.stem)]
        if self.params:
            declared = section(self.tree, "params")
            lines += ["", *block("params", {param: declared[param] for param in self.params if param in declared})]
        if self.inputs:
            lines += ["", *block("inputs", dict(self.inputs.values()))]
        lines += ["", "nodes:"]
        source, root = Lines(text), spans(text)
        for name in self.chosen:
            node = self.tree["nodes"][name]
            moved = relocated(node, name, self.file, path.parent)
            span = lookup(root, ("nodes",))
            found = span.find(name) if span is not None and not span.flow else None
            if found is not None and moved == node and _alone(found):
                lines += _lines(source, found)
            else:
                lines += entry(name, moved, 2)
        if self.outputs:
            lines += ["", *block("outputs", {name: wire for wire, name in self.outputs.items()})]
        return "\n".join(lines) + "\n"


def _alone(found: Entry) -> bool:
    """Whether the text of an entry needs no anchor from elsewhere."""
    return not found.asked and not any(span.anchor or span.kind == "alias" for span in found.value.all())


def _lines(source: Lines, found: Entry) -> list[str]:
    """The lines of an entry, indented as nodes are."""
    start, shift = source.start(found.start), 2 - source.column(found.start)
    lines = source.text[start : source.below(found)].splitlines()
    return [" " * shift + line if shift > 0 and line.strip() else line[-shift if shift < 0 else 0 :] for line in lines]


def _declared(type_: TensorType) -> Tree:
    """The type of an input as a file declares it."""
    return {"dtype": type_.dtype} | ({} if type_.shape is None else {"shape": list(type_.shape)})
