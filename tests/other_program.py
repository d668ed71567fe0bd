"""What another program does to a file while it is open here."""

from __future__ import annotations

from pathlib import Path


def changed(path: Path, old: str, new: str) -> str:
    """Change a file as another program does; its text after that."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return text.replace(old, new)
