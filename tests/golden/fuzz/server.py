"""Cases run in a process of their own: TensorFlow stops its process where it finds itself at fault."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections import Counter
from typing import Any


def serve(pipe: Any) -> None:
    """Runs the cases that come through a pipe."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the kernels that vectors are recorded from
    from .trial import Outcome, tried

    while True:
        try:
            case = pipe.recv()
        except EOFError:  # nobody asks any more
            return
        try:
            pipe.send(tried(*case))
        except Exception:
            pipe.send(Outcome(Counter(cases=1), [f"the fuzzer itself fails: {traceback.format_exc()}"]))


class Server:
    """A process for cases, another one after it has died."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, *case: Any) -> Any:
        """The outcome; None where the process died of it."""
        self.pipe.send(case)
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            self.start()
            return None
