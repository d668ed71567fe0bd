"""``python -m dataflow`` and the command ``dataflow``."""

import os
import sys

from dataflow.interrupt import watch


def main() -> None:
    """Run the command line."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: the next file would get its number, and what is printed
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    watch()
    from dataflow.cli import main as run  # from here on, Ctrl+C prints no traceback

    run()


if __name__ == "__main__":
    main()
