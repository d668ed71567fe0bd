"""Wrong graph files: the problems reported for each are exactly those in the `.expected` file beside it."""

from __future__ import annotations

import places
import pytest

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.load import load

FOLDER = places.TESTS / "bad_graphs"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_problems(path, monkeypatch):
    monkeypatch.chdir(FOLDER)
    with pytest.raises(GraphFileError) as caught:
        load(path.name)
    assert f"{caught.value}\n" == path.with_suffix(".expected").read_text("utf-8")


def test_there_are_many():
    assert len(FILES) >= 80
    assert {path.with_suffix(".expected") for path in FILES} == set(FOLDER.glob("*.expected"))
