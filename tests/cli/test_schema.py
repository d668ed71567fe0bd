"""``dataflow schema``: the schema that editors read."""

from __future__ import annotations

import json

from dataflow.graphfile.schema import schema


def test_it_is_printed_as_json(dataflow):
    code, out, err = dataflow("schema")
    assert (code, err) == (0, "")
    assert json.loads(out) == schema()
    assert out.startswith('{\n  "$schema": ')
