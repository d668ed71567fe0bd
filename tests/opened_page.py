"""A page of the studio in a browser, with what tests do with it again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WAIT = 20_000  # milliseconds in which what is waited for must come, on a machine with other work


def flags() -> list[str]:
    """What Chromium needs where there is no graphics card, little shared memory, and perhaps but one user, root."""
    return ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


class Opened:
    """A page that is open at an address; ``page`` is Playwright's."""

    def __init__(
        self, browser: object, address: str, size: tuple[int, int] = (1280, 800), dark: bool = False, tour: bool = False
    ):
        made: Any = browser
        self.address, self.errors = address, list[str]()
        self.context = made.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(WAIT)
        if not tour:
            self.context.add_init_script("localStorage.setItem('dataflow.tour', 'seen')")
        self.page: Any = self.context.new_page()
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)

    def card(self, name: str) -> Any:
        """The card of a node, input (by its name) or output (``output:loss``)."""
        return self.page.locator(f'.react-flow__node[data-id="{name}"]')

    def keys(self, *pressed: str) -> None:
        """Press keys one after another: "Control+Enter", "Tab"."""
        for key in pressed:
            self.page.keyboard.press(key)

    def eventually(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that no element of the page shows."""
        end = time.monotonic() + WAIT / 1000
        while not holds():
            assert time.monotonic() < end, "it did not come to hold"
            self.page.wait_for_timeout(20)

    def save(self) -> None:
        """Save, as soon as there is something to save, and wait until it is."""
        unsaved = self.page.locator(".mark.unsaved")
        unsaved.wait_for()
        self.keys("Control+s")
        unsaved.wait_for(state="detached")

    def notice(self, text: str) -> None:
        """Wait until a notice says this."""
        self.page.get_by_text(text).first.wait_for()

    def close(self) -> None:
        """Close the page."""
        self.context.close()
