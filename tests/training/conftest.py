"""What tests of training share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from training.line import TEXT, X, Y


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., flow.Graph]:
    monkeypatch.chdir(tmp_path)
    np.savez("d.npz", x=X, y=Y)

    def load(change: Callable[[str], str] = str, **params: object) -> flow.Graph:
        Path("g.yaml").write_text(change(TEXT))
        return flow.load("g.yaml", **params)

    return load
