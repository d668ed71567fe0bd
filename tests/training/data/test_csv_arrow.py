"""CSV read by pyarrow: the same bits and the same errors as without it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dataflow.core.errors import DataflowError
from dataflow.training.data import csv_arrow, csv_table, csv_text
from dataflow.training.data.csv_text import CsvText
from dataflow.training.data.section import Csv
from dataflow.training.data.wanted import TEXT, Vocabulary, Wanted

KINDS = ("float64", "float32", "float16", "bfloat16", "int64", "int8", "uint64", "uint8", TEXT)
NUMBERS = [
    "0", "1", "-1", "7", "007", "+5", "1.0", "1.", ".5", "-0", "-0.0", "1e3", "1E-3", "127", "128", "255", "256",
    "-129", "16777217", "16777217.0000000001", "0.1", "1e39", "65504", "65520", "1e-46", "2.2250738585072011e-308",
    "1e400", "-1e400", "9223372036854775807", "9223372036854775808", "18446744073709551615", "nan", "NaN", "inf",
    "-inf", "Infinity", "1_0", "0x10", "1d5", "١", "true", "abc", "NA", "3.4028235677973366e38", "1.00390625",
    "2049", "4097", "33554435",
]  # fmt: skip
ODD = ["", " ", " 2", "2 ", "\t3", "a b", "é", "x\ty", "\ufeff1", "\xa01", " -1", " NA "]


def read(path, options, wanted, plain):
    """What is read of a file, as bytes and words, or the error."""
    words = Vocabulary()
    try:
        parts = [*csv_table.pieces(CsvText(path, options), wanted, words, plain)]
    except DataflowError as error:
        return str(error)
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    return [column.tobytes() for column in columns if len(column)], {n: w for n, w in words.words.items() if w}


@pytest.mark.parametrize("seed", range(40))
def test_the_same_as_without_it(tmp_path, seed, monkeypatch):
    rng = random.Random(seed)
    monkeypatch.setattr(csv_text, "_PIECE", rng.choice([10, 64, 200, 4 << 20]))
    for trial in range(10):
        wanted = [Wanted(name, rng.choice(KINDS), rng.random() < 0.3) for name in "ab" if rng.random() < 0.9]
        wanted = wanted or [Wanted("a", "float32")]
        pool = rng.sample(NUMBERS, rng.randint(1, 4)) + (rng.sample(ODD, 1) if rng.random() < 0.3 else [])
        end = rng.choice(["\n", "\r\n", "\r"])
        rows = [",".join(rng.choice(pool) for _ in "abc") for _ in range(rng.randint(0, 30))]
        if rng.random() < 0.2:
            rows.insert(rng.randint(0, len(rows)), rng.choice(["", "1,2", "1,2,3,4", '1,"2",3', "  "]))
        text = ("\ufeff" if rng.random() < 0.2 else "") + end.join(["a,b,c", *rows]) + rng.choice([end, ""])
        path = tmp_path / f"{trial}.csv"
        path.write_bytes(text.encode())
        options = Csv(missing=rng.choice([(), ("NA",), ("nan",), ("-1",)]))
        fast, slow = read(path, options, wanted, True), read(path, options, wanted, False)
        assert fast == slow, (wanted, text)


def test_it_takes_plain_pieces(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i / 7!r}\n" for i in range(5000)))
    wanted = [Wanted("a", "int32"), Wanted("b", "float64")]
    text = CsvText(path, Csv())
    assert csv_arrow.is_installed() and csv_arrow.may_take(text, wanted)
    whole, share = csv_arrow.ByArrow(text, wanted, Vocabulary()).columns(2, path.read_bytes()[4:])
    assert whole.dtype == np.int32 and (whole == np.arange(5000)).all()
    assert (share == np.arange(5000) / 7).all()


@pytest.mark.parametrize(
    "data", [b'"1",2\n', b"0x1,2\n", b"1\n", b"1,2,3\n", b"1.5,2\n", b",2\n", b"1,\0\n", b"\xef\xbb\xbf1,2\n"]
)
def test_pieces_that_it_does_not_take(tmp_path, data):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    wanted = [Wanted("a", "int32"), Wanted("b", "float64")]
    assert csv_arrow.ByArrow(CsvText(tmp_path / "a.csv", Csv()), wanted, Vocabulary()).columns(2, data) is None


def test_a_byte_that_is_no_text_is_found_in_other_columns_too(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,x\n2,\xff\n")
    assert read(tmp_path / "a.csv", Csv(), [Wanted("a", "int8")], True).endswith(
        "a.csv:3: must be UTF-8, got the byte 0xff; save it as UTF-8"
    )


@pytest.mark.parametrize(
    "text, options, wanted",
    [
        ("a\n1\n", {}, Wanted("a", "bool")),
        ("a\n1\n", {"comment": "#"}, Wanted("a", "int8")),
        ("a\n1\n", {"missing": ["x", "-999"]}, Wanted("a", "int8")),
        ("a§b\n1§2\n", {"delimiter": "§"}, Wanted("a", "int8")),
    ],
)
def test_what_it_leaves_alone(tmp_path, text, options, wanted):
    (tmp_path / "a.csv").write_text(text, "utf-8")
    assert not csv_arrow.may_take(CsvText(tmp_path / "a.csv", Csv(**options)), [wanted])
