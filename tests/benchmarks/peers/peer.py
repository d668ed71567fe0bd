"""What every peer has: arrays of its own, and ops that take and give them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np

from ..timing import Run


class Peer:
    """A framework to compare with, or one way of using it. An op is a method; one that it lacks is not compared.

    exact : whether results have the bits of TensorFlow's kernels.
    interprets : whether each node is a call, rather than compiled away.
    """

    name: ClassVar[str]
    exact: ClassVar[bool] = False
    interprets: ClassVar[bool] = True

    def tensor(self, array: np.ndarray[Any, Any]) -> Any:
        """An array of the framework's own."""
        return array

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as this way of using the framework runs it."""
        return function

    def wait(self, result: Any) -> Any:
        """The result, once it is computed."""
        return result

    def prepare(self, op: str, *arrays: np.ndarray[Any, Any], **static: Any) -> Run | None:
        """A call of an op, bound to tensors."""
        method = getattr(self, op, None)
        if method is None:
            return None
        call = self.compiled(partial(method, **static))
        tensors = [self.tensor(a) for a in arrays]
        return lambda: self.wait(call(*tensors))

    def library(self, op: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> Run | None:
        """A call of TensorFlow's op of that name, or of what else the framework has in its place."""
        return None

    def train(self, model: str, *given: Any) -> Run | None:
        """A step of training that gives the loss; the weights live on from call to call."""
        method = getattr(self, f"train_{model}", None)
        return None if method is None else method(*given)
