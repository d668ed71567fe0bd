"""Recipes: what a `quantization` section asks for at each node, and the short forms of the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataflow.core.attrs import show
from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.files import RegularFile, Unreadable
from dataflow.graphfile.parse import parse
from dataflow.quantize.section import Activations, Quantization, Weights, matches

_WEIGHTS = re.compile(r"(\d+)(?:/(tensor|channel|group(\d+)?))?(?::(.+))?")
_ACTIVATIONS = re.compile(r"(\d+)(/symmetric)?(?::(.+))?")
_WIDTHS = re.compile(r"(?:w(\d+))?(?:a(\d+))?")
_FLOAT = "float"


def weights_of(recipe: Quantization, node: str) -> Weights | None:
    """How the weights of a node are rounded; None where they stay as they are."""
    if is_skipped(recipe, node):
        return None
    for pattern, given in reversed(recipe.overrides.items()):
        if matches(pattern, node) and given.weights is not None:
            return given.weights
    return recipe.weights


def activations_of(recipe: Quantization, node: str) -> Activations | None:
    """How the values that a node reads are rounded; None where they stay as they are."""
    if is_skipped(recipe, node):
        return None
    for pattern, given in reversed(recipe.overrides.items()):
        if matches(pattern, node) and given.activations is not None:
            return given.activations
    return recipe.activations


def is_skipped(recipe: Quantization, node: str) -> bool:
    """Whether a node stays as it is."""
    return any(matches(pattern, node) for pattern in recipe.skip or ())


# -- short forms ------------------------------------------------------------------------------------------------------


def weights(text: str) -> dict[str, Any] | None:
    """The keys that ``4/channel:mse`` says of weights; None for ``float``. DataflowError where it is none.

    >>> weights("4/group32:percentile:99.9")
    {'bits': 4, 'per': 'group', 'group': 32, 'range': 'percentile:99.9'}
    """
    if text == _FLOAT:
        return None
    found = _WEIGHTS.fullmatch(text)
    if found is None:
        raise DataflowError(f"weights must be such as 8, 4/channel:mse or 4/group32, or float, got '{text}'")
    bits, per, group, method = found.groups()
    made: dict[str, Any] = {"bits": int(bits)}
    if per:
        made["per"] = "group" if per.startswith("group") else per
    if group:
        made["group"] = int(group)
    if method:
        made["range"] = method
    return made


def activations(text: str) -> dict[str, Any] | None:
    """The keys that ``8:percentile:99.99`` says of activations; None for ``float``. DataflowError where it is none.

    >>> activations("4/symmetric")
    {'bits': 4, 'symmetric': True}
    """
    if text == _FLOAT:
        return None
    found = _ACTIVATIONS.fullmatch(text)
    if found is None:
        raise DataflowError(f"activations must be such as 8, 8:percentile:99.99 or 8/symmetric, or float, got '{text}'")
    bits, symmetric, method = found.groups()
    made: dict[str, Any] = {"bits": int(bits)}
    if symmetric:
        made["symmetric"] = True
    if method:
        made["range"] = method
    return made


def override(text: str, base: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The node and the keys that ``conv1=w4a8`` says of it, beside those of the whole recipe; DataflowError if none.

    >>> override("conv1=w4", {"weights": {"bits": 8, "per": "tensor"}})
    ('conv1', {'weights': {'bits': 4, 'per': 'tensor'}})
    """
    name, equals, given = text.partition("=")
    found = _WIDTHS.fullmatch(given)
    if not equals or not name or found is None or not given:
        raise DataflowError(f"an override must be such as conv1=w4a8, conv1=w8 or dense=a16, got '{text}'")
    made: dict[str, Any] = {}
    for kind, bits in zip(("weights", "activations"), found.groups(), strict=True):
        if bits:
            made[kind] = {**(base.get(kind) or {}), "bits": int(bits)}
    return name, made


def recipe(plain: Mapping[str, Any]) -> Quantization:
    """The recipe that plain data says; DataflowError that names the key where one is wrong."""
    try:
        return Quantization.parse(plain)
    except ValueError as error:
        raise DataflowError(f"quantization: {error}") from None


def read_recipe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The plain data of a recipe in a YAML file: keys of the section, or a section `quantization` with them.

    Raises DataflowError where the file cannot be read, is no mapping or has what the section may not have.
    """
    try:
        with RegularFile(Path(path)) as file:
            text = file.read(0, file.size).decode("utf-8")
    except (Unreadable, UnicodeDecodeError) as error:
        raise DataflowError(f"{os.fspath(path)}: {error}") from None
    document = parse(text, os.fspath(path))
    if document.problems:
        raise GraphFileError([*document.problems.values()])
    plain = document.root.plain() if document.root is not None else None
    if isinstance(plain, dict) and isinstance(plain.get("quantization"), dict):
        plain = plain["quantization"]
    if not isinstance(plain, dict):
        raise DataflowError(f"{os.fspath(path)}: must be a mapping such as 'weights: {{bits: 4}}', got {show(plain)}")
    try:
        Quantization.parse(plain)
    except ValueError as error:
        raise DataflowError(f"{os.fspath(path)}: {error}") from None
    return plain


def described(weights: Weights | None, activations: Activations | None) -> str:
    """What is rounded how, in words."""
    parts: list[str] = []
    if weights is not None:
        per = {"tensor": "", "channel": " by channel", "group": f" by {weights.group}"}[weights.per]
        parts.append(f"{weights.bits}-bit weights{per} ({weights.range})")
    if activations is not None:
        parts.append(f"{activations.bits}-bit activations ({activations.range})")
    return ", ".join(parts)
