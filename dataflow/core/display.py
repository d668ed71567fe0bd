"""How blocks, graphs and plans show themselves in a notebook; what draws them registers itself here."""

from __future__ import annotations

from collections.abc import Callable, Collection

Renderer = Callable[["Shown"], dict[str, str]]  # a value -> its pictures, by MIME type
_renderer: Callable[[], Renderer] = lambda: lambda value: {}  # noqa: E731


def register(loader: Callable[[], Renderer]) -> None:
    """Use the renderer that this function returns from now on; it is called when the first value is shown."""
    global _renderer
    _renderer = loader


class Shown:
    """A value that a notebook shows as text and, where something draws it, as a picture."""

    __slots__ = ()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        return {"text/plain": str(self), **_renderer()(self)}
