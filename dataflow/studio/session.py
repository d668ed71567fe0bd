"""What a studio does to runs without a word of it in the file: bypassed, frozen and forced nodes, watched ports."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Session:
    """See `Session` of protocol.ts."""

    bypassed: list[str] = field(default_factory=list)
    frozen: dict[str, str] = field(default_factory=dict)
    forced: dict[str, object] = field(default_factory=dict)
    watched: list[str] = field(default_factory=list)
    split: str = ""
    rows: int | None = None
    params: dict[str, object] = field(default_factory=dict)
    trained: bool = False

    def plain(self) -> dict[str, object]:
        """As JSON has it; a copy."""
        return {
            "bypassed": list(self.bypassed),
            "frozen": dict(self.frozen),
            "forced": dict(self.forced),
            "watched": list(self.watched),
            "split": self.split,
            "rows": self.rows,
            "params": dict(self.params),
            "trained": self.trained,
        }
