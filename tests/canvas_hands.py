"""What tests do on the canvas of the studio again and again: find ports, draw wires, wait for what comes of it."""

from __future__ import annotations

from typing import Any

from opened_page import Opened

Point = tuple[float, float]


class Canvas:
    """The canvas of an opened page, once something is drawn on it."""

    def __init__(self, opened: Opened):
        self.opened, self.page = opened, opened.page
        self.ready()

    def ready(self) -> None:
        """Wait until the graph is drawn: as cards, or all of it from far away, or that there is nothing to draw."""
        self.page.locator(".react-flow__node, canvas.far, .nothing-yet").first.wait_for()

    def port(self, side: str, card: str, name: str) -> Any:
        """The dot of a port; ``side`` is ``left`` or ``right``."""
        return self.page.locator(f'[data-port="{side} {card} {name}"]')

    def middle(self, found: Any) -> Point:
        """Where the middle of something is on the screen."""
        box = found.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, start: Point, end: Point) -> None:
        """Press the mouse at one place and let it go at another."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=6)
        mouse.up()

    def wire(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Drag from an output to an input."""
        self.drag(self.middle(self.port("right", *source)), self.middle(self.port("left", *target)))

    def until(self, wire: str, there: bool = True) -> None:
        """Wait until a wire to a port is drawn, or no more; ``wire`` is "node.port"."""
        found = self.page.locator(f'.wire[data-wire="{wire}"]')
        found.wait_for(state="attached" if there else "detached")

    def focused(self) -> str:
        """The card or port that has the focus."""
        found: str = self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {"
            " const { port, id } = document.activeElement.dataset; done(port ?? id ?? ''); })))"
        )
        return found

    def until_at(self, card: str, place: Point) -> None:
        """Wait until the name of a card is at a place of the screen."""
        self._until(card, place, "<")

    def until_moved(self, card: str, place: Point) -> None:
        """Wait until the name of a card is let go of elsewhere than at a place of the screen."""
        self.page.wait_for_function("() => !document.querySelector('.react-flow__node.dragging')")
        self._until(card, place, ">=")

    def still(self) -> None:
        """Wait until nothing on the canvas has moved for a while."""
        self.page.wait_for_function(
            """() => {
                const moving = document.querySelectorAll(".react-flow__viewport, .react-flow__node");
                const places = [...moving].map((each) => each.style.transform).join();
                const now = performance.now();
                if (window.places !== places) [window.places, window.since] = [places, now];
                return now - window.since > 200;
            }"""
        )

    def _until(self, card: str, place: Point, compared: str) -> None:
        self.page.wait_for_function(
            """([card, x, y, less]) => {
                const { left, top, width, height } =
                    document.querySelector(`.react-flow__node[data-id="${card}"] .name`).getBoundingClientRect();
                return Math.hypot(left + width / 2 - x, top + height / 2 - y) < 3 === less;
            }""",
            arg=[card, *place, compared == "<"],
        )
