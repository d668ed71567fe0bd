"""`dataflow sweep` over the widths of layers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dataflow.core.cancellation import cancelled_by
from dataflow.core.errors import DataflowError
from dataflow.quantize.layer_sweep import Errors, TooSmall, budget_of, by_layer, float_trials, widths_of, within
from dataflow.quantize.model import Model
from dataflow.quantize.predict import predict_errors
from dataflow.quantize.sweep import Result, run_all
from dataflow.quantize.trials import Trials
from dataflow.studio.jobs.call import Call, Memory
from dataflow.studio.jobs.quality import EXACT
from dataflow.studio.jobs.quantization import Bar, Trained

_MEASURED = ("validation", "validate", "test")


@dataclass(frozen=True)
class Sweep:
    """The weights of each layer alone at each width, measured or predicted, and the best widths within a budget."""

    trained: Trained
    bits: str
    budget: str = ""
    predict: bool = False
    split: str = ""
    samples: int | None = None

    def work(self, call: Call, memory: Memory) -> object:
        """SQNR of the answers by layer and width, told as they are measured; the best widths with what they give."""
        try:
            widths = widths_of(self.bits)
        except ValueError as error:
            raise DataflowError(f"widths {error}") from None
        if self.budget:
            with _told():  # before anything is measured
                budget_of(self.budget)
        graph = self.trained.source.graph()
        values, fitted = self.trained.values(graph)
        last = list(graph.sections.get("data") or {})[-1:]
        rows = self.trained.rows(graph, self.split, fitted, (*_MEASURED, *last))
        with cancelled_by(call.cancelled):
            trials = float_trials(Model.of(graph, values), rows, self.samples)
            errors = self._errors(trials, widths, call)
            found = _table(trials.signal, errors)
            if self.budget:
                with _told():
                    found |= _best(within(trials, errors, widths, self.budget))
        told = "predicted" if self.predict else "measured"
        return {"message": f"{len(trials.layers)} layers {told}", "files": [], "result": found}

    def _errors(self, trials: Trials, widths: Sequence[int], call: Call) -> dict[tuple[str, int], float]:
        if self.predict:
            call.tell({"event": "job", "done": 0, "total": 1, "message": "predicting"})
            return predict_errors(trials.model, trials.recipe, trials.layers, widths, trials.data, trials.samples)
        keys = {f"{layer}={bits}": (layer, bits) for layer in trials.layers for bits in widths}
        errors: dict[tuple[str, int], float] = {}
        signal = trials.signal
        bar = Bar(call, "measurements", lambda: _table(signal, errors) if errors else None)

        def measure(key: str) -> Result:
            errors[keys[key]] = error = trials.alone(*keys[key]).error
            return {"error": error}

        try:
            run_all([*keys], measure, tick=bar.tick)
        finally:
            bar.tell()  # what was measured since it was last told
        return errors


@contextmanager
def _told() -> Iterator[None]:
    """A block whose errors about the budget tell of the field."""
    try:
        yield
    except TooSmall as error:
        raise DataflowError(f"best within {error}") from None
    except DataflowError:
        raise
    except ValueError as error:
        raise DataflowError(f"best within {error}") from None


def _table(signal: float, errors: Errors) -> dict[str, object]:
    """The SQNR of the answers as a table, a layer in each row and a width in each column."""
    rows = [
        {"layer": row["layer"], **{f"{bits} bits": _finite(sqnr) for bits, sqnr in row["sqnr"].items()}}
        for row in by_layer(signal, errors)
    ]
    return {"SQNR in dB, the weights of one layer rounded": rows}


def _best(found: Mapping[str, Any]) -> dict[str, object]:
    """The best widths within a budget, what they cost and what they give."""
    made = {
        "takes": f"{found['cost']:,} of {found['of']:,} {found['unit']}",
        "SQNR, predicted": f"{found['predicted']:.1f} dB",
        "SQNR, measured": f"{found['measured']:.1f} dB",
    }
    if "uniform" in found:
        made[f"with {found['uniform']['bits']} bits for all"] = f"{found['uniform']['measured']:.1f} dB"
    return {
        "best widths": [{"layer": layer, "bits": bits} for layer, bits in found["bits"].items()],
        "with these": made,
    }


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else min(EXACT, max(-EXACT, value))
