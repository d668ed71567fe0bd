"""A case run under every setting, and what was not as it is when its blocks are called one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dataflow import Graph
from dataflow.conformance.equality import same
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError

from .case import LARGE, SMALL, Case
from .reference import Expected, Failure, node_by_node
from .scaling import counted, interpreted, replaced, small_tiles
from .values import laid_out
from .ways import COMPILES, JIT, NUMPY, SOMETIMES, THOROUGH, Setting, environment


@dataclass
class Finding:
    """What went wrong, under which setting."""

    setting: Setting | None  # None where the graph was made
    text: str

    @property
    def kind(self) -> str:
        """The first word of what it says: an error, or an output that differs."""
        return self.text.split(": ", 1)[-1].split()[0]

    def __str__(self) -> str:
        return f"{self.setting or 'growing'}: {self.text}"


def findings(case: Case, jit: bool) -> tuple[list[Finding], int]:
    """All that differs, and how often compiled loops ran; ``jit`` says whether to run compiled kernels too."""
    with scaled(case), counted() as loops:
        found = [Finding(None, text) for text in case.crashes]
        expected = expectations(case)
        crashes = [failure for _, failures in expected for failure in failures.values() if failure.crash]
        found += [Finding(None, f"must not crash by itself: {failure}") for failure in crashes]
        if case.graph.outputs:
            for setting in (*NUMPY, *(JIT if jit and COMPILES else ()), *(SOMETIMES if case.seed % 8 == 0 else ())):
                found += differing(case, setting, expected)
        return found, len(loops)


@contextmanager
def scaled(case: Case) -> Iterator[None]:
    """Blocks by themselves use NumPy and one thread; small cases go by small tiles, their loops run by Python."""
    with ExitStack() as stack:
        stack.enter_context(environment("numpy", 1))
        if case.scale == SMALL:
            stack.enter_context(small_tiles())
            if COMPILES:
                stack.enter_context(interpreted())
        yield


def expectations(case: Case) -> list[Expected]:
    """What each of the feeds comes to. Outputs that fail are left out, but for one of them in some of the cases."""
    expected = [node_by_node(case.graph, feeds) for feeds in case.feeds]
    outputs, failures = expected[0]
    failing = next((name for name, link in case.graph.outputs.items() if link.node in failures), None)
    kept = {*outputs, *([failing] if case.seed % 4 == 0 else [])}
    case.graph.outputs = {name: link for name, link in case.graph.outputs.items() if name in kept}
    case.graph.cache.clear()
    needed = case.graph.ancestors(link.node for link in case.graph.outputs.values())
    return [(values, {n: f for n, f in failures.items() if n in needed or f.crash}) for values, failures in expected]


def differing(case: Case, setting: Setting, expected: list[Expected]) -> list[Finding]:
    """What differs under a setting: in a run, with other feeds, with the first ones again; large cases may run once."""
    random = np.random.default_rng(case.seed)
    with replaced(WARM=0.0):
        run = None
        runs = (0, 1, 0) if case.scale != LARGE or setting in THOROUGH else (0,)
        for number, which in enumerate(runs):
            values, failures = expected[which]
            # copies, as what is expected of an output that is an input is the case's own array
            feeds = {name: laid_out(random, value.copy("K")) for name, value in case.feeds[which].items()}
            before = {name: value.copy() for name, value in feeds.items()}
            try:
                run = run or setting.runner(case.graph)
                got = run(feeds)
            except Exception as error:
                text = _wrong_error(error, failures)
            else:
                text = _wrong_values(got, values, failures, case.graph)
            if text is None:
                changed = [name for name, value in feeds.items() if not equal(value, before[name])]
                text = f"input {', '.join(changed)} was changed" if changed else None
            if text is not None:
                return [Finding(setting, f"run {number + 1}: {text}")]
    return []


def equal(a: ArrayLike, b: ArrayLike) -> bool:
    """Whether two arrays have the same bits, any NaN being as good as another."""
    a, b = np.asarray(a), np.asarray(b)
    if (a.dtype, a.shape) == (b.dtype, b.shape) and a.flags.c_contiguous and b.flags.c_contiguous:
        word = np.uint64 if a.nbytes % 8 == 0 else np.uint8
        if (a.reshape(-1).view(np.uint8).view(word) == b.reshape(-1).view(np.uint8).view(word)).all():
            return True
    return same(a, b)


def _wrong_error(error: Exception, failures: Mapping[str, Failure]) -> str | None:
    """What is wrong with an error: it must be that of a node that fails by itself, and say the same."""
    text = str(error)
    if isinstance(error, DataflowError) and any(_is_of(text, failure) for failure in failures.values()):
        return None
    expected = f"; by itself {next(iter(failures.values()))}" if failures else ""
    return f"{type(error).__name__}: {error}{expected}"


def _is_of(text: str, failure: Failure) -> bool:
    """Whether an error is that of a node, or of the node in its body that fails in it by itself."""
    if text.startswith(failure.who) and failure.text in text:
        return True
    _, inner, said = failure.text.partition("in its body, ")
    outer = failure.who.partition("' (")[0]
    return bool(inner) and text.startswith(f"{outer}/") and said.partition(": ")[2] in text


def _wrong_values(
    got: Mapping[str, Array], values: Mapping[str, Array], failures: Mapping[str, Failure], graph: Graph
) -> str | None:
    """What is wrong with outputs: bits, or that there are some although a node must fail."""
    for name, value in values.items():
        if name in got and not equal(got[name], value):
            return f"output {name} ({graph.outputs[name].node}) {_difference(got[name], value)}"
    if failures and not graph.outputs.keys() <= values.keys():
        return f"must fail with {next(iter(failures.values()))}, got no error"
    return None


def _difference(got: Array, value: Array) -> str:
    got, value = np.asarray(got), np.asarray(value)
    if (got.dtype, got.shape) != (value.dtype, value.shape):
        return f"must be {value.dtype}{list(value.shape)}, got {got.dtype}{list(got.shape)}"
    unequal = ~(
        ((got == value) & (np.signbit(got) == np.signbit(value) if got.dtype.kind == "f" else True))
        | ((got != got) & (value != value))
    )
    places = np.argwhere(unequal)
    if not len(places):
        return "differs in its bits"
    at = tuple(places[0])
    where = f"{len(places)} of {got.size} values, first at {[int(i) for i in at]}"
    return f"differs in {where}: must be {value[at]!r}, got {got[at]!r}"
