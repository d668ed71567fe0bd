"""TensorFlow: eager, as a graph, and compiled by XLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from golden.raw_op import prepared

from ..models import ADAM, RANGES, RATE
from ..names import TENSORFLOW
from ..timing import Run
from .peer import Peer

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


class Eager(Peer):
    name = TENSORFLOW
    exact = True

    def tensor(self, array: Any) -> Any:
        return tf.constant(array)

    def fake_quant(self, x: Any, low: Any, high: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_vars(x, low, high)

    def fake_quant_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        return tuple(tf.quantization.fake_quant_with_min_max_vars_gradient(g, x, low, high))

    def per_channel(self, x: Any, low: Any, high: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_vars_per_channel(x, low, high)

    def per_channel_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        return tuple(tf.quantization.fake_quant_with_min_max_vars_per_channel_gradient(g, x, low, high))

    def fake_quant_args(self, x: Any, low: float, high: float) -> Any:
        return tf.quantization.fake_quant_with_min_max_args(x, low, high)

    def quantize_dequantize(self, x: Any, low: Any, high: Any) -> Any:
        return tf.raw_ops.QuantizeAndDequantizeV4(input=x, input_min=low, input_max=high, range_given=True)

    def quantize_dequantize_measured(self, x: Any) -> Any:
        return tf.raw_ops.QuantizeAndDequantizeV4(input=x, input_min=0.0, input_max=0.0, range_given=False)

    def quantize_dequantize_gradient(self, g: Any, x: Any, low: Any, high: Any) -> Any:
        return tuple(tf.raw_ops.QuantizeAndDequantizeV4Grad(gradients=g, input=x, input_min=low, input_max=high))

    def chain(self, x: Any) -> Any:
        x = tf.abs(x * 0.5 + 1.0)
        x = tf.square(tf.minimum(x, 2.0) - 0.75)
        return tf.nn.relu(tf.maximum(-x, -1.0) + 0.5)

    def adds(self, x: Any, y: Any, count: int) -> Any:
        for _ in range(count):
            x = tf.add(x, y)
        return x

    def conv2d(self, x: Any, w: Any) -> Any:
        return tf.nn.conv2d(x, w, 1, "SAME")

    def library(self, op: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> Run | None:
        function, given = getattr(tf.raw_ops, op), prepared(op, attrs, inputs).arguments
        return lambda: function(**given)

    def train_mlp(self, weights: dict[str, Any], image: Any, label: Any) -> Run:
        def fake(name: str, x: Any) -> Any:
            return tf.quantization.fake_quant_with_min_max_vars(x, *RANGES[name])

        def logits(v: dict[str, Any], image: Any) -> Any:
            hidden = fake("hidden", tf.nn.relu(image @ fake("w1", v["w1"]) + v["b1"]))
            return hidden @ fake("w2", v["w2"]) + v["b2"]

        def update(variables: list[Any], slopes: list[Any]) -> None:
            for variable, slope in zip(variables, slopes, strict=True):
                variable.assign_sub(RATE * slope)

        return self._step(logits, update, weights, image, label)

    def train_cnn(self, weights: dict[str, Any], image: Any, label: Any) -> Run:
        averages = {n: [tf.Variable(tf.zeros(c)), tf.Variable(tf.ones(c))] for n, c in (("1", 32), ("2", 64))}
        slots = {name: [tf.Variable(tf.zeros_like(w)) for _ in range(2)] for name, w in weights.items()}
        powers = [tf.Variable(ADAM["beta1"]), tf.Variable(ADAM["beta2"])]

        def logits(v: dict[str, Any], image: Any) -> Any:
            x = tf.reshape(image, [-1, 8, 8, 1])
            for i, (mean, variance) in averages.items():
                x, average, spread, *_ = tf.raw_ops.FusedBatchNormV3(
                    x=tf.nn.conv2d(x, v["w" + i], 1, "SAME"),
                    scale=v["scale" + i],
                    offset=v["offset" + i],
                    mean=mean,
                    variance=variance,
                    exponential_avg_factor=0.1,
                    is_training=True,
                )
                mean.assign(average)
                variance.assign(spread)
                x = tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "VALID")
            return tf.reshape(x, [-1, 256]) @ v["w3"] + v["b3"]

        def update(variables: list[Any], slopes: list[Any]) -> None:
            given = {"beta1_power": powers[0], "beta2_power": powers[1], **ADAM}
            for variable, slope, (m, v) in zip(variables, slopes, slots.values(), strict=True):
                tf.raw_ops.ResourceApplyAdam(var=variable.handle, m=m.handle, v=v.handle, grad=slope, **given)
            powers[0].assign(powers[0] * ADAM["beta1"])
            powers[1].assign(powers[1] * ADAM["beta2"])

        return self._step(logits, update, weights, image, label)

    def _step(self, logits: Any, update: Any, weights: dict[str, Any], image: Any, label: Any) -> Run:
        variables = {name: tf.Variable(value) for name, value in weights.items()}

        def step(image: Any, label: Any) -> Any:
            with tf.GradientTape() as tape:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits(variables, image))
                loss = tf.reduce_mean(losses)
            wanted = list(variables.values())
            update(wanted, tape.gradient(loss, wanted))
            return loss

        run, x, y = self.compiled(step), tf.constant(image), tf.constant(label)
        return lambda: run(x, y)


class Function(Eager):
    name = "tf.function"

    def library(self, op: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> Run | None:
        return None

    def compiled(self, function: Callable[..., Any]) -> Any:
        return tf.function(function)


class XLA(Function):
    name = "XLA"
    exact = False
    interprets = False

    def compiled(self, function: Callable[..., Any]) -> Any:
        return tf.function(function, jit_compile=True)


PEERS = (Eager, Function, XLA)
