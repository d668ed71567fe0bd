"""``dataflow edit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from dataflow.cli import options, output

if TYPE_CHECKING:
    from dataflow.graphfile.edit import Editor

_OPERATIONS: tuple[tuple[str, int, Any, str], ...] = (
    ("--set", 1, "PLACE=VALUE", "Put a value: an attr, a wire, a number, a param, a key of a section."),
    ("--append", 1, "PLACE=VALUE", "Add an item to a list."),
    ("--remove", 1, "PLACE", "Take a value away; a node or input with the wires to it."),
    ("--add", 1, "NODE=MAPPING", "Add a node, as in relu='{block: Relu, inputs: {features: x}}'."),
    ("--before", 1, "NODE", "Where the node goes that was added last."),
    ("--after", 1, "NODE", "Where the node goes that was added last, or what was pasted."),
    ("--comment", 1, "TEXT", "A line above the node that was added last."),
    ("--delete", 1, "NODE", "Delete a node and the wires to it."),
    ("--bypass", 1, "NODE", "Delete a node; its readers get what stood on its first input."),
    ("--wire", 2, ("SOURCE", "TARGET"), "Wire a value to an input, as in conv1 relu.features; to a list one more."),
    ("--unwire", 1, "TARGET", "Take off what stands on an input, or an item of its list."),
    ("--splice", 2, ("NODE", "TARGET"), "Put a node into the wire to an input, or to outputs.NAME."),
    ("--pull-out", 1, "NODE", "Take all wires off a node; its readers get what stood on its first input."),
    ("--param", 2, ("NAME", "PLACE"), "Make a value a param, with that value as its default."),
    ("--paste", 1, "FILE", "Add the nodes of a text or graph file, - for standard input; then --after."),
    ("--copy", 1, "NODES", "Print nodes, as a,b,c, as text for --paste."),
    ("--rename", 2, ("PLACE", "NAME"), "Rename a node, input, output or param wherever it is named."),
    ("--extract", 3, ("NODES", "NAME", "FILE"), "Make nodes, as a,b,c, a graph file that a node uses."),
    ("--unpack", 1, "NODE", "Write out the graph file that a node uses."),
)
_OF_NODE = ("--before", "--after", "--comment")  # of the node that was added last


class _InOrder(click.Command):
    """A command that gets its options in the order in which they were written."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        values, _, order = self.make_parser(ctx).parse_args([*args])
        left = {name: iter(given) for name, given in values.items() if isinstance(given, list)}
        known = {operation[0] for operation in _OPERATIONS}
        ctx.meta["order"] = [
            (param.opts[0], next(left[str(param.name)]))
            for param in order
            if param.opts[0] in known and param.name in left
        ]
        return super().parse_args(ctx, args)


def _operations(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, count, metavar, text in reversed(_OPERATIONS):
        shown = " ".join(metavar) if isinstance(metavar, tuple) else metavar
        command = click.option(
            name, multiple=True, nargs=count, metavar=shown, help=text, expose_value=False, type=str
        )(command)
    return command


@click.command("edit", cls=_InOrder)
@options.graph_file
@_operations
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would change.")
@click.option("--force", is_flag=True, help="Write also where the graph is wrong afterwards.")
@click.pass_context
def command(ctx: click.Context, path: str, dry_run: bool, force: bool) -> int:
    """Edit a graph file: the text changes where it must, and nowhere else.

    A PLACE is `conv1.filters`, an attr, input or key of a node, or a section and its keys: `outputs.y`,
    `params.bits`, `train.epochs`; digits count the items of a list from 0. A VALUE is as the file has it:
    `set q.inputs=conv1.y` a wire, `set q.num_bits='$bits'` a param. The operations are done in their order, all of
    them or none.
    """
    from dataflow.graphfile.edit import edit

    operations = _joined(ctx.meta["order"])
    if not operations:
        raise click.UsageError("give at least one operation, such as --set conv1.filters=8")
    file = edit(path)
    known = file.problems()
    for name, values in operations:
        _run(file, name, *values)
    new = file.problems(known)
    if dry_run:
        output.say(file.diff().rstrip("\n"))
    if new:
        output.say("\n".join(map(str, new)), err=True)
        if not force:
            output.say(f"{path}: not written, the graph would be wrong; --force writes it all the same", err=True)
            return 1
    if not dry_run and file.undo_title:
        file.save()
    return 0


def _joined(order: list[tuple[str, str | tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """The operations, what is said of a node that is added in one with it."""
    result: list[tuple[str, tuple[str, ...]]] = []
    for name, value in order:
        if name not in _OF_NODE:
            result.append((name, value if isinstance(value, tuple) else (value,)))
        elif not result or not (result[-1][0] == "--add" or (result[-1][0] == "--paste" and name == "--after")):
            raise click.UsageError(f"{name} must follow the --add of the node that it is about")
        else:
            added, values = result.pop()
            result.append((added, (*values, f"{name.removeprefix('--')}={value}")))
    return result


def _run(file: Editor, name: str, *given: str) -> None:
    match name:
        case "--set" | "--append":
            place, value = _pair(name, given[0])
            (file.set if name == "--set" else file.append)(place, _value(name, place, value))
        case "--add":
            node, value = _pair(name, given[0])
            parts = _value(name, node, value)
            if not isinstance(parts, dict) or not isinstance(parts.get("block"), str):
                raise click.UsageError(f"--add {node}: must be a mapping with 'block', got {value}")
            if wrong := parts.keys() - {"block", "inputs", "attrs", "doc"}:
                raise click.UsageError(f"--add {node}: must have block, inputs, attrs and doc, got {sorted(wrong)[0]}")
            said = dict(each.split("=", 1) for each in given[1:])
            before, after, comment = (said.get(key, "") for key in ("before", "after", "comment"))
            file.add(node, before=before, after=after, comment=comment, **parts)
        case "--remove":
            file.remove(given[0])
        case "--delete" | "--bypass":
            file.delete(given[0], reconnect=name == "--bypass")
        case "--wire":
            file.wire(given[0], given[1])
        case "--unwire":
            file.unwire(given[0])
        case "--splice":
            file.splice(given[0], given[1])
        case "--pull-out":
            file.pull_out(given[0])
        case "--param":
            file.param(given[0], given[1])
        case "--copy":
            output.say(file.copy(_names(given[0])).rstrip("\n"))
        case "--paste":
            after = given[1].partition("=")[2] if len(given) > 1 else ""
            for note in file.paste(_text_of(given[0]), after).notes:
                output.say(note, err=True)
        case "--rename":
            file.rename(given[0], given[1])
        case "--extract":
            file.extract(_names(given[0]), given[1], given[2])
        case "--unpack":
            file.unpack(given[0])


def _names(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


def _text_of(path: str) -> str:
    try:
        with click.open_file(path, encoding="utf-8") as file:
            text: str = file.read()
            return text
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise click.UsageError(f"--paste {path}: must be a text file: {reason}") from None


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.UsageError(f"{option} takes PLACE=VALUE, got '{text}'")
    return name, value


def _value(option: str, place: str, text: str) -> Any:
    """A value as a file has it: a number, text, a list in brackets, a mapping in braces; several lines are text."""
    from dataflow.graphfile.parse import parse

    if "\n" in text:
        return text
    document = parse(f"value: {text}\n", "value")
    root = document.root
    if document.problems or root is None or list(root.data) != ["value"]:
        told = next(iter(document.problems.values())).message if document.problems else "it has a key"
        raise click.UsageError(f"{option} {place}: must be a value, got '{text}': {told}; put text in quotes")
    return root.data["value"].plain()
