"""Advice of the framework is for who reads it: a page of the studio has no options and no commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dataflow

PACKAGE = Path(dataflow.__file__).parent
# an option, a short one with what it is given, or a command
COMMAND_LINE = re.compile(r"(?<![\w(-])--[a-z]|(?<!\w)-[pi]( |$)|`dataflow |dataflow train ")
NO_MESSAGES = {
    "inspection/scene_svg.py",  # style
    "quantize/report_page.py",
    "quantize/report_style.py",
    "quantize/export/net.py",  # the page exports nothing
    "quantize/references.py",
    "training/initial_values.py",  # nor does it train from other values
    "training/run_comparison.py",  # what commands were given
    "graphfile/origins.py",
    "studio/jobs/training.py",  # the command that a record keeps
    "training/folder_lock.py",  # of a program that is started
    "studio/server.py",  # for who starts the server
}


def unadvised(source: str) -> Iterator[str]:
    """The texts of a module that name something of the command line and are not what `way_out` chooses from."""

    def walk(node: ast.AST) -> Iterator[str]:
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "way_out"
            and (len(node.args) == 3 or node.keywords)
        ):
            return  # it says something to the page
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and COMMAND_LINE.search(node.value):
            yield node.value
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    return walk(ast.parse(source))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('raise E(f"{x} is too large; give a larger --max-bytes")', 1),
        ('raise E(f"no block; `dataflow blocks` lists all")', 1),
        ('hint = f"write -p {name}=..."', 1),
        ('hint = way_out("give it", f"write -p {name}=...", "the tab Run")', 0),
        ('hint = way_out("give it", f"write -p {name}=...")', 1),
        ('"""What `dataflow check` says of --params."""', 0),
        ('hint = "a well-known pre--x"', 0),
    ],
    ids=["option", "command", "short", "chosen", "no page", "docstring", "dashes"],
)
def test_words_of_the_command_line_are_recognized(code: str, found: int) -> None:
    assert len([*unadvised(code)]) == found


def test_what_can_reach_a_page_names_nothing_of_the_command_line() -> None:
    modules = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    assert modules.keys() >= NO_MESSAGES
    found = {
        name: texts
        for name, path in modules.items()
        if not name.startswith("cli/") and name not in NO_MESSAGES and "node_modules" not in name
        if (texts := [*unadvised(path.read_text("utf-8"))])
    }
    assert found == {}
