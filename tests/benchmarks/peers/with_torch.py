"""torch: eager, compiled, and with its own quantization kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from ..models import ADAM, RANGES, RATE
from ..timing import Run
from .formulas import Formulas
from .peer import Peer

torch.set_num_threads(1)
RANGE = (0, 255)


class Torch(Formulas):
    name = "torch eager"
    xp = torch

    def tensor(self, array: Any) -> Any:
        return torch.from_numpy(array)

    def conv2d(self, x: Any, w: Any) -> Any:
        found = F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), padding="same")
        return found.permute(0, 2, 3, 1)

    def train_mlp(self, weights: dict[str, Any], image: Any, label: Any) -> Run:
        def fake(name: str, x: Any) -> Any:
            low, high = RANGES[name]
            scale = (high - low) / RANGE[1]
            return torch.fake_quantize_per_tensor_affine(x, scale, int(-low / scale + 0.5), *RANGE)

        def logits(v: dict[str, Any], image: Any) -> Any:
            hidden = fake("hidden", F.relu(image @ fake("w1", v["w1"]) + v["b1"]))
            return hidden @ fake("w2", v["w2"]) + v["b2"]

        return self._step(logits, weights, image, label, lambda v: torch.optim.SGD(v, RATE))

    def train_cnn(self, weights: dict[str, Any], image: Any, label: Any) -> Run:
        averages = {"1": (torch.zeros(32), torch.ones(32)), "2": (torch.zeros(64), torch.ones(64))}
        layouts = {n: (3, 2, 0, 1) if w.ndim == 4 else range(w.ndim) for n, w in weights.items()}
        weights = {name: w.transpose(*layouts[name]).copy() for name, w in weights.items()}

        def logits(v: dict[str, Any], image: Any) -> Any:
            x = image.reshape(-1, 1, 8, 8)
            for i, (mean, variance) in averages.items():
                x = F.conv2d(x, v["w" + i], padding="same")
                x = F.batch_norm(x, mean, variance, v["scale" + i], v["offset" + i], True, 0.1, 1e-4)
                x = F.max_pool2d(F.relu(x), 2)
            return x.permute(0, 2, 3, 1).reshape(-1, 256) @ v["w3"] + v["b3"]

        given = {"lr": ADAM["lr"], "betas": (ADAM["beta1"], ADAM["beta2"]), "eps": ADAM["epsilon"]}
        return self._step(logits, weights, image, label, lambda v: torch.optim.Adam(v, **given))

    def _step(self, logits: Any, weights: dict[str, Any], image: Any, label: Any, optimizer: Any) -> Run:
        variables = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
        x, y, descent = torch.from_numpy(image), torch.from_numpy(label), optimizer(list(variables.values()))
        loss = self.compiled(lambda x, y: F.cross_entropy(logits(variables, x), y))

        def run() -> Any:
            descent.zero_grad()
            value = loss(x, y)
            value.backward()
            descent.step()
            return value.detach()

        return run


class Compiled(Torch):
    name = "torch.compile"
    interprets = False

    def compiled(self, function: Callable[..., Any]) -> Any:
        torch.compiler.reset()  # what was compiled for other shapes would count against a limit
        return torch.compile(function)


class Kernels(Peer):
    """The kernels that torch has for quantization; their gradients are those by step and zero point."""

    name = "torch fq"

    def tensor(self, array: Any) -> Any:
        return torch.from_numpy(array)

    def fake_quant(self, x: Any, low: Any, high: Any) -> Any:
        scale, zero = _affine(low, high)
        return torch.fake_quantize_per_tensor_affine(x, scale, zero.int(), *RANGE)

    def fake_quant_args(self, x: Any, low: float, high: float) -> Any:
        return self.fake_quant(x, torch.tensor(low), torch.tensor(high))

    def fake_quant_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        scale, zero = _affine(low, high)
        backward = torch.ops.aten._fake_quantize_learnable_per_tensor_affine_backward
        return backward(g, x, scale.reshape(1), zero.reshape(1), *RANGE)[0]

    def per_channel(self, x: Any, low: Any, high: Any) -> Any:
        scale, zero = _affine(low, high)
        return torch.fake_quantize_per_channel_affine(x, scale, zero.int(), x.ndim - 1, *RANGE)

    def per_channel_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        scale, zero = _affine(low, high)
        backward = torch.ops.aten._fake_quantize_learnable_per_channel_affine_backward
        return backward(g, x, scale, zero, x.ndim - 1, *RANGE)[0]


def _affine(low: Any, high: Any) -> tuple[Any, Any]:
    """Step and zero point."""
    scale = (high - low) / RANGE[1]
    return scale, torch.floor(-low / scale + 0.5)


PEERS = (Torch, Compiled, Kernels)
