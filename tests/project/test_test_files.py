"""A module that has logic has a file of tests called after it, ``<package>/test_<module>.py``."""

from __future__ import annotations

import ast
from pathlib import Path

import places

# Modules whose tests are in another file, and that file.
ELSEWHERE = {
    "__init__": "cli/test_safe_path.py",
    "__main__": "cli/test_cli.py",
    "interrupt": "cli/test_interrupt.py",
    "studio/jobs/loop": "studio/test_worker.py",
    "studio/jobs/quantization": "studio/commands/test_quantization.py",
    "studio/runs": "studio/commands/test_runs.py",
    "studio/workshop": "studio/commands/test_runs.py",
    "training/data/section": "training/test_sections.py",
    "training/findings": "training/test_train_checks.py",
    "training/optimizer_checks": "training/test_train_checks.py",
    "training/train_section": "training/test_sections.py",
    "training/trained_values": "cli/test_options.py",
}


def without_tests(package: Path, tests: Path) -> set[str]:
    """The modules that have logic, by path and without suffix, and no file of tests called after them.

    A module that defines no function has no logic.
    """
    modules = {
        path.relative_to(package).with_suffix("").as_posix() for path in package.rglob("*.py") if _has_logic(path)
    }
    return {module for module in modules if not (tests / own_file(module)).exists()}


def own_file(module: str) -> str:
    """The file of tests called after a module; that of a package's own logic is ``cli/test_cli.py``."""
    path = Path(module)
    name = path.parent.name if path.name == "__init__" and path.parent.name else path.name
    return path.with_name(f"test_{name}.py").as_posix()


def _has_logic(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) for node in ast.walk(tree))


def problems(missing: set[str], elsewhere: dict[str, str], tests: Path) -> list[str]:
    """What is wrong with the table, a line each: modules that are not in it, and what is no longer true."""
    needless = "takes a line for a module that is gone, has no logic, or has a file of its own; remove it"
    return [
        *(f"{m}: must be tested in tests/{own_file(m)}, got no such file" for m in missing - elsewhere.keys()),
        *(f"{module}: {needless}" for module in elsewhere.keys() - missing),
        *(f"{m}: tests/{path} must exist, got nothing" for m, path in elsewhere.items() if not (tests / path).exists()),
    ]


def test_every_module_with_logic_has_a_file_of_tests() -> None:
    missing = without_tests(places.ROOT / "dataflow", places.TESTS)
    assert sorted(problems(missing, ELSEWHERE, places.TESTS)) == []


def test_what_is_missing_is_found(tmp_path: Path) -> None:
    package, tests = tmp_path / "package", tmp_path / "tests"
    for module in ("__init__", "flat", "inner/__init__", "inner/tested", "inner/untested", "inner/plain"):
        path = (package / module).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("ONE = 1\n\n\nclass Point:\n    x: int\n" if module == "inner/plain" else "def f(): ...\n")
    (tests / "inner").mkdir(parents=True)
    (tests / "inner" / "test_tested.py").touch()
    assert without_tests(package, tests) == {"__init__", "flat", "inner/__init__", "inner/untested"}
    (tests / "inner" / "test_inner.py").touch()
    assert without_tests(package, tests) == {"__init__", "flat", "inner/untested"}


def test_what_is_no_longer_true_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").touch()
    assert problems({"a"}, {"a": "test_all.py"}, tmp_path) == []
    assert problems({"a"}, {}, tmp_path) == ["a: must be tested in tests/test_a.py, got no such file"]
    assert problems({"b/__init__"}, {}, tmp_path) == [
        "b/__init__: must be tested in tests/b/test_b.py, got no such file"
    ]
    (told,) = problems({"a"}, {"a": "test_gone.py"}, tmp_path)
    assert told == "a: tests/test_gone.py must exist, got nothing"
    (told,) = problems(set(), {"a": "test_all.py"}, tmp_path)
    assert told.startswith("a: takes a line for a module that is gone")
