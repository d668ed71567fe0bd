"""Pictures and tables asked for by a page, of values that stay in the worker."""

from __future__ import annotations

import pytest
from studio_pages import Page, Refused

pytestmark = pytest.mark.slow


def test_pictures_and_tables_of_values(line: Page) -> None:
    line.run()
    picture = line.ask("picture", port="scaled.z", at={})
    assert (picture["rows"], picture["columns"], picture["high"]) == (10, 2, 57.0)
    assert [dim["name"] for dim in picture["dims"]] == ["N", "axis 1"]
    assert line.ask("table", port="scaled.z", row=9)["cells"] == [["36.0", "57.0"]]
    with pytest.raises(Refused, match=r"port 'no.z' must have a value"):
        line.ask("picture", port="no.z")
    with pytest.raises(Refused, match="'at' must be a mapping"):
        line.ask("picture", port="scaled.z", at=[1])
