"""What quantization costs `graphs/fashion_mnist/cnn.yaml`.

``python -m tests.benchmarks.quantization_fashion FOLDER --data-root /usr/share/datasets/fashion-mnist``

The data root has the four IDX files, as the Debian package ``dataset-fashion-mnist`` installs them. The network is
trained with all 60,000 training images; points of accuracy lost, signal to noise of the logits, and answers as the
float network gives them are over all 10,000 test images. ``FOLDER`` keeps the networks and what was measured. A seed
takes four minutes of one processor, or three with ``--limited``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .quantization import RANGES, Task, Way, main

LIMITED = (
    Way("8/channel:mse", "8:mse", limits={"drop": 0.3}),
    Way("4/channel:mse", "8:mse", correct=True, limits={"drop": 0.6}),
    Way("3/channel:mse", "8:mse", rounding="adaround", limits={"drop": 1.0}),
    Way("2/channel:mse", "8:mse", rounding="adaround", limits={"drop": 3.0}),
    Way("4/channel:mse", "4:mse", learn="lsq", limits={"drop": 0.6}),
    Way("2/channel:mse", "8:mse", learn="lsq", limits={"drop": 1.3}),
    Way("2/channel:mse", "2:mse", learn="lsq", limits={"drop": 3.5}),
)
WIDTHS = (
    *(Way(f"{bits}/channel:mse", "8:mse") for bits in (4, 3, 2)),
    *(Way(f"{bits}/channel:mse", "8:mse", correct=True) for bits in (3, 2)),
    *(Way(f"{bits}/channel:mse", "8:mse", rounding="gptq") for bits in (4, 3, 2)),
    Way("4/channel:mse", "8:mse", rounding="adaround"),
    *(Way(f"{bits}/channel:mse", "8:mse", rounding="adaround", correct=True) for bits in (3, 2)),
    *(Way("4/channel:mse", "4:mse", correct=correct) for correct in (False, True)),
)
TASK = Task(
    Path(__file__).parents[2] / "graphs" / "fashion_mnist" / "cnn.yaml",
    ("test",),
    (*LIMITED, *WIDTHS, *RANGES),
    epochs=2,
    samples=2048,
    limits={"accuracy": 89.0},
)

if __name__ == "__main__":
    sys.exit(main(TASK, (__doc__ or "").splitlines()[0]))
