"""Sweeps: many measurements, run side by side, each kept as soon as it is there."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from dataflow.core.errors import DataflowError
from dataflow.files.atomic import write_text

ENDING = ".sweep.json"
_FORMAT = 1
Result = dict[str, Any]  # of one measurement, as JSON has it
Work = Callable[[str], Result]


class Kept:
    """The results of a sweep in a file, which another run of the same sweep goes on with.

    digest : of all that results follow from; a file of another one is not used.

    Raises DataflowError where the file cannot be read as one.
    """

    def __init__(self, path: Path, digest: str):
        self.path, self.digest = path, digest
        self.results: dict[str, Result] = {}
        if not path.exists():
            return
        try:
            plain = json.loads(path.read_text("utf-8"))
            if plain["sweep"] != _FORMAT or not isinstance(plain["results"], dict):
                raise ValueError
        except (ValueError, KeyError, TypeError, OSError):
            raise DataflowError(f"{path}: must be the results of a sweep, got another file; remove it") from None
        if plain["digest"] == digest:
            self.results = plain["results"]

    def keep(self, key: str, result: Result) -> None:
        """Add a result, and write all of them."""
        self.results[key] = result
        plain = {"sweep": _FORMAT, "digest": self.digest, "results": dict(sorted(self.results.items()))}
        write_text(self.path, json.dumps(plain, indent=1) + "\n")


def run_all(
    keys: Sequence[str],
    work: Work,
    kept: Kept | None = None,
    jobs: int = 1,
    start: tuple[Callable[..., None], tuple[Any, ...]] | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> dict[str, Result]:
    """The result for each key, in their order: those that are kept already are not measured again.

    jobs : how many processes measure at a time; with more than one, ``start`` is called in each before it begins, and
        ``work`` must be a function of a module.
    tick : told how many of how many are done.
    """
    known = kept.results if kept is not None else {}
    found = {key: known[key] for key in keys if key in known}
    missing = [key for key in keys if key not in found]
    if tick is not None:
        tick(len(found), len(keys))
    for key, result in _measured(missing, work, min(jobs, len(missing)), start):
        found[key] = result
        if kept is not None:
            kept.keep(key, result)
        if tick is not None:
            tick(len(found), len(keys))
    return {key: found[key] for key in keys}


def _measured(
    keys: Sequence[str], work: Work, jobs: int, start: tuple[Callable[..., None], tuple[Any, ...]] | None
) -> Iterator[tuple[str, Result]]:
    if jobs <= 1:
        for key in keys:
            yield key, work(key)
        return
    call, arguments = start or (_nothing, ())
    context = multiprocessing.get_context("spawn")  # a fork would have the locks of threads that are not there
    with ProcessPoolExecutor(jobs, context, call, arguments) as pool:
        running = {pool.submit(work, key): key for key in keys}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _nothing() -> None:
    pass


def values_of(text: str) -> list[Any]:
    """The values that ``2..8`` or ``2,4,8`` or ``a,b`` names; DataflowError where it names none.

    >>> values_of("2..4"), values_of("0.5,1"), values_of("mse,entropy")
    ([2, 3, 4], [0.5, 1], ['mse', 'entropy'])
    """
    first, dots, last = text.partition("..")
    if dots:
        try:
            low, high = int(first), int(last)
        except ValueError:
            raise DataflowError(f"values must be such as 2..8 or 2,4,8, got '{text}'") from None
        if not low <= high <= low + 1000:
            raise DataflowError(f"values must go up, at most 1,000 of them, got '{text}'")
        return list(range(low, high + 1))
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise DataflowError(f"values must be such as 2..8 or 2,4,8, got '{text}'")
    return [_value(part) for part in parts]


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
