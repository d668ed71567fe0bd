"""An op of TensorFlow called on arrays, by the names that ``tf.raw_ops`` gives to its inputs and attrs."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry
from tensorflow.python.util import tf_inspect


class Call(NamedTuple):
    """Tensors by the name of the input that they were made of, and the arguments of the op, which has them too."""

    tensors: dict[str, Any]
    arguments: dict[str, Any]


def prepared(op: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> Call:
    """What an op is called on; what its definition calls an input is taken from the attrs where it stands there."""
    definition = defined(op)
    tensors: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    for arg in definition.input_arg:
        names = _parts(arg, inputs)
        tensors |= {name: tensor(definition, arg, value(name, attrs, inputs)) for name in names}
        parts = [tensors[name] for name in names]
        whole = names == [arg.name]
        arguments[arg.name] = parts if not whole else tf.unstack(parts[0]) if arg.number_attr else parts[0]
    return Call(tensors, arguments | settings(definition, attrs))


@cache
def defined(op: str) -> Any:
    """The definition of an op, its inputs and attrs called what ``tf.raw_ops`` calls them."""
    definition = op_def_registry.get(op)
    named = type(definition)()
    named.CopyFrom(definition)
    parameters = [name for name in tf_inspect.signature(getattr(tf.raw_ops, op)).parameters if name != "name"]
    args = [*named.input_arg, *(attr for attr in named.attr if attr.name not in inferred(named))]
    names = [name for name in parameters if name not in {arg.name for arg in args}]
    for arg, name in zip([arg for arg in args if arg.name not in parameters], names, strict=True):
        arg.name = name
    return named


def names(op: str) -> set[str]:
    """Names of inputs, and of single values of a list."""
    names = {arg.name for arg in defined(op).input_arg}
    return names | {name.removesuffix("s") for name in names}


def inferred(definition: Any) -> set[str]:
    """Names of the attrs that follow from the inputs."""
    found = (n for arg in definition.input_arg for n in (arg.type_attr, arg.type_list_attr, arg.number_attr, arg.name))
    return {name for name in found if name}


def settings(definition: Any, attrs: dict[str, Any]) -> dict[str, Any]:
    """The attrs that must be given, dtypes as such."""
    return {
        attr.name: tf.as_dtype(attrs[attr.name]) if attr.type == "type" else attrs[attr.name]
        for attr in definition.attr
        if attr.name in attrs and attr.name not in inferred(definition)
    }


def value(name: str, attrs: dict[str, Any], inputs: dict[str, Any]) -> Any:
    return inputs[name] if name in inputs else np.asarray(attrs[name], np.int32)


def tensor(definition: Any, arg: Any, array: Any) -> Any:
    """A tensor of the array; where the op wants quantized numbers, of the quantized twin of its dtype."""
    allowed = next((a.allowed_values.list.type for a in definition.attr if a.name == arg.type_attr), ())
    if arg.type == tf.string.as_datatype_enum and array.dtype == np.uint8:  # rows of bytes
        rows = [array[place].tobytes() for place in np.ndindex(array.shape[:-1])]
        return tf.reshape(tf.constant(rows, tf.string), array.shape[:-1])
    made = tf.constant(array)
    twin = getattr(tf, "q" + made.dtype.name, None)
    only_twin = twin is not None and twin.as_datatype_enum in allowed and made.dtype.as_datatype_enum not in allowed
    wants = only_twin or (twin is not None and not allowed and definition.name.startswith("Quantized"))
    return tf.bitcast(made, twin) if wants and array.dtype.kind in "iu" and arg.type_attr else made


def _parts(arg: Any, inputs: dict[str, Any]) -> list[str]:
    """The names under which a question gives an input: values of a list have a number behind each, or are one array."""
    stem = arg.name.removesuffix("s")
    numbered = [name for name in inputs if name.startswith(stem) and name[len(stem) :].isdigit()]
    by_number = sorted(numbered, key=lambda name: int(name[len(stem) :]))
    return (by_number if arg.number_attr else []) or [arg.name]
