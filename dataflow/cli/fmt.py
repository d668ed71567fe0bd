"""``dataflow fmt``."""

from __future__ import annotations
