"""Statistics that several tests look at."""

from __future__ import annotations

import pytest
from quantize.observing import RUN, Whole, calibration, drawn, written


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    run = calibration(drawn(5 * RUN + 77))
    found = run.statistics()
    return run, found, written(found, tmp_path_factory.mktemp("whole"))
