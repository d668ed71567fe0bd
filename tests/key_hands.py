"""What tests do in the studio by the keyboard again and again: commands of the list, blocks, values."""

from __future__ import annotations

from opened_page import Opened


def command(opened: Opened, name: str) -> None:
    """Do a command of the list."""
    opened.keys("Control+k")
    listed = opened.page.get_by_role("dialog", name="Commands")
    listed.wait_for()
    opened.page.keyboard.type(name)
    opened.keys("Enter")
    listed.wait_for(state="detached")


def added(opened: Opened, block: str, name: str) -> None:
    """Add a block by the palette, and type its name."""
    opened.keys("a")
    chosen(opened, block, name)


def chosen(opened: Opened, block: str, name: str) -> None:
    """Choose a block in the palette that opens, and type the name of its card."""
    palette = opened.page.get_by_role("dialog", name="Add a block")
    palette.wait_for()
    opened.page.keyboard.type(block)
    palette.get_by_role("option").first.wait_for()  # which of a port are asked of the server
    opened.keys("Enter")
    named(opened, name.removeprefix("output:"))
    focused(opened, name)


def named(opened: Opened, name: str) -> None:
    """Type a name into the field at a card."""
    opened.page.locator(".naming input:focus").wait_for()
    opened.keys("Control+a")
    opened.page.keyboard.type(name)
    opened.keys("Enter")


def focused(opened: Opened, name: str) -> None:
    """Wait until the card of a node has the focus."""
    opened.page.locator(f'.react-flow__node[data-id="{name}"]:focus').wait_for()


def typed(opened: Opened, text: str) -> None:
    """Type the value of the first input of the focused card that has no wire."""
    opened.keys("e")
    popover = opened.page.locator(".literal-popover")
    popover.wait_for()
    opened.page.keyboard.type(text)
    opened.keys("Enter")
    popover.wait_for(state="detached")


def tabbed(opened: Opened, name: str) -> None:
    """Go on by Tab until what is called so has the focus: by its label, or by the words on it."""
    called = "(element) => [element.ariaLabel, element.labels?.[0]?.innerText, element.innerText]"
    for _ in range(80):
        here = opened.page.evaluate(f"() => ({called})(document.activeElement)")
        if name in [text.strip() for text in here if text]:
            return
        opened.keys("Tab")
    raise AssertionError(f"Tab does not lead to {name}")
