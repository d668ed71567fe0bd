"""The gallery and the palette."""

from __future__ import annotations

import dataflow as flow
from dataflow.graphfile import shipped
from dataflow.studio.catalogue import gallery, palette
from dataflow.studio.hub import encoded


def test_gallery_has_all_shipped_graphs() -> None:
    entries = {entry["path"]: entry for entry in gallery()}
    assert sorted(entries) == [f"dataflow:{name}" for name in shipped.names()]
    cnn = entries["dataflow:digits/cnn.yaml"]
    assert (cnn["trains"], cnn["group"], bool(cnn["doc"])) == (True, "digits", True)
    assert entries["dataflow:quant/digits_fake_quant.yaml"]["quantized"]
    assert not entries["dataflow:basic/matmul.yaml"]["trains"]


def test_palette_has_all_blocks() -> None:
    entries = {entry["name"]: entry for entry in palette()}
    assert sorted(entries) == sorted(flow.blocks)
    names = list(entries)
    assert names.index("MatMul") < names.index("Abs") < names.index("Conv2DBackpropInput")  # the usual ones first
    assert (entries["Conv2D"]["continues"], entries["Conv2DBackpropInput"]["continues"]) == (0, 1)
    add = entries["AddN"]
    assert [port["many"] for port in add["inputs"]] == [True]  # type: ignore[attr-defined]
    mean = [(port["static"], port["example"]) for port in entries["Mean"]["inputs"]]  # type: ignore[attr-defined]
    assert mean == [(False, ""), (True, "1")]
    conv = entries["Conv2D"]
    assert [attr["name"] for attr in conv["attrs"]][:2] == ["strides", "padding"]  # type: ignore[attr-defined]
    encoded({"blocks": palette()})
