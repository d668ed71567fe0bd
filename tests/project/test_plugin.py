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
    code = re.search(r"```python\n# (my_blocks/\w+\.py)\n(.*?)```", text, re.DOTALL)
    section, entry = re.search(r'\[project\.entry-points\."([\w.]+)"\]\n(\w+ = )"(\w+)"', text).group(1, 0)
    (folder / "my_blocks").mkdir()
    (folder / "my_blocks" / "__init__.py").write_text("")
    (folder / code[1]).write_text(code[2], "utf-8")
    info = folder / "my_blocks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_blocks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{section}]\n" + entry.splitlines()[1].replace('"', "") + "\n")
    return folder


def python(package: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, env=environment, cwd=package)


def test_the_page_checks_its_block(package):
    checked = re.search(r"```python\n(from dataflow\.conformance.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    done = python(package, "-c", checked)
    assert (done.returncode, done.stderr) == (0, "")


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
