"""JAX, compiled by ``jax.jit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..models import RANGES, RATE
from ..timing import Run
from .formulas import Formulas

jax.config.update("jax_platforms", "cpu")


class Jax(Formulas):
    name = "JAX"
    interprets = False
    xp = jnp

    def tensor(self, array: Any) -> Any:
        return jnp.asarray(array)

    def compiled(self, function: Callable[..., Any]) -> Any:
        return jax.jit(function)

    def wait(self, result: Any) -> Any:
        return jax.block_until_ready(result)

    def conv2d(self, x: Any, w: Any) -> Any:
        return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def train_mlp(self, weights: dict[str, Any], image: Any, label: Any) -> Run:
        def fake(name: str, x: Any) -> Any:
            low, high = map(jnp.float32, RANGES[name])
            _, bottom, top, _ = self.nudged(low, high)
            inside = jnp.clip(x, bottom, top)
            return inside + jax.lax.stop_gradient(self.fake_quant(x, low, high) - inside)

        def loss(v: dict[str, Any], image: Any, label: Any) -> Any:
            hidden = fake("hidden", jax.nn.relu(image @ fake("w1", v["w1"]) + v["b1"]))
            logits = hidden @ fake("w2", v["w2"]) + v["b2"]
            return -jnp.take_along_axis(jax.nn.log_softmax(logits), label[:, None], 1).mean()

        def step(v: dict[str, Any], image: Any, label: Any) -> Any:
            value, slopes = jax.value_and_grad(loss)(v, image, label)
            return value, jax.tree.map(lambda w, slope: w - RATE * slope, v, slopes)

        compiled, x, y = jax.jit(step, donate_argnums=0), jnp.asarray(image), jnp.asarray(label)
        kept = {name: jnp.array(value) for name, value in weights.items()}

        def run() -> Any:
            nonlocal kept
            value, kept = compiled(kept, x, y)
            return jax.block_until_ready((value, kept))[0]

        return run


PEERS = (Jax,)
