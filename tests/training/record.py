"""Record training in TensorFlow 2.21: ``python record.py`` writes losses.json and slopes.npz."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import tensorflow as tf
from setting import LOSSES, OPTIMIZERS, SLOPES, batches, pictures, weights  # type: ignore[import-not-found]


def mlp(v: dict[str, Any], image: Any) -> Any:
    hidden = tf.nn.relu(image @ v["w1"] + v["b1"])
    return hidden @ v["w2"] + v["b2"]


def cnn(v: dict[str, Any], image: Any) -> Any:
    x = tf.reshape(image, [-1, 8, 8, 1])
    for i in ("1", "2"):
        x = tf.nn.conv2d(x, v["w" + i], 1, "SAME")
        x, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=v["scale" + i],
            offset=v["offset" + i],
            mean=tf.zeros(x.shape[-1]),
            variance=tf.ones(x.shape[-1]),
            exponential_avg_factor=0.1,
            is_training=True,
        )
        x = tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "VALID")
    return tf.reshape(x, [-1, 256]) @ v["w3"] + v["b3"]


def train(model: str, optimizer: str) -> list[float]:
    """The loss of each step, before the update."""
    variables = {name: tf.Variable(value) for name, value in weights(model).items()}
    slots = {name: [tf.Variable(tf.zeros_like(v)) for _ in range(2)] for name, v in variables.items()}
    given = OPTIMIZERS[optimizer]
    losses = []
    for step, (image, label) in enumerate(batches(), 1):
        with tf.GradientTape() as tape:
            logits = {"mlp": mlp, "cnn": cnn}[model](variables, tf.constant(image))
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits))
        for name, slope in tape.gradient(loss, variables).items():
            var, (first, second) = variables[name].handle, (slot.handle for slot in slots[name])
            if optimizer == "ApplyGradientDescent":
                tf.raw_ops.ResourceApplyGradientDescent(var=var, delta=slope, **given)
            elif optimizer == "ApplyMomentum":
                tf.raw_ops.ResourceApplyMomentum(var=var, accum=first, grad=slope, **given)
            else:
                powers = {"beta1_power": given["beta1"] ** step, "beta2_power": given["beta2"] ** step}
                tf.raw_ops.ResourceApplyAdam(var=var, m=first, v=second, grad=slope, **powers, **given)
        losses.append(float(np.float32(loss)))
    return losses


def slopes() -> dict[str, Any]:
    """The gradients of the convolutional sample's loss, summed over the images."""
    image, label = pictures()
    v = {name: tf.Variable(value) for name, value in weights("mnist").items()}
    with tf.GradientTape() as tape:
        x = tf.constant(image[..., None])
        for w in ("w1", "w2"):
            x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, v[w], 1, "SAME")), 2, 2, "SAME")
        logits = tf.matmul(tf.reshape(x, [-1, 3136]), v["w3"], transpose_b=True) + v["b"]
        loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(label, 10), logits))
    return {name: slope.numpy() for name, slope in tape.gradient(loss, v).items()}


if __name__ == "__main__":
    np.savez_compressed(SLOPES, **slopes())
    recorded = {model: {optimizer: train(model, optimizer) for optimizer in OPTIMIZERS} for model in ("mlp", "cnn")}
    LOSSES.write_text(json.dumps(recorded, indent=1) + "\n")
