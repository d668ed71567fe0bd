"""Records of trainings side by side: what differs between them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dataflow.training.provenance import DIGEST
from dataflow.training.trained_with import OVERRIDES

Record = Mapping[str, Any]
_NOTHING = "-"


def comparison(runs: Mapping[str, Record]) -> tuple[list[str], list[list[object]]]:
    """A table of trainings: a row for each under headers, with what came of it and what differs between them.

    Digests, and the errors of those that failed, are in `differences` alone: a table has no room for them.
    """
    facts = {name: _without_digests(_facts(record)) for name, record in runs.items()}
    results = {name: _results(record) for name, record in runs.items()}
    for result in results.values():
        result["status"] = str(result["status"]).partition(":")[0]
    differing = [key for key in _keys(facts) if len({str(fact.get(key, _NOTHING)) for fact in facts.values()}) > 1]
    shown = [*_keys(results), *differing]
    rows = [[name, *((results[name] | facts[name]).get(key, _NOTHING) for key in shown)] for name in runs]
    return ["training", *shown], rows


def differences(one: Record, other: Record) -> list[str]:
    """Why two trainings gave different results, a line per difference; then what came of them."""
    facts = _facts(one), _facts(other)
    lines = [_line(key, *(fact.get(key) for fact in facts)) for key in _keys(dict(enumerate(facts)))]
    lines += _changed_lines(one["graph"].get("text", ""), other["graph"].get("text", ""))
    found = [line for line in lines if line]
    ends = one["weights"].get("end"), other["weights"].get("end")
    if not found:
        found.append("nothing that is recorded differs")
    if None in ends:
        found.append("weights: one of the trainings has not ended")
    else:
        found.append("weights: the same to the bit" if ends[0] == ends[1] else "weights: they differ at the end")
    results = _results(one), _results(other)
    found += filter(None, (_line(key, *(each.get(key) for each in results)) for key in _keys(dict(enumerate(results)))))
    return found


def _facts(record: Record) -> dict[str, object]:
    """What a training follows from, by name; the text of the graph is told apart."""
    session = (record["sessions"] or [{}])[-1]
    found: dict[str, object] = {"graph": record["graph"].get("name", ""), "seed": record.get("seed", "")}
    found |= {f"-p {name}": value for name, value in record["params"].items()}
    found |= {OVERRIDES: record[OVERRIDES]} if OVERRIDES in record else {}
    found["epochs asked for"] = session.get("epochs", "")
    found |= {name: _short(digest) for name, digest in record["data"].items()}
    found["first weights"] = _short(record["weights"].get("start"))
    found |= dict(record["packages"])
    return found | dict(session.get("environment", {}))


def _results(record: Record) -> dict[str, object]:
    """What came of a training: how it ended, how far it got, and the values of its last epoch."""
    last = record["epochs"][-1] if record["epochs"] else {}
    sessions = record["sessions"]
    found: dict[str, object] = {"status": str(sessions[-1].get("status", "")).splitlines()[0] if sessions else _NOTHING}
    values = {key: value for key, value in last.items() if key not in ("seconds", "learning_rate")}
    return found | {key: _NOTHING if value is None else value for key, value in values.items()}


def _keys(facts: Mapping[Any, Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(key for each in facts.values() for key in each))


def _line(key: str, one: object, other: object) -> str:
    """One difference; nothing where there is none."""
    if one == other:
        return ""
    return f"{key}: {_NOTHING if one is None else one} -> {_NOTHING if other is None else other}"


def _changed_lines(one: str, other: str) -> Iterator[str]:
    """The lines in which two graphs differ: those that replace each other together."""
    before, after = one.splitlines(), other.splitlines()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield f"graph, line {a + 1}: {_joined(before[a:b])} -> {_joined(after[c:d])}"


def _joined(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines) or _NOTHING


def _without_digests(facts: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in facts.items() if not str(value).startswith(DIGEST)}


def _short(digest: object) -> str:
    """A digest as a table has room for it."""
    name, _, value = str(digest).partition(":")
    return f"{name}:{value[:8]}" if value and name.startswith(DIGEST) else str(digest)
