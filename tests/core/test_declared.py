"""Where blocks of the library are declared: what its text says is where they are."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from dataflow.core import declared, registry
from dataflow.core.registry import Registry, blocks


def test_every_block_and_alias_is_in_the_module_that_is_named() -> None:
    modules = declared.modules_of_names()
    ours = [name for name in blocks.names() if blocks[name].__module__.startswith(f"{declared.LIBRARY}.")]
    assert len(ours) > 200 and {"Sub", "Relu", "Add"} <= {*ours}
    assert {name: modules.get(name) for name in ours} == {name: blocks[name].__module__ for name in ours}


def test_the_entry_point_names_the_same_package() -> None:
    assert declared.LIBRARY in [entry.value for entry in entry_points(group=registry.GROUP)]


def test_a_block_is_found_without_the_rest_of_the_library() -> None:
    program = (
        "import sys; from dataflow.core.registry import blocks\n"
        "print(blocks['Sub'].__name__, 'Relu' in blocks)\n"
        "print('blocks.nn_ops.convolution' in sys.modules, 'importlib.metadata' in sys.modules, blocks._loaded)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "Subtract True\nFalse False False\n"


@pytest.mark.parametrize("wrong", [{}, {"Relu": "blocks.no_such_module"}, {"Relu": "blocks.math_ops.cast"}])
def test_a_block_is_found_where_the_text_says_nothing_or_is_wrong(wrong: dict[str, str]) -> None:
    program = (
        f"from dataflow.core import registry; registry.modules_of_names = lambda: {wrong!r}\n"
        "print(registry.blocks['Relu'].__module__, registry.blocks._loaded)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "blocks.nn_ops.relu True\n"


@pytest.mark.parametrize("name", ["Relu", "Sub"])
def test_no_other_block_takes_a_name_of_the_library_before_it_is_looked_up(name: str) -> None:
    program = (
        "from dataflow.core.registry import blocks\nfrom dataflow.core.kinds import Unary\n"
        f"try:\n    class {name}(Unary): 'Another.'\nexcept Exception as error: print(error)\n"
        f"print(blocks[{name!r}].__module__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    told, module = done.stdout.splitlines()
    assert told == f"block '{name}' of __main__: the name must be new, got one that {module} has; rename one of them"
    assert module == declared.modules_of_names()[name]


def test_another_registry_has_what_it_loads_itself() -> None:
    with pytest.raises(registry.UnknownNameError, match="no block 'Relu'"):
        Registry()["Relu"]
