"""One case run on both sides, and what came of it."""

from __future__ import annotations

import traceback
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from dataflow import DataflowError, blocks
from dataflow.conformance import Sample
from dataflow.conformance.sample_graph import wired
from dataflow.core.block import Block
from dataflow.engine.plan import Plan
from dataflow.engine.settings import Settings

from ..questions import Question
from ..questions.inputs import stored
from ..record import answer, narrowed
from ..replay import asked
from .agreement import BITS, RULES, judged
from .cases import drawn
from .draw import laid_out

NO_KERNEL = (
    "No registered",
    "Could not find device",
    "no kernel",
    "could not be found",
    "not in the list of allowed values",
    "No OpKernel",
    "data type is not supported",
)
UNLIKE = (tf.errors.OpError, ValueError, TypeError, AttributeError)


class Outcome(NamedTuple):
    """What to count, lines on each difference, and why the reference alone refuses."""

    counts: Counter[str]
    lines: list[str]
    refused: str = ""


def tried(op: str, dtype: str, number: int, seed: int, large: bool) -> Outcome:
    """A case by its number."""
    case, random = drawn(op, dtype, number, seed, large)
    question = narrowed(op, Question("", *case))
    counts: Counter[str] = Counter(cases=1)
    try:
        wanted, refused = _answered(op, question, dtype), ""
    except UNLIKE as error:
        wanted, refused = [], str(error) or repr(error)
    if any(text in refused for text in NO_KERNEL):
        return Outcome(Counter(missing=1), [])
    runs, lines = {}, []
    for name, run in _runs(op, question, random, number, large).items():
        try:
            with np.errstate(all="ignore"):
                runs[name] = run()
        except DataflowError as error:
            if not refused:
                lines.append(f"{name}: refused here alone: {str(error).splitlines()[0]}")
        except Exception:
            lines.append(f"{name}: {traceback.format_exc(limit=-3)}")
    if refused:
        counts["accepted here alone" if runs else "both refuse"] += 1
        return Outcome(counts, lines, " ".join(refused.split()).rpartition("CPU:0}} ")[2][:120] if runs else "")
    sample = asked(op, question.attrs, question.inputs)
    for name, results in runs.items():
        for i, (got, there) in enumerate(zip(results, wanted, strict=True)):
            got, there = np.asarray(got), np.asarray(there)
            if (got.dtype, got.shape) != (there.dtype, there.shape):
                lines.append(f"{name}: output {i} is {got.dtype}{got.shape}, there {there.dtype}{there.shape}")
                continue
            verdict = judged(op, sample, i, got, there)
            counts["values"] += got.size
            counts.update({name: int(mask.sum()) for name, mask in verdict._asdict().items()})
            wrong = verdict.wrong
            if wrong.any():
                lines.append(f"{name}: output {i}: {wrong.sum()} of {got.size}: {_told(sample, got, there, wrong)}")
    return Outcome(counts, lines)


def _answered(op: str, question: Question, dtype: str) -> list[Any]:
    """The outputs there; of 16-bit floats what a wider dtype gives, rounded once, where the rule says so."""
    wider = RULES.get(op, BITS).wider
    if dtype not in ("float16", "bfloat16") or not wider:
        return list(answer(op, question)[0].outputs)
    narrow = stored(dtype)
    inputs = {name: a.astype(wider) if a.dtype == narrow else a for name, a in question.inputs.items()}
    outputs = answer(op, question._replace(inputs=inputs))[0].outputs
    with np.errstate(all="ignore"):
        return [a.astype(narrow) if a.dtype == np.dtype(wider) else a for a in map(np.asarray, outputs)]


def _told(sample: Sample, got: Any, wanted: Any, wrong: Any) -> str:
    places = np.argwhere(wrong)[:3]
    told = []
    for place in map(tuple, places):
        operands = [_at(a, place, wrong.shape) for a in sample.arrays if isinstance(a, np.ndarray)]
        given = ", ".join(repr(x)[:40] for x in operands if x is not None)
        told.append(f"{got[place]!r}, there {wanted[place]!r}" + f" of {given}" * bool(given))
    return "; ".join(told)


def _at(array: Any, place: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    try:
        return np.broadcast_to(array, shape)[place]
    except ValueError:
        return None


def _runs(op: str, question: Question, random: np.random.Generator, number: int, large: bool) -> dict[str, Any]:
    """Ways to run the case here: called with odd layouts; and as a graph where it is large, or now and then."""
    ways: dict[str, Any] = {"called": lambda: _called(asked(op, question.attrs, question.inputs), random)}
    if large or number % 8 == 0:
        ways["graph"] = lambda: _planned(asked(op, question.attrs, question.inputs), "numpy")
    block = blocks[op]
    if large and (block.element is not None or block.compiled_partials is not Block.compiled_partials):
        ways["compiled"] = lambda: _planned(asked(op, question.attrs, question.inputs), "jit")
    return ways


def _called(sample: Sample, random: np.random.Generator) -> tuple[Any, ...]:
    odd = sample.mapped(lambda port, array: array if port.static else laid_out(random, array))
    results = sample.block(*odd.arrays)
    return tuple(results) if isinstance(results, tuple) else (results,)


def _planned(sample: Sample, kernels: str) -> tuple[Any, ...]:
    graph, outputs, feeds = wired(sample)
    for i, wire in enumerate(outputs):
        graph.output(str(i), wire)
    results = Plan(graph, False, Settings.of(threads=2, kernels=kernels)).run(feeds)
    return tuple(results[str(i)] for i in range(len(outputs)))
