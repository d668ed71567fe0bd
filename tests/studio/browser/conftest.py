"""A browser, the studio, and pages of it; an error in a page's console fails its test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from opened_page import Opened, flags
from studio_pages import served

from dataflow.studio.project import target_of
from dataflow.studio.studio import Studio

FOUND = os.environ.get("DATAFLOW_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(autouse=True)
def quickly_started(forked: None) -> None:
    """Workers are forked."""


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
    """Serves the project with a graph of it open, or the list of its graphs, as `dataflow studio` does; its address."""
    with ExitStack() as running:

        def start(graph: str = ".") -> str:
            folder, path = target_of(str(project / graph))
            studio = Studio(folder)
            if path:
                studio.open(path)
            return running.enter_context(served(studio)).address

        yield start


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


@pytest.fixture
def show(open_page: Callable[..., Opened], project: Path) -> Callable[..., Opened]:
    """Opens a page over the text of a graph, written to a file."""

    def start(text: str, file: str = "net.yaml", **page: Any) -> Opened:
        (project / file).write_text(text, "utf-8")
        return open_page(file, **page)

    return start
