"""Pictures and tables asked for by a page, of values that stay in the worker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studio_pages import Page, Refused

pytestmark = pytest.mark.slow

TEXT = """dataflow: 1
name: line
inputs:
  x: float32[N, 2]
nodes:
  w: {block: Variable, inputs: [[2.0, 3.0]]}
  scaled: {block: Mul, inputs: [x, w]}
outputs:
  y: scaled
data:
  some: {path: rows.npz, inputs: {x: x}}
"""


def test_pictures_and_tables_of_values(folder: Path, page: Page) -> None:
    np.savez(folder / "rows.npz", x=np.arange(20, dtype=np.float32).reshape(10, 2))
    (folder / "line.yaml").write_text(TEXT, "utf-8")
    page.ask("open", path="line.yaml")
    number = page.ask("run")["number"]
    while not any(event["event"] == "ended" and event["number"] == number for event in page.events):
        page.wait("ended")
    picture = page.ask("picture", port="scaled.z", at={})
    assert (picture["rows"], picture["columns"], picture["high"]) == (10, 2, 57.0)
    assert [dim["name"] for dim in picture["dims"]] == ["N", "axis 1"]
    assert page.ask("table", port="scaled.z", row=9)["cells"] == [["36.0", "57.0"]]
    with pytest.raises(Refused, match=r"port 'no.z' must have a value"):
        page.ask("picture", port="no.z")
    with pytest.raises(Refused, match="'at' must be a mapping"):
        page.ask("picture", port="scaled.z", at=[1])
