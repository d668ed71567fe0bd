"""Commands and imports, each as a process."""

from __future__ import annotations

import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import dataflow as flow

from .names import CHECK, HELP, IMPORT, IMPORT_CLICK, IMPORT_NUMPY
from .timing import Run

MATMUL = Path(__file__).parents[2] / "graphs" / "basic" / "matmul.yaml"


def commands() -> dict[str, Run]:
    """Processes by what they do."""
    return {
        "python": partial(_python, "-c", ""),
        IMPORT_CLICK: partial(_python, "-c", "import click"),
        IMPORT_NUMPY: partial(_python, "-c", "import numpy"),
        IMPORT: partial(_python, "-c", "import numpy, dataflow"),
        "import dataflow and all blocks": partial(_python, "-c", "import dataflow; dataflow.blocks['Relu']"),
        HELP: partial(_python, "-m", "dataflow", "--help"),
        CHECK: partial(_python, "-m", "dataflow", "check", str(MATMUL)),
    }


def clock() -> float:
    """Processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _python(*args: str) -> None:
    # in the folder of the package, so that it is this one that is imported
    folder = Path(flow.__file__).parents[1]
    subprocess.run([sys.executable, *args], cwd=folder, check=True, stdout=subprocess.DEVNULL)
