"""Memory images: a word per line, as wide as the dtype."""

from __future__ import annotations

import json

from quantize.export.exporting import prepared
from quantize.nets import residual

from dataflow.quantize.export.manifest import MANIFEST
from dataflow.quantize.export.memory import memory
from dataflow.quantize.export.net import integer_net


def test_words_are_in_two_s_complement() -> None:
    model, data = prepared(residual())
    net = integer_net(model)
    files = memory(net, data, 1)
    told = {entry["name"]: entry for entry in json.loads(files[MANIFEST])["arrays"]}
    for name in ("first_w_q", "first_b_q"):
        title, *lines = files[told[name]["file"]].decode().splitlines()
        bits = 8 * net.constants[name].dtype.itemsize
        assert title == f"// {name}: int{bits}{[*net.constants[name].shape]}"
        assert {len(line) for line in lines} == {bits // 4}
        values = [int(line, 16) for line in lines]
        signed = [value - (1 << bits) if value >> (bits - 1) else value for value in values]
        assert signed == net.constants[name].ravel().tolist()
