"""What quantization costs `graphs/digits/cnn.yaml`.

``python -m tests.benchmarks.quantization_digits FOLDER [--seeds N]``

Points of accuracy lost on the 360 test images, of which one is 0.28 points; signal to noise of the logits and answers
as the float network gives them over all 1,797 images. ``FOLDER`` keeps the networks and what was measured. Means over
five seeds still differ by chance by a tenth of a point; ``--seeds 20 --limited`` tells what is within its limit, in
seven minutes of one processor.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .quantization import RANGES, Task, Way, main

INTEGERS = tuple(Way(f"{bits}/channel:mse", f"{bits}:mse") for bits in (8, 4))
LIMITED = (
    Way("8/channel:mse", "8:mse", limits={"drop": 0.1, "sqnr": 40, "same": 99.9}),
    Way("4/channel:mse", "8:mse", rounding="adaround", limits={"drop": 0.3, "sqnr": 24}),
    Way("4/channel:mse", "4:mse", limits={"drop": 0.6}),
    Way("2/channel:mse", "8:mse", rounding="adaround", limits={"drop": 1.0}),
    Way("4/channel:mse", "4:mse", learn="lsq", limits={"drop": 0.5}),
    Way("3/channel:mse", "3:mse", learn="lsq", limits={"drop": 0.5}),
    Way("2/channel:mse", "8:mse", learn="lsq", limits={"drop": 0.5}),
    Way("2/channel:mse", "2:mse", learn="lsq", limits={"drop": 1.5}),
)
WIDTHS = (
    *(Way(f"{bits}/channel:mse", "8:mse") for bits in (4, 3, 2)),
    *(Way(f"{bits}/channel:mse", "8:mse", correct=True) for bits in (4, 3, 2)),
    *(Way(f"{bits}/channel:mse", "8:mse", rounding="gptq") for bits in (4, 3, 2)),
    Way("3/channel:mse", "8:mse", rounding="adaround"),
    *(Way(f"{bits}/channel:mse", "8:mse", rounding="adaround", correct=True) for bits in (4, 3, 2)),
    Way("4/channel:mse", "4:mse", correct=True),
)
TASK = Task(
    Path(__file__).parents[2] / "graphs" / "digits" / "cnn.yaml",
    ("train", "validation", "test"),
    (*LIMITED, *WIDTHS, *RANGES),
    epochs=15,
    lowered=INTEGERS,
)

if __name__ == "__main__":
    sys.exit(main(TASK, (__doc__ or "").splitlines()[0]))
