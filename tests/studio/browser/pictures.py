"""The pictures of the studio in docs/: the page with graphs as users have them, each in the state that is told of.

python -m tests.studio.browser.pictures docs/studio
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))

from opened_page import Opened, flags  # noqa: E402

Draw = Callable[[Opened], None]


def training(opened: Opened) -> None:
    """The digits network while it trains, with the curve of a port beside it."""
    opened.card("loss").click()
    opened.keys("t")
    opened.page.get_by_role("button", name="Train", exact=True).first.click()
    opened.page.wait_for_timeout(4000)


def values(opened: Opened) -> None:
    """After a run: histograms on ports, the feature maps of the selected one."""
    _run(opened)
    opened.card("pool1").click()
    opened.page.get_by_role("tab", name="Values").click()
    opened.page.get_by_text("Picture", exact=True).click()
    opened.page.wait_for_timeout(1500)


def quantized(opened: Opened) -> None:
    """A quantized graph after a run: widths on the wires, cards coloured by SQNR."""
    _run(opened)
    opened.card("pool1_q").click()
    opened.keys("q")
    box = opened.card("pool1_q").bounding_box()
    assert box is not None
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(5):
        opened.page.mouse.wheel(0, -120)
        opened.page.wait_for_timeout(150)
    opened.page.wait_for_timeout(1000)


def gradient(opened: Opened) -> None:
    """The blocks of the reverse pass beside those of the forward pass."""
    opened.page.get_by_role("button", name="Gradient").click()
    opened.page.wait_for_timeout(1500)


def problem(opened: Opened) -> None:
    """A node that is wrong: marked, told at the node, in the panel and in the text."""
    opened.keys("y")
    opened.page.wait_for_timeout(1500)
    opened.page.get_by_role("tab", name=re.compile("Problems")).click()
    opened.keys("F8")
    opened.page.wait_for_timeout(800)


def regression(opened: Opened) -> None:
    """Linear regression wired by hand, after steps."""
    for name in ("cost", "next_w", "next_b"):
        opened.card(name).click()
        opened.keys("t")
    opened.page.get_by_role("tab", name="Train").click()
    opened.page.get_by_label("steps").fill("100000")
    opened.page.get_by_role("button", name="Do steps").click()
    opened.page.get_by_text("done,").wait_for(timeout=300_000)


def palette(opened: Opened) -> None:
    """The palette with the blocks that fit."""
    opened.page.mouse.dblclick(420, 700)
    opened.page.keyboard.type("quant")
    opened.page.wait_for_timeout(600)


def _run(opened: Opened) -> None:
    opened.page.mouse.click(30, 700)
    opened.keys("Control+Enter")
    opened.page.get_by_text(re.compile(r"run \d+ done")).wait_for()
    opened.page.wait_for_timeout(500)


WRONG = ("ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1]", "ksize: [1, 2, 2], strides: [1, 2, 2, 1]")

# picture -> the graph, whether dark, what is done
PICTURES: dict[str, tuple[str, bool, Draw]] = {
    "training_dark": ("cnn.yaml", True, training),
    "values_light": ("cnn.yaml", False, values),
    "quantized_light": ("cnn4.yaml", False, quantized),
    "gradient_dark": ("mlp.yaml", True, gradient),
    "problem_light": ("wrong.yaml", False, problem),
    "regression_light": ("regression.yaml", False, regression),
    "palette_dark": ("cnn.yaml", True, palette),
}


def main(target: Path, wanted: list[str]) -> None:
    """Draw the pictures, all or those that are named, into a folder."""
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name) / "digits"
        _filled(folder)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags())
        for picture in wanted or PICTURES:
            graph, dark, draw = PICTURES[picture]
            server = subprocess.Popen(
                [sys.executable, "-m", "dataflow", "studio", graph, "--no-browser"],
                cwd=folder,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert server.stdout is not None
            address = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
            opened = Opened(browser, address, dark=dark)
            if graph != ".":
                opened.page.locator(".react-flow__node").first.wait_for()
            opened.page.wait_for_timeout(500)
            try:
                draw(opened)
            finally:
                opened.page.screenshot(path=str(target / f"{picture}.png"))
                opened.close()
                with server:
                    server.terminate()
            print(picture, *opened.errors)
            for left in folder.glob("*.checkpoints"):
                if left.name != "trained.checkpoints":
                    subprocess.run(["rm", "-r", str(left)], check=True)


def _filled(folder: Path) -> None:
    """The graphs that are drawn."""
    graphs = ROOT / "graphs"
    folder.mkdir()
    (folder / ".dataflow").touch()
    text = (graphs / "digits/cnn.yaml").read_text("utf-8")
    (folder / "cnn.yaml").write_text(text, "utf-8")
    (folder / "wrong.yaml").write_text(text.replace(*WRONG, 1), "utf-8")
    (folder / "mlp.yaml").write_bytes((graphs / "digits/mlp.yaml").read_bytes())
    manual = graphs / "gradient_descent/multivariable_manual.yaml"
    (folder / "regression.yaml").write_bytes(manual.read_bytes())
    dataflow = [sys.executable, "-m", "dataflow"]
    kept = ["--checkpoints", "trained.checkpoints"]
    for command in (["train", "cnn.yaml", "--epochs", "8"], ["quantize", "cnn.yaml", "-o", "cnn4.yaml", "--weights=4"]):
        subprocess.run([*dataflow, *command, *kept], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
