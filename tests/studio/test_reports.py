"""Reports in tabs of their own: who gets one, which files are none, and what a report may do in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from studio_pages import served
from studio_requests import Answer, host, request

from dataflow.quantize.report_page import BEGINNING
from dataflow.studio.guard import HEADERS
from dataflow.studio.reports import MAX_BYTES
from dataflow.studio.server import Server
from dataflow.studio.studio import Studio

REPORT = BEGINNING + "<title>net</title>\n"
NAMES = ("net.report.html", "inner/50 % ?#é.report.html")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A project with reports, what is none, and one outside of it with a link to that."""
    root = tmp_path_factory.mktemp("root")
    folder = root / "project"
    (folder / "inner").mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_text(REPORT, "utf-8")
    (root / "secret.report.html").write_text(REPORT)
    (folder / "link.report.html").symlink_to(root / "secret.report.html")
    (folder / "out").symlink_to(root, target_is_directory=True)
    (folder / "loop.report.html").symlink_to(folder / "loop.report.html")
    (folder / "other.report.html").write_text("<!doctype html>\n<script>alert(1)</script>")
    (folder / "empty.report.html").touch()
    (folder / "folder.report.html").mkdir()
    os.mkfifo(folder / "pipe.report.html")
    with (folder / "huge.report.html").open("w") as file:
        file.write(REPORT)
        file.truncate(MAX_BYTES + 1)
    for name in ("net.yaml", "net.html", "report.html.txt"):
        (folder / name).write_text(REPORT)
    with served(Studio(folder)) as made:
        yield made


def address(server: Server, path: str) -> str:
    return server.studio.reports.address(path)


def get(server: Server, where: str) -> Answer:
    return request(server, where, [host(server)])


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_served_at_its_address(server: Server, name: str) -> None:
    answer = get(server, address(server, name))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body == REPORT.encode()
    assert request(server, address(server, name), [host(server)], "HEAD").status == 200


def test_a_report_runs_nothing_and_fetches_nothing(server: Server) -> None:
    headers = get(server, address(server, NAMES[0])).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "sandbox": "",
    }
    own = ("content-security-policy", "cross-origin-opener-policy")
    others = {name: value for name, value in HEADERS.items() if name not in own}
    assert {name: headers[name] for name in others} == others


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Host", "evil.example")],
        [("Host", "127.0.0.1:{port}"), ("Host", "evil.example")],
        [("Host", "127.0.0.1:{port}"), ("Origin", "http://evil.example")],
        [("Host", "127.0.0.1:{port}"), ("Origin", "null")],
    ],
)
def test_other_hosts_and_origins_get_none(server: Server, headers: list[tuple[str, str]]) -> None:
    given = [(name, value.format(port=server.port)) for name, value in headers]
    answer = request(server, address(server, NAMES[0]), given)
    assert answer.status in (400, 403)
    assert b"<title>" not in answer.body
    assert answer.headers.get("content-security-policy") in (HEADERS["content-security-policy"], None)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_report_is_only_read(server: Server, method: str) -> None:
    assert request(server, address(server, NAMES[0]), [host(server)], method).status == 405


def test_no_address_is_made_but_by_the_studio(server: Server) -> None:
    signature = address(server, NAMES[0]).split("/")[2]
    others = [
        "", "x", "0" * len(signature), signature[:-1], signature + "0", signature.swapcase(), server.token, "é",
        address(server, NAMES[1]).split("/")[2],  # of another report
    ]  # fmt: skip
    for other in others:
        assert get(server, f"/report/{quote(other)}/{NAMES[0]}").status == 404
    for path in ("net.yaml", "net.html", "inner/../net.report.html", "../project/net.report.html", "NET.report.html"):
        assert get(server, f"/report/{signature}/{path}").status == 404
    for path in (f"/{NAMES[0]}", f"/report/{NAMES[0]}", f"/report/?token={server.token}", f"/report/{signature}/"):
        assert get(server, path).status == 404
    again = Studio(server.studio.project.folder)
    assert again.reports.address(NAMES[0]) != address(server, NAMES[0])  # those of another start are worth nothing


@pytest.mark.parametrize(
    "path",
    [
        "../secret.report.html",
        "inner/../../secret.report.html",
        "out/secret.report.html",
        "link.report.html",
        "loop.report.html",
        "folder.report.html",
        "pipe.report.html",
        "huge.report.html",
        "empty.report.html",
        "other.report.html",
        "nothing.report.html",
        "a\x00.report.html",
        "\u202e.report.html",
        "a" * 5000 + ".report.html",
    ],
)
def test_what_is_no_report_of_the_project_is_not_served(server: Server, path: str) -> None:
    """Although the studio had made its address."""
    answer = get(server, address(server, path))
    assert (answer.status, b"<title>" in answer.body, b"Traceback" in answer.body) == (404, False, False)


def test_an_absolute_path_is_not_served(server: Server) -> None:
    outside = server.studio.project.folder.parent / "secret.report.html"
    assert get(server, address(server, os.fspath(outside))).status == 404


def test_a_report_that_has_become_a_link_is_not_served(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    report, outside = folder / "net.report.html", tmp_path / "outside.html"
    report.write_text(REPORT)
    outside.write_text(REPORT)
    with served(Studio(folder)) as server:
        where = address(server, "net.report.html")
        assert get(server, where).status == 200
        report.unlink()
        report.symlink_to(outside)
        assert get(server, where).status == 404


@pytest.mark.parametrize("name", ["net.yaml", "net.html", "report.html.txt", "net.stats.npz", ""])
def test_other_kinds_of_files_have_no_address(server: Server, name: str) -> None:
    assert address(server, name) == ""
