"""A browser, the studio in a process, and pages of it; an error in a page's console fails its test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opened_page import Opened, flags

FOUND = os.environ.get("DATAFLOW_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium; tests in it are skipped where it is not installed."""
    api = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")
    if FOUND is None:
        pytest.skip("needs Chromium, or DATAFLOW_BROWSER with the path of another browser of its kind")
    with api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=FOUND, args=flags())
        yield made
        made.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that is a project."""
    (tmp_path / ".dataflow").touch()
    return tmp_path


@pytest.fixture
def serve(project: Path) -> Iterator[Callable[..., str]]:
    """Starts `dataflow studio` over the project, or a graph in it; gives the address it prints."""
    running: list[subprocess.Popen[str]] = []

    def start(graph: str = ".") -> str:
        command = [sys.executable, "-m", "dataflow", "studio", graph, "--no-browser"]
        process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                return found[0]
        raise AssertionError("the studio ended before it served")

    yield start
    for process in running:
        with process:
            process.terminate()
        assert process.returncode in (0, 130)


@pytest.fixture
def open_page(browser: object, serve: Callable[..., str]) -> Iterator[Callable[..., Opened]]:
    """Opens a page of the studio over a graph, or over the folder; what its console says is checked at the end."""
    opened: list[Opened] = []

    def start(graph: str = ".", size: tuple[int, int] = (1280, 800), dark: bool = False) -> Opened:
        made = Opened(browser, serve(graph), size, dark)
        opened.append(made)
        return made

    yield start
    for made in opened:
        made.close()
        assert made.errors == []
