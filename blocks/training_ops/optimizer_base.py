"""What optimizers share: their ports, and the outputs that follow from these."""

from __future__ import annotations

from typing import Any, ClassVar

from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.composite import Composite
from dataflow.core.kinds import Update
from dataflow.core.roles import Gradient, LearningRate, PowerOf, Setting, Slot, Variable

# -- ports, which each optimizer lists in TensorFlow's order ------------------------------------------------------


def variable() -> In:
    """The port of the variable that is trained."""
    return In("T", "the variable", role=Variable())


def gradient() -> In:
    """The port of the gradient."""
    return In("T", "gradient of the loss by the variable", role=Gradient())


def slot(what: str, initial: float = 0.0) -> In:
    """The port of a variable that is kept from step to step."""
    return In("T", f"variable that keeps {what}, of the same shape", role=Slot(initial))


def rate(default: float, limits: str = "") -> In:
    """The port of the learning rate."""
    return In("T", f"learning rate{limits}", shape=(), role=LearningRate(default))


def setting(doc: str, default: float) -> In:
    """The port of another number that is the same for all elements."""
    return In("T", doc, shape=(), role=Setting(default))


def power_of(base: str) -> In:
    """The port of a setting to the power of the steps done."""
    return In("T", f"`{base}` to the power of the steps done", shape=(), role=PowerOf(base=base))


class Optimizer(Update, Composite, abstract=True):
    """A step for one variable and the slots beside it.

    A subclass writes its inputs, and as ``body`` the next values of the variable and of the slots, in their order.
    Outputs follow from the inputs: ``out`` is the next value of the variable, ``<slot>_out`` that of a slot.
    """

    T = dtypes.floating
    out: ClassVar[Out]
    grad: ClassVar[Any] = None

    def __init_subclass__(cls, **options: Any) -> None:
        assigns = {}
        for name, port in [*vars(cls).items()]:
            match port.role if isinstance(port, In) else None:
                case Variable():
                    assigns[name], cls.out = "out", Out("T", "the variable's next value")
                case Slot():
                    assigns[name] = f"{name}_out"
                    setattr(cls, assigns[name], Out("T", f"next value of `{name}`"))
        if assigns:
            cls.assigns = assigns
        super().__init_subclass__(**options)
