"""What is most often wrong with a CSV file has its way out; none is invented for other mistakes."""

from __future__ import annotations

import pytest

from dataflow.training.data.csv_hints import for_value, other_delimiter, separate
from dataflow.training.data.wanted import Wanted

COMMA, SEMICOLON = ("ab", ",", "."), ("ab", ";", ",")  # names, delimiter, decimal
FLOAT, FILLED, WHOLE = Wanted("a", "float32"), Wanted("a", "float32", True), Wanted("a", "int8")


@pytest.mark.parametrize(
    "text, wanted, written, hint",
    [
        ("NA", FLOAT, COMMA, """say csv: {missing: ["NA"]}, and by 'missing' of the input what takes its place"""),
        (" - ", FILLED, COMMA, 'if it means that a value is missing say csv: {missing: ["-"]}'),
        ("n/a", FILLED, SEMICOLON, 'say csv: {missing: ["n/a"]}'),
        ("?", WHOLE, COMMA, 'csv: {missing: ["?"]}'),
        ("yes", WHOLE, COMMA, "labels become numbers by classes: fit"),
        ("1;2", FLOAT, (["a;b"], ",", "."), separate(";")),
        ("1,5", FLOAT, COMMA, 'decimal comma write csv: {delimiter: ";", decimal: ","}'),
        ("1.5", FLOAT, SEMICOLON, "where that is a decimal point leave out 'decimal'"),
    ],
)
def test_what_is_wrong_has_its_way_out(text, wanted, written, hint):
    assert hint in for_value(text, wanted, *written)


@pytest.mark.parametrize("text", ["1e400", "300", "nan", "x", "1.2.3", "a;b"])
def test_no_way_out_is_invented(text):
    assert for_value(text, FLOAT, *COMMA) == ""


def test_another_delimiter():
    assert [other_delimiter(",", [text]) for text in ("a;b", "a\tb", "a|b", "a,b", "a b")] == [";", "\t", "|", "", ""]
    assert separate("\t").endswith(r'write csv: {delimiter: "\t"}')
