"""Writes constraints.txt: the newest releases that pyproject.toml allows, of all that the project and its tools need.

For the oldest Python that the project supports, which must run this: newer ones install the same releases.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = ["colorama"]  # what they need there alone
HEAD = "# The releases that the tests run on; written by .ci/constraints.py.\n"


def main() -> None:
    """Install the project afresh and write down what came."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    this, oldest = "{}.{}".format(*sys.version_info), project["requires-python"].removeprefix(">=")
    if this != oldest:
        sys.exit(f"constraints.py: must be run by Python {oldest}, got {this}; newer ones may take what it cannot")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "Scripts" if os.name == "nt" else "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"{ROOT}[dev]", *WINDOWS], check=True)
        ours = ["--exclude", project["name"], "--exclude", "pip", "--exclude", "setuptools"]
        frozen = subprocess.run(
            [python, "-m", "pip", "list", "--format", "freeze", *ours], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    (ROOT / "constraints.txt").write_text(HEAD + frozen, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
