"""Commands and imports, each as a process."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import dataflow as flow

from .names import HELP, IMPORT, IMPORT_NUMPY
from .timing import Run


def commands() -> dict[str, Run]:
    """Processes by what they do."""
    return {
        "python": partial(_python, "-c", ""),
        IMPORT_NUMPY: partial(_python, "-c", "import numpy"),
        IMPORT: partial(_python, "-c", "import numpy, dataflow"),
        "import dataflow and all blocks": partial(_python, "-c", "import dataflow; dataflow.blocks['Relu']"),
        HELP: partial(_python, "-m", "dataflow", "--help"),
    }


def _python(*args: str) -> None:
    # in the folder of the package, so that it is this one that is imported
    folder = Path(flow.__file__).parents[1]
    subprocess.run([sys.executable, *args], cwd=folder, check=True, stdout=subprocess.DEVNULL)
