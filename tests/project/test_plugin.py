"""The package of docs/writing_blocks.md: a block outside the library, found by entry point and checked like them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import places
import pytest

pytestmark = pytest.mark.slow

PAGE = places.DOCS / "writing_blocks.md"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The page's package as an installer would lay it out, on the path of child processes."""
    folder = tmp_path_factory.mktemp("site")
    text = PAGE.read_text("utf-8")
    files = re.findall(r"```python\n# (my_blocks/\w+\.py)\n(.*?)```", text, re.DOTALL)
    section, entry = re.search(r'\[project\.entry-points\."([\w.]+)"\]\n(\w+ = )"(\w+)"', text).group(1, 0)
    (folder / "my_blocks").mkdir()
    (folder / "my_blocks" / "__init__.py").write_text("")
    for path, code in files:
        (folder / path).write_text(code, "utf-8")
    info = folder / "my_blocks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_blocks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{section}]\n" + entry.splitlines()[1].replace('"', "") + "\n")
    return folder


def python(package: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, env=environment, cwd=package)


def test_the_page_checks_its_blocks(package):
    checked = re.search(r"```python\n(from dataflow\.conformance.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    assert {*re.findall(r"check\((\w+)\)", checked)} == {"Cube", "Softcap"}
    done = python(package, "-c", checked)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_plan_of_a_composite_is_the_page_s(package):
    shown = r"```python\n(import dataflow as flow\nfrom my_blocks\.softcap.*?)```\n\n```text\n(.*?)```"
    code, printed = re.search(shown, PAGE.read_text("utf-8"), re.DOTALL).groups()
    done = python(package, "-c", code)
    assert (done.stdout, done.stderr) == (printed, "")


def test_a_broken_block_does_not_pass(package):
    code = "from dataflow.conformance import check; from my_blocks.cubic import Cube; import numpy as np\n"
    code += "Cube.kernel = lambda self, x, out=None: np.multiply(x, x, out)\ncheck(Cube)"
    done = python(package, "-c", code)
    assert done.returncode == 1
    assert "Cube" in done.stderr


def test_found_by_name(package):
    done = python(package, "-c", "import dataflow as flow; print(flow.blocks['Cube']()([3.0]))")
    assert (done.stdout, done.stderr) == ("[27.]\n", "")


def test_found_by_a_graph_file(package):
    (package / "cube.yaml").write_text(
        "dataflow: 1\nnodes:\n  y: {block: Cube, inputs: {x: [1.0, 2.0]}}\noutputs: {y: y}\n"
    )
    done = python(package, "-m", "dataflow", "run", "cube.yaml", "--json")
    assert (done.stdout, done.stderr) == ('{"y": [1.0, 8.0]}\n', "")


def test_a_name_is_taken_once(package):
    code = "import dataflow as flow; from dataflow.core.kinds import Unary; len(flow.blocks)\nclass Exp(Unary): pass"
    done = python(package, "-c", code)
    assert "block 'Exp' of __main__: the name must be new, got one that blocks.math_ops.exponential has" in done.stderr


GRAPH = "dataflow: 1\nnodes:\n  y: {block: NAME, inputs: {x: [1.0, 2.0]}}\noutputs: {y: y}\n"


@pytest.fixture
def broken(package):
    """A second module of the package, which needs what is not installed."""
    path = package / "my_blocks" / "wishful.py"
    path.write_text("import no_such_module\n\n\nclass Wish:\n    pass\n")
    yield path
    path.unlink()


def test_a_broken_module_is_told_and_the_rest_runs(package, broken):
    (package / "cube.yaml").write_text(GRAPH.replace("NAME", "Cube"))
    done = python(package, "-m", "dataflow", "run", "cube.yaml", "--json")
    assert (done.returncode, done.stdout) == (0, '{"y": [1.0, 8.0]}\n')
    assert done.stderr.startswith(f"warning: plugin 'my_blocks' of package my_blocks is broken: {broken}:1: ModuleNotF")
    assert len(done.stderr.splitlines()) == 1


def test_a_graph_with_a_block_of_a_broken_module_is_told_why(package, broken):
    (package / "wish.yaml").write_text(GRAPH.replace("NAME", "Wish"))
    done = python(package, "-m", "dataflow", "check", "wish.yaml")
    assert done.returncode == 1
    assert (
        f"wish.yaml:3:14: node 'y': no block 'Wish': plugin 'my_blocks' of package my_blocks is broken: {broken}:1:"
        in (done.stderr)
    )
    done = python(package, "-m", "dataflow", "blocks", "Wish")
    assert done.returncode == 1 and "no block 'Wish': plugin 'my_blocks'" in done.stderr


def test_all_broken_modules_are_told_where_asked(package, broken):
    other = broken.with_name("worse.py")
    other.write_text("def")
    try:
        few, all_ = (python(package, "-m", "dataflow", *more, "blocks", "Cube").stderr for more in ([], ["-v"]))
    finally:
        other.unlink()
    assert few.splitlines()[1:] == ["warning: 1 more module of plugins is broken; `dataflow -v ...` names all"]
    assert [line.partition(" is broken: ")[2].split(": ")[0] for line in all_.splitlines()] == [
        f"{broken}:1",
        f"{other}:1",
    ]


def test_a_file_beside_the_graph(package, tmp_path):
    (tmp_path / "hexes.py").write_text((package / "my_blocks" / "cubic.py").read_text().replace("Cube", "FileCube"))
    (tmp_path / "cube.yaml").write_text(GRAPH.replace("NAME", "FileCube"))
    asked = ["-m", "dataflow", "run", str(tmp_path / "cube.yaml"), "--json"]
    assert python(package, *asked).returncode == 1
    done = python(package, *asked, "--blocks", str(tmp_path / "hexes.py"))
    assert (done.stdout, done.stderr) == ('{"y": [1.0, 8.0]}\n', "")
    (tmp_path / "hexes.py").write_text("import dataflow\n\nraise OSError('no disk')\n")
    done = python(package, *asked, "--blocks", str(tmp_path / "hexes.py"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{tmp_path / 'hexes.py'}:3: OSError: no disk\n"
