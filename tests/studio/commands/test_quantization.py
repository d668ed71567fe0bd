"""Quantization asked for by a page: jobs that write what the commands write, and what bits cost."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from studio_pages import Page, Refused
from studio_requests import host, request

from dataflow.cli import group
from dataflow.studio.server import Server

pytestmark = pytest.mark.slow

TEXT = """dataflow: 1
name: net
inputs:
  x: {dtype: float32, shape: [N, 6], range: [0, 1]}
nodes:
  w1: {block: Variable, attrs: {dtype: float32, shape: [6, 8], initializer: he_normal}}
  product1: {block: MatMul, inputs: [x, w1]}
  hidden: {block: Relu, inputs: [product1]}
  w2: {block: Variable, attrs: {dtype: float32, shape: [8, 3], initializer: he_normal}}
  product2: {block: MatMul, inputs: [hidden, w2]}
  size: {block: Mean, inputs: {input: product2, axis: [0, 1]}}
outputs: {y: product2, size: size}
data:
  train: {path: rows.npz, inputs: {x: x}}
  test: {path: rows.npz, rows: [0, 40], inputs: {x: x}}
"""


TABLE = "SQNR in dB, the weights of one layer rounded"


@pytest.fixture
def opened(folder: Path, page: Page) -> Page:
    np.savez(folder / "rows.npz", x=np.random.default_rng(0).random((100, 6), np.float32))
    (folder / "net.yaml").write_text(TEXT, "utf-8")
    page.ask("open", path="net.yaml")
    return page


def job(page: Page, do: str, **given: Any) -> dict[str, Any]:
    """A job that has ended."""
    number = page.ask(do, **given)["number"]

    def now(event: dict[str, Any]) -> dict[str, Any]:
        """The job as an event tells of it."""
        return next((each for each in event.get("jobs", ()) if each["number"] == number), {"state": "running"})

    return now(page.until(lambda event: now(event)["state"] != "running"))


def files(found: dict[str, Any]) -> list[str]:
    return [each["path"] for each in found["files"]]


def quantized(page: Page, out: str = "net_w4a8.yaml", weights: str = "4", **options: Any) -> dict[str, Any]:
    return job(page, "quantize", out=out, weights=weights, activations="8", options=options)


def test_quantize_writes_what_the_command_writes(opened: Page, folder: Path) -> None:
    found = quantized(opened)
    assert (found["state"], found["title"]) == ("done", "Quantize net.yaml")
    assert files(found) == ["net_w4a8.yaml", "net_w4a8.stats.npz"]
    said = opened.until(lambda event: event["event"] == "said")
    assert said["message"].startswith("Quantize net.yaml: written: net_w4a8.yaml; size ")
    made = {file: (folder / file).read_bytes() for file in files(found)}
    line = f"quantize {folder / 'net.yaml'} -o {folder / 'net_w4a8.yaml'} --weights 4 --activations 8"
    result = CliRunner().invoke(group, line.split())
    assert result.exit_code == 0, result.output
    assert {file: (folder / file).read_bytes() for file in files(found)} == made
    opened.ask("open", path="net_w4a8.yaml")
    assert opened.document["sections"]["quantization"]["source"] == "net.yaml"


def test_quantize_says_what_a_report_says_of_the_cost(opened: Page) -> None:
    made = quantized(opened)["message"].removeprefix("written: net_w4a8.yaml; ")
    found = re.fullmatch(r"size (\S+) in float, (\S+) quantized; SQNR (\S+) dB \(40 rows of test\)", made)
    assert found is not None, made
    assert float(found[1]) == pytest.approx(float(found[2]), rel=0.5)
    opened.ask("open", path="net_w4a8.yaml")
    assert job(opened, "report")["message"] == f"written: net_w4a8.report.html; {made}"


def test_what_cannot_be_measured_is_quantized_all_the_same(opened: Page, folder: Path) -> None:
    text = TEXT.replace(
        "  test: {path: rows.npz, rows: [0, 40], inputs: {x: x}}", "  test: {path: no.npz, inputs: {x: x}}"
    )
    (folder / "net.yaml").write_text(text, "utf-8")
    opened.ask("open", path="small.yaml")
    opened.ask("open", path="net.yaml")
    found = quantized(opened)
    assert (found["state"], (folder / "net_w4a8.yaml").exists()) == ("done", True)
    assert found["message"].startswith("written: net_w4a8.yaml; not measured: ")


def _over(page: Page, out: str) -> dict[str, Any]:
    return job(page, "quantize", out=out, weights="4", activations="8", options={}, overwrite=True)


def test_a_file_is_written_over_only_where_that_is_asked_for(opened: Page, folder: Path) -> None:
    mine = "dataflow: 1\nname: mine\n"
    (folder / "mine.yaml").write_text(mine)
    with pytest.raises(Refused, match=r"mine\.yaml: is there already"):
        quantized(opened, out="mine.yaml")
    assert (folder / "mine.yaml").read_text() == mine
    assert _over(opened, "mine.yaml")["state"] == "done"
    assert "quantization:" in (folder / "mine.yaml").read_text()


@pytest.mark.parametrize("name", ["net.stats.npz", "net.report.html", "net.checkpoints"])
def test_nothing_is_written_through_a_link_out_of_the_folder(opened: Page, folder: Path, name: str) -> None:
    (folder / name).symlink_to(folder.parent / "elsewhere")
    with pytest.raises(Refused, match="got one outside of it"):
        opened.ask("calibrate")
    assert not (folder.parent / "elsewhere").exists()


def test_options_are_those_of_the_command(opened: Page) -> None:
    found = quantized(opened, override=["product1=w8"], skip=["product2"], equalize=True, samples=10)
    assert found["state"] == "done"
    opened.ask("open", path="net_w4a8.yaml")
    section = opened.document["sections"]["quantization"]
    assert section["overrides"]["product1"]["weights"]["bits"] == 8
    assert section["skip"] == ["product2"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"out": "../net.yaml"}, "must be a file in"),
        ({"out": "net.txt"}, "'out' must be a graph file"),
        ({"weights": 4}, "'weights' must be a text"),
        ({"options": {"nothing": 1}}, "no argument 'nothing'"),
        ({"options": {"learn": "all"}}, "'learn' must be range, lsq, pact or tqt"),
        ({"options": {"samples": 0}}, "'samples' must be 1 to"),
    ],
)
def test_what_is_asked_wrongly_is_refused_at_once(opened: Page, given: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        opened.ask("quantize", **{"out": "q.yaml", "weights": "8", "activations": "8", "options": {}, **given})


def test_what_cannot_be_done_is_a_problem_of_the_job(opened: Page, folder: Path) -> None:
    before = hashlib.sha256((folder / "net.yaml").read_bytes()).digest()
    assert "name another one" in _over(opened, "net.yaml")["problem"]["hint"]
    assert hashlib.sha256((folder / "net.yaml").read_bytes()).digest() == before
    assert "weights must be such as 8" in quantized(opened, weights="none")["problem"]["message"]
    assert "must have quantizers, got none" in job(opened, "report")["problem"]["message"]
    assert "widths must be widths from 1 to 16" in job(opened, "sweep", options={"bits": "99"})["problem"]["message"]
    assert "best within must be such as" in job(opened, "sweep", options={"budget": "much"})["problem"]["message"]


def test_calibrate_shows_ranges_and_writes_them_into_the_document(opened: Page, folder: Path) -> None:
    found = job(opened, "calibrate", samples=50)
    assert [row["wire"] for row in found["result"]] == ["x", "hidden"]
    assert found["message"] == "2 ranges from 50 rows"
    assert files(found) == ["net.stats.npz"]
    assert opened.document["version"] == 1
    quantized(opened, learn="range")
    opened.ask("open", path="net_w4a8.yaml")
    text = opened.document["text"]
    np.savez(folder / "rows.npz", x=3 * np.random.default_rng(1).random((100, 6), np.float32))
    job(opened, "calibrate")
    while opened.document["text"] == text:
        opened.wait("document")
    assert opened.document["undo"] == "calibrate"
    opened.ask("undo", version=opened.document["version"])
    assert opened.document["text"] == text


def test_ranges_are_written_although_another_document_is_shown(opened: Page, server: Server, folder: Path) -> None:
    quantized(opened, learn="range")
    opened.ask("open", path="net_w4a8.yaml")
    desk = server.studio.desks["net_w4a8.yaml"]
    np.savez(folder / "rows.npz", x=3 * np.random.default_rng(1).random((100, 6), np.float32))
    opened.ask("calibrate")
    opened.ask("open", path="net.yaml")
    while opened.last("jobs")["jobs"][-1]["state"] == "running":
        opened.wait("jobs")
    opened.ask_until(lambda: desk.editor.undo_title)  # which comes after the news of the job
    assert desk.editor.undo_title == "calibrate"
    assert opened.document["path"] == "net.yaml"


def test_sweep_by_layer_and_within_a_budget(opened: Page) -> None:
    found = job(opened, "sweep", options={"bits": "2,4,8", "budget": "20B"})
    layers = {row["layer"]: row for row in found["result"][TABLE]}
    assert {*layers} == {"product1", "product2"}
    assert layers["product1"]["2 bits"] < layers["product1"]["8 bits"]
    assert [row["layer"] for row in found["result"]["best widths"]] == ["product1", "product2"]
    takes = re.fullmatch(r"(\d+) of 20 bytes", found["result"]["with these"]["takes"])
    assert takes is not None
    assert int(takes[1]) == sum(
        row["bits"] * size // 8 for row, size in zip(found["result"]["best widths"], (48, 24), strict=True)
    )
    assert (found["done"], found["total"]) == (6, 6)
    predicted = job(opened, "sweep", options={"bits": "4", "predict": True})["result"][TABLE]
    assert predicted[0]["4 bits"] == pytest.approx(layers["product1"]["4 bits"], abs=3)


def test_report_has_its_figures_and_a_page_that_is_served(opened: Page, server: Server, folder: Path) -> None:
    quantized(opened)
    opened.ask("open", path="net_w4a8.yaml")
    found = job(opened, "report")
    assert files(found) == ["net_w4a8.report.html"]
    written = (folder / "net_w4a8.report.html").read_bytes()
    assert b"<html" in written.lower()
    assert request(server, found["files"][0]["address"], [host(server)]).body == written
    assert b"<h1>net (net_w4a8.yaml)</h1>" in written
    rows = found["result"]["worst first"]
    assert [*rows[0]][:3] == ["node", "SQNR accumulated", "SQNR alone"]
    assert any(row["SQNR alone"] > row["SQNR accumulated"] for row in rows if row["SQNR alone"] is not None)
    assert found["result"]["answers"][0]["SQNR"] > 5


def test_what_bits_cost(opened: Page) -> None:
    found = [opened.ask("bits", weights=bits, activations=bits) for bits in (2, 8)]
    assert found[0]["sqnr"] < found[1]["sqnr"]
    assert found[0]["float"] == found[1]["float"]
    assert {*found[0]["metrics"]} == {"size"}
    assert [(each["rows"], each["split"]) for each in found] == [(40, "test")] * 2
    with pytest.raises(Refused, match="'weights' must be 0 to 16"):
        opened.ask("bits", weights=99, activations=8)


def test_quality_is_told_on_ports_of_a_quantized_graph(opened: Page, connect: Callable[[], Page]) -> None:
    quantized(opened)
    opened.ask("open", path="net_w4a8.yaml")
    opened.run()
    values = connect().last("run")["run"]["values"]
    qualities = {port: found["quality"] for port, found in values.items() if found["quality"]}
    assert {found["bits"] for found in qualities.values()} == {4, 8}
    assert all(found["sqnr"] > 5 for found in qualities.values())


def test_a_job_is_cancelled_and_those_behind_it_are_done(opened: Page) -> None:
    first = opened.ask(
        "quantize", out="a.yaml", weights="4", activations="8", options={"rounding_of_weights": "adaround"}
    )
    second = opened.ask("calibrate")["number"]
    opened.ask("cancel", what="job", number=first["number"])
    states: dict[int, str] = {}
    while "running" in (states.get(first["number"], "running"), states.get(second, "running")):
        opened.wait("jobs")
        states = {each["number"]: each["state"] for each in opened.last("jobs")["jobs"]}
    assert states == {first["number"]: "cancelled", second: "done"}
