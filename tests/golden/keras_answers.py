"""What Keras, or a function of TensorFlow that is no op, answers about blocks of that name.

Needs TensorFlow, as ``record.py`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

VERSION = keras.__version__
Given = Mapping[str, Any]
Ask = Callable[[Given, Given], list[Any]]
METRICS = (
    "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy", "TopKCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy", "MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError", "Precision",
    "Recall", "AUC",
)  # fmt: skip
LOSSES = ("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy")
FULL_WEIGHTS = (keras.metrics.Precision, keras.metrics.Recall, keras.metrics.AUC)  # a weight for each element


def metric(kind: Any) -> Ask:
    """A metric that is shown all examples at once."""

    def ask(attrs: Given, inputs: Given) -> list[Any]:
        y_pred, weight = inputs["y_pred"], inputs.get("sample_weight")
        made = kind(**attrs, dtype="float64" if y_pred.dtype == tf.float64 else None)
        if weight is not None and kind in FULL_WEIGHTS and attrs.get("class_id") is None:
            weight = tf.broadcast_to(tf.reshape(weight, [-1] + [1] * (len(y_pred.shape) - 1)), y_pred.shape)
        made.update_state(inputs["y_true"], y_pred, weight)
        return [made.result()]

    return ask


def loss(kind: Any) -> Ask:
    """A loss; weights of classes become weights of examples, as ``Model.fit`` makes them."""

    def ask(attrs: Given, inputs: Given) -> list[Any]:
        y_true, y_pred, weight = inputs["y_true"], inputs["y_pred"], inputs.get("sample_weight")
        if "class_weight" in inputs:
            by_class = tf.gather(inputs["class_weight"], y_true if len(y_true.shape) == 1 else tf.argmax(y_true, -1))
            weight = by_class if weight is None else by_class * weight
        return [kind(**attrs, dtype=y_pred.dtype.name)(y_true, y_pred, weight)]

    return ask


def confusion_matrix(attrs: Given, inputs: Given) -> list[Any]:
    """``tf.math.confusion_matrix``."""
    return [tf.math.confusion_matrix(**attrs, **inputs)]


def moving_average(attrs: Given, inputs: Given) -> list[Any]:
    """A step of ``tf.train.ExponentialMovingAverage``, whose averages begin with the variables they follow."""
    follower = tf.train.ExponentialMovingAverage(inputs["decay"], inputs.get("num_updates"))
    variable = tf.Variable(inputs["average"])
    follower.apply([variable])
    variable.assign(inputs["value"])
    follower.apply([variable])
    return [follower.average(variable)]


def decayed(kind: Any, **settings: str) -> Ask:
    """A step of an optimizer with weight decay; ``settings`` are the ports of what it calls otherwise."""

    def ask(attrs: Given, inputs: Given) -> list[Any]:
        flags = {"nesterov": attrs["use_nesterov"]} if "use_nesterov" in attrs else {}
        numbers = {theirs: float(inputs[ours]) for theirs, ours in settings.items()}
        made = kind(**numbers, **flags)
        variable = keras.Variable(inputs["var"], dtype=inputs["var"].dtype.name)
        made.build([variable])
        rate = inputs[settings["learning_rate"]]
        slots = []
        if "beta1_power" in inputs:
            made.iterations.assign(round(float(np.log(inputs["beta1_power"]) / np.log(inputs["beta1"]))) - 1)
            slots = [(made._momentums[0], "m", 1.0), (made._velocities[0], "v", 1.0)]
        elif "accum" in inputs:  # which Keras keeps times the rate, with the other sign
            slots = [(made.momentums[0], "accum", -rate)]
        for slot, name, scale in slots:
            slot.assign(inputs[name] * scale)
        made.apply([inputs.get("grad", inputs.get("delta"))], [variable])
        return [variable.value, *(slot.value / scale for slot, _, scale in slots)]

    return ask


ANSWERS: dict[str, Ask] = {
    **{name: metric(getattr(keras.metrics, name)) for name in METRICS},
    **{name: loss(getattr(keras.losses, name)) for name in LOSSES},
    "ConfusionMatrix": confusion_matrix,
    "ExponentialMovingAverage": moving_average,
    "ApplyGradientDescentW": decayed(keras.optimizers.SGD, learning_rate="alpha", weight_decay="weight_decay"),
    "ApplyMomentumW": decayed(
        keras.optimizers.SGD, learning_rate="lr", momentum="momentum", weight_decay="weight_decay"
    ),
    "ApplyAdamW": decayed(
        keras.optimizers.AdamW,
        learning_rate="lr",
        beta_1="beta1",
        beta_2="beta2",
        epsilon="epsilon",
        weight_decay="weight_decay",
    ),
}


def answer(op: str, attrs: Given, inputs: Given, slopes: bool) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """Outputs; and where they are asked for, the weight of the output and its gradients by floating inputs."""
    tensors = {name: tf.constant(array) for name, array in inputs.items()}
    watched = {name: tensor for name, tensor in tensors.items() if slopes and tensor.dtype.is_floating}
    with tf.GradientTape() as tape:
        tape.watch(list(watched.values()))
        outputs = [tf.convert_to_tensor(output) for output in ANSWERS[op](attrs, tensors)]
    arrays = [output.numpy() for output in outputs]
    if not watched:
        return arrays, {}, {}
    weights = np.asarray(np.random.default_rng(7).normal(size=arrays[0].shape)).astype(arrays[0].dtype)
    found = tape.gradient(outputs[0], watched, tf.constant(weights))
    return (
        arrays,
        {"0": weights},
        {name: tf.convert_to_tensor(slope).numpy() for name, slope in found.items() if slope is not None},
    )
