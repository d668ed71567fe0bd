"""The ops as one writes them down in an array library: the same lines for NumPy, JAX and torch."""

from __future__ import annotations

from typing import Any, ClassVar

from .peer import Peer

TOP = 255.0  # the highest level of 8 bits


class Formulas(Peer):
    """Ops in terms of an array library, ``xp``."""

    xp: ClassVar[Any]

    def nudged(self, low: Any, high: Any) -> tuple[Any, Any, Any, Any]:
        """Step, lowest and highest level, and which level 0.0 is."""
        xp = self.xp
        scale = (high - low) / TOP
        zero = xp.floor(xp.clip(-low / scale, 0.0, TOP) + 0.5)
        return scale, -zero * scale, (TOP - zero) * scale, zero

    def fake_quant(self, x: Any, low: Any, high: Any) -> Any:
        scale, bottom, top, zero = self.nudged(low, high)
        return self.xp.floor((self.xp.clip(x, bottom, top) - bottom) / scale - zero + 0.5) * scale

    def fake_quant_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        _, bottom, top, _ = self.nudged(low, high)
        below, above = x < bottom, x > top
        where = self.xp.where
        inside = where(below | above, 0.0, g)
        return inside, where(below, g, 0.0).sum(), where(above, g, 0.0).sum()

    def per_channel(self, x: Any, low: Any, high: Any) -> Any:
        return self.fake_quant(x, low, high)

    def per_channel_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        _, bottom, top, _ = self.nudged(low, high)
        below, above = x < bottom, x > top
        where = self.xp.where
        return where(below | above, 0.0, g), where(below, g, 0.0).sum(0), where(above, g, 0.0).sum(0)

    def fake_quant_args(self, x: Any, low: float, high: float) -> Any:
        xp = self.xp
        return self.fake_quant(x, xp.asarray(low, dtype=xp.float32), xp.asarray(high, dtype=xp.float32))

    def quantize_dequantize(self, x: Any, low: Any, high: Any) -> Any:
        xp = self.xp
        scale = xp.minimum(-128.0 / low, 127.0 / high)
        return xp.round(xp.clip(x, -128.0 / scale, 127.0 / scale) * scale) * (1.0 / scale)

    def quantize_dequantize_measured(self, x: Any) -> Any:
        return self.quantize_dequantize(x, x.min(), x.max())

    def quantize_dequantize_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        return self.xp.where((x >= low) & (x <= high), g, 0.0)

    def chain(self, x: Any) -> Any:
        xp = self.xp
        x = xp.abs(x * 0.5 + 1.0)
        x = xp.square(xp.clip(x, None, 2.0) - 0.75)
        return xp.clip(xp.clip(-x, -1.0, None) + 0.5, 0.0, None)

    def adds(self, x: Any, y: Any, count: int) -> Any:
        for _ in range(count):
            x = x + y
        return x
