"""Plugins and files with blocks: what is broken in them is told with its place, and the rest works."""

from __future__ import annotations

import sys
import textwrap
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from dataflow.core import registry
from dataflow.core.errors import DataflowError, GradientError, RunError, UnknownNameError
from dataflow.core.plugins import Plugin, PluginWarning, plugins
from dataflow.core.registry import Registry, blocks, load_blocks
from dataflow.engine.run import run
from dataflow.graph.gradient import gradient
from dataflow.graph.graph import Graph

UNARY = "from dataflow.core.kinds import Unary\n"


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Blocks and modules that a test adds are gone after it."""
    blocks.load()
    kept = dict(blocks._blocks), dict(blocks._aliases), list(blocks.faults)
    monkeypatch.delenv("DATAFLOW_BLOCKS", raising=False)
    yield
    blocks._blocks, blocks._aliases, blocks.faults = kept
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs modules of a package as the plugin ``cubes``; the registry looks for plugins anew."""

    def installed(**modules: str) -> Path:
        folder = tmp_path / "site" / "cube_blocks"
        folder.mkdir(parents=True)
        for name, text in {"__init__": "", **modules}.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(folder.parent)
        entry = EntryPoint("cubes", "cube_blocks", registry.GROUP)
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry])
        monkeypatch.setattr(blocks, "_loaded", False)
        return folder

    return installed


BROKEN = {
    "import": ("import no_such_module\nclass Broken: pass\n", 1, "ModuleNotFoundError: No module named"),
    "syntax": ("\nclass Broken\n", 2, "SyntaxError: expected ':'"),
    "body": (UNARY + "class Broken(Unary):\n    T = 1 / 0\n", 3, "ZeroDivisionError: division by zero"),
    "exit": ("import sys\nclass Broken: pass\nsys.exit(3)\n", 3, "SystemExit: 3"),
    "name": (
        UNARY + "class Broken(Unary): pass\nclass Relu(Unary): pass\n",
        3,
        "DataflowError: block 'Relu' of cube_blo",
    ),
    "attr": (
        UNARY + "from dataflow import attr\nclass Broken(Unary):\n    n = attr('number', default=1)\n",
        3,
        "TypeError: Broken: attr 'n' must have an annotation",
    ),
    "port": (
        UNARY + "from dataflow import In\nclass Broken(Unary):\n    x = In('Q')\n",
        3,
        "TypeError: Broken: port 'x' must have a dtype, a type variable or a dtype attr, got 'Q'",
    ),
    "aliases": (
        UNARY + "class Broken(Unary):\n    aliases = 'Break'\n",
        2,
        "TypeError: Broken: 'aliases' must be a tuple of names, got 'Break'",
    ),
}


@pytest.mark.parametrize(("source", "line", "error"), BROKEN.values(), ids=BROKEN)
def test_a_broken_module_is_told_with_its_line_and_the_rest_works(install, source: str, line: int, error: str) -> None:
    folder = install(broken=source, right=UNARY + "class Right(Unary):\n    ufunc = __import__('numpy').negative\n")
    with pytest.warns(PluginWarning) as warned:
        assert blocks["Right"]()(2.0) == -2.0
    text = str(warned[0].message)
    assert text.startswith(f"plugin 'cubes' is broken: {folder / 'broken.py'}:{line}: {error}"), text
    assert len(warned) == len(warned[0].message.faults) == 1
    assert "Broken" not in blocks and blocks["Relu"].__module__ == "blocks.nn_ops.relu"
    with pytest.raises(UnknownNameError, match=r"no block 'Broken': plugin 'cubes' is broken: .*broken\.py:"):
        blocks["Broken"]


def test_a_module_that_fails_leaves_none_of_its_blocks(install) -> None:
    install(half=UNARY + "class Half(Unary):\n    aliases = ('OneHalf',)\nraise ValueError('later\\nmore')\n")
    with pytest.warns(PluginWarning, match=r"half\.py:4: ValueError: later; mend it, reinstall it or remove it$"):
        assert not {"Half", "OneHalf"} & set(blocks.names())


def test_a_package_that_fails_keeps_what_was_imported_whole(install) -> None:
    first = "from cube_blocks import whole, broken\n"
    install(__init__=first, whole=UNARY + "class Whole(Unary): pass\n", broken="class Broken(Unary): pass\n")
    with pytest.warns(PluginWarning, match=r"broken\.py:1: NameError: name 'Unary' is not defined"):
        assert "Whole" in blocks and "Broken" not in blocks
    assert blocks.fault("Broken") is not None and blocks.fault("Whole") is None


def test_all_faults_are_kept_and_the_first_is_told(install) -> None:
    install(a="1 / 0", b="import no_such_module")
    with pytest.warns(PluginWarning, match=r"a\.py:1: Zero.*\(and 1 more: dataflow\.blocks\.faults\)"):
        len(blocks)
    assert [fault.error.split(":")[0] for fault in blocks.faults] == ["ZeroDivisionError", "ModuleNotFoundError"]


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = EntryPoint("lost", "no_such_package", registry.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [lost])
    with pytest.warns(PluginWarning, match="^plugin 'lost' is broken: no_such_package: ModuleNotFoundError"):
        assert len(Registry()) == 0


def test_ctrl_c_is_no_fault_of_a_plugin(install) -> None:
    install(stopped="raise KeyboardInterrupt")
    for _ in range(2):  # it is not taken as loaded
        with pytest.raises(KeyboardInterrupt):
            blocks["NoSuchBlock"]
    blocks._loaded = True


def test_the_library_comes_first_and_each_plugin_once() -> None:
    class Distribution:
        def __init__(self, name: str):
            self.name = name

    def entry(name: str, package: str) -> EntryPoint:
        made = EntryPoint(name, name, registry.GROUP)
        vars(made).update(dist=Distribution(package))
        return made

    found = plugins(
        [entry("b", "other"), entry("library", "dataflow-blocks"), entry("a", "other"), entry("b", "other")]
    )
    assert found == [
        Plugin("library", "dataflow-blocks", "library"),
        Plugin("a", "other", "a"),
        Plugin("b", "other", "b"),
    ]
    assert found[1].who == "plugin 'a' of package other"


# -- files ----------------------------------------------------------------------------------------------------------

CUBE = """
import numpy as np
from dataflow import Block
from dataflow.core.kinds import Unary

class FileCube(Unary):
    def kernel(self, x, out=None):
        return np.multiply(x * x, x, out=out)
"""


def test_a_file_gives_its_blocks(tmp_path: Path) -> None:
    (tmp_path / "my_cubes.py").write_text(CUBE)
    made = load_blocks(tmp_path / "my_cubes.py")
    assert made == [blocks["FileCube"]]
    assert blocks["FileCube"]()([2.0, 3.0]).tolist() == [8.0, 27.0]
    assert [path.name for path in tmp_path.iterdir()] == ["my_cubes.py"]  # nothing is written beside it


def test_a_file_that_changed_is_run_anew(tmp_path: Path) -> None:
    path = tmp_path / "my_cubes.py"
    path.write_text(CUBE)
    load_blocks(path)
    path.write_text(CUBE.replace("x * x", "x").replace("FileCube", "FileSquare"))
    load_blocks(path)
    assert "FileCube" not in blocks and np.array_equal(blocks["FileSquare"]()([3.0]), [9.0])
    path.write_text("1 / 0")
    with pytest.raises(DataflowError):
        load_blocks(path)
    assert "FileSquare" in blocks  # as before


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("bad.py", "x = 1\nx = (\n", "{}:2: SyntaxError: '(' was never closed"),
        ("bad.py", CUBE + "\nraise SystemExit('enough')\n", "{}:10: SystemExit: enough"),
        ("bad.py", "import dataflow\n\ndataflow.blocks['Rellu']", "{}:3: UnknownNameError: no block 'Rellu'; did"),
        ("bad.py", CUBE.replace("FileCube", "Exp"), "{}:6: DataflowError: block 'Exp' of bad: the name must be new"),
        ("bad.py", "x = 1\n", "{}: must define a block, got none; derive a class from a kind of block"),
        ("bad.py", "\0", "{}: SyntaxError: source code string cannot contain null bytes"),
        ("bad.txt", CUBE, "{}: a file with blocks must be called as my_blocks.py is; rename it"),
        ("my-cubes.py", CUBE, "{}: a file with blocks must be called as my_blocks.py is; rename it"),
        ("random.py", CUBE, "{}: the name must be new, got that of the module random; rename it"),
        ("blocks.py", CUBE, "{}: the name must be new, got that of the module blocks; rename it"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_told_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    before = blocks.names()
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataflowError) as caught:
        load_blocks(path)
    assert str(caught.value).startswith(message.format(path)), caught.value
    assert blocks.names() == before


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataflowError, match=r"gone\.py: no such file or directory; name a Python file with blocks"):
        load_blocks(tmp_path / "gone.py")


def test_files_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "my_cubes.py"
    path.write_text(CUBE)
    monkeypatch.setenv("DATAFLOW_BLOCKS", f"{path}")
    monkeypatch.setattr(blocks, "_loaded", False)
    assert "FileCube" in blocks
    path.write_text("1 / 0")
    monkeypatch.setattr(blocks, "_loaded", False)
    for _ in range(2):
        with pytest.raises(DataflowError, match=r"my_cubes\.py:1: ZeroDivisionError"):
            len(blocks)
    blocks._loaded = True


FAILING = """
from dataflow import In, Out
from dataflow.core.kinds import Opaque, Unary

class FileFails(Unary):
    def kernel(self, x):
        return helper(x)

    def grad(self, x, y, dy):
        return helper(dy)

def helper(x):
    return x.no_such_thing
"""


def test_what_fails_later_is_told_with_its_line_too(tmp_path: Path) -> None:
    path = tmp_path / "failing.py"
    path.write_text(FAILING)
    load_blocks(path)
    graph = Graph()
    graph.output("y", blocks["FileFails"]()(graph.input("x", "float32", [2]), name="y"))
    said = f"no attribute 'no_such_thing' ({path}:13)"
    with pytest.raises(RunError, match=r"^node 'y' \(FileFails\): AttributeError: ") as failed:
        run(graph, x=[1.0, 2.0])
    assert str(failed.value).endswith(said)
    with pytest.raises(GradientError, match=r"^node 'y' \(FileFails\): its gradient rule must run, got Attr") as failed:
        gradient(graph, of="y", wrt=["x"])
    assert str(failed.value).endswith(said)


def test_errors_of_the_library_have_no_place() -> None:
    with pytest.raises(AttributeError) as caught:
        blocks["Relu"]().kernel("no array")
    assert blocks.outside(caught.value) == blocks.outside(None) == ""


KERNELS = {
    "return x + 1": False,
    "out = x + 1": False,
    "return np.add(x, 1, out)": True,
    "return np.add(x, 1, out=out)": True,
    "return (lambda: np.add(x, 1, out))()": True,
    "np.copyto(out, x) if out is not None else None": True,
}


@pytest.mark.parametrize(("body", "fine"), KERNELS.items(), ids=KERNELS)
def test_a_kernel_that_never_uses_out_is_told_before_it_runs(tmp_path: Path, body: str, fine: bool) -> None:
    path = tmp_path / "outs.py"
    path.write_text(
        f"import numpy as np\n{UNARY}class FileOut(Unary):\n    def kernel(self, x, out=None):\n        {body}\n"
    )
    if fine:
        assert load_blocks(path) == [blocks["FileOut"]]
        return
    with pytest.raises(DataflowError) as caught:
        load_blocks(path)
    assert str(caught.value).startswith(
        f"{path}:4: FileOut: a kernel that takes `out` must write its first output there"
    )
    assert "FileOut" not in blocks


def test_in_a_plugin_that_block_alone_is_missing(install) -> None:
    lost = UNARY + "class Lost(Unary):\n    def kernel(self, x, out=None):\n        return x\n"
    install(mixed=lost + "class Kept(Unary):\n    def kernel(self, x):\n        return x\n")
    with pytest.warns(PluginWarning, match=r"mixed\.py:3: Lost: a kernel that takes `out` must write"):
        assert "Kept" in blocks and "Lost" not in blocks
    assert blocks.fault("Lost") is not None
