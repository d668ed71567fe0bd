"""Checks of a block's declaration: docstring, example, ports, attrs and methods."""

from __future__ import annotations

import doctest
import inspect
import pickle
import re

from dataflow.conformance.samples import broken, documented, examples, scope
from dataflow.core.block import MISSING_GRADIENT, THROUGH_BODY, Block, In, Out
from dataflow.core.composite import Composite
from dataflow.core.registry import blocks
from dataflow.core.typing_rules import undeclared


def summary(block_class: type[Block]) -> None:
    """The docstring's first line says in one sentence what the block computes, with the formula in it."""
    first = (vars(block_class).get("__doc__") or "").strip().partition("\n")[0].strip()
    if not first:
        raise broken(block_class, "must have a docstring, got none; say in its first line what it computes")
    if not re.search(r"``[^`]+``", first):
        raise broken(block_class, f"its first line must have the formula in ``double backticks``, got: {first}")
    if not first.endswith(".") or len(first) > 118:
        raise broken(
            block_class, f"its first line must be one sentence that fits it and ends with a period, got: {first}"
        )


def source(block_class: type[Block]) -> None:
    """The docstring names where the op comes from."""
    if not re.search(r"^\s*Source: .+\.\s*$", vars(block_class).get("__doc__") or "", re.MULTILINE):
        raise broken(
            block_class, "its docstring must have a line `Source: ....`, got none; write where the op comes from"
        )


def example(block_class: type[Block]) -> None:
    """The docstring has an example, which runs, prints what it says, and calls the block on values."""
    name = block_class.__name__
    if not examples(block_class):
        raise broken(block_class, f"must have an example, got none; write one as >>> {name}()(...)")
    found: list[str] = []
    test = doctest.DocTest(examples(block_class), scope(block_class), name, None, None, None)
    doctest.DocTestRunner(verbose=False).run(test, out=found.append)
    if found:
        raise broken(block_class, "its example must run and print what it says, got\n" + "".join(found))
    if block_class.signature.inputs and not block_class.feedable and not documented(block_class):
        raise broken(block_class, f"its example must call the block on values, got none; write >>> {name}()(...)")


def ports(block_class: type[Block]) -> None:
    """Every port and attr has a line of text, and a dtype that means something."""
    signature = block_class.signature
    ports: list[In | Out] = [*signature.inputs.values(), *signature.outputs.values()]
    for each in (*ports, *signature.attrs.values()):
        if not each.doc.strip():
            raise broken(block_class, f"'{each.name}' must have a line of text, got none")
    for port in undeclared(block_class):
        raise broken(
            block_class, f"'{port.name}' must have a dtype, a type variable or a dtype attr, got '{port.dtype}'"
        )


def methods(block_class: type[Block]) -> None:
    """``kernel``, ``grad``, ``reuses`` and ``precompute`` fit the ports; the class is found by its name and aliases."""
    inputs, outputs = list(block_class.signature.inputs), list(block_class.signature.outputs)
    ahead = block_class.precomputed_ports
    taken = [p for p in inputs if p not in ahead] + ["precomputed"] * bool(ahead)
    _takes(block_class, "kernel", taken + ["out"] * block_class.takes_out + ["key"] * block_class.takes_key)
    if issubclass(block_class, Composite):
        _takes(block_class, "body", inputs)
    if callable(block_class.grad):
        _takes(block_class, "grad", [*inputs, *outputs, *(f"d{name}" for name in outputs)])
    for what, names in (("reuses", block_class.reuses), ("precompute", block_class.precomputed_ports)):
        if wrong := [name for name in names if name not in inputs]:
            raise broken(block_class, f"{what} must name inputs, got '{wrong[0]}'")
    if block_class.training and block_class.training not in block_class.signature.attrs:
        raise broken(block_class, f"training must name an attr, got '{block_class.training}'")
    for name in (block_class.__name__, *block_class.aliases):
        found = blocks.get(name)
        if found is not block_class:
            got = "nothing" if found is None else f"{found.__module__}.{found.__name__}"
            raise broken(block_class, f"must be found as '{name}', got {got}")


def gradient_declared(block_class: type[Block]) -> None:
    """The block has a gradient rule, or declares that no gradient flows; one that changes variables declares it."""
    if block_class.grad is MISSING_GRADIENT or (block_class.grad is THROUGH_BODY and block_class.assigns):
        raise broken(block_class, "must have a grad method, or `grad = None` where nothing flows, got neither")


def value(block_class: type[Block]) -> None:
    """An instance is a value: equal to another with its attrs, printable, frozen, and the same after a pickle."""
    for sample in documented(block_class):
        block = sample.block
        again = type(block)(**block.attrs())
        if again != block or hash(again) != hash(block) or repr(again) != repr(block):
            raise broken(block_class, f"must equal another with the same attrs, got {again!r} for {block!r}")
        if pickle.loads(pickle.dumps(block)) != block:
            raise broken(block_class, f"must be the same after a pickle, got another for {block!r}")


def _takes(block_class: type[Block], method: str, wanted: list[str]) -> None:
    parameters = list(inspect.signature(getattr(block_class, method)).parameters.values())[1:]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return
    if len(parameters) != len(wanted):
        got = ", ".join(p.name for p in parameters)
        raise broken(block_class, f"{method} must take ({', '.join(wanted)}), got ({got})")
