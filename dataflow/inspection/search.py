"""Blocks by words: names first, then what a block is found by, then what is said of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from dataflow.core.block import Block
from dataflow.core.registry import blocks
from dataflow.graphfile.suggest.habits import of_shipped
from dataflow.inspection.data import Described, category, describe

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")  # of a name such as Conv2DBackpropInput
_VERSION = re.compile(r"V\d+$")
_TENSORFLOW = re.compile(r"tf(\.\w+)+(;|$)")  # a source that is an operation of it, not something like it
_NAME, _TERM, _BEGINS, _PART, _IN_NAME, _IN_TERM, _IN_TEXT = range(7)  # how well a word fits, best first


def find(words: Sequence[str]) -> list[type[Block]]:
    """The blocks that fit all of the words, the best first; all blocks in alphabetical order where there is no word.

    A block fits best by its name or an alias, then by a word it is found by, by a name that begins so, by a part of
    its name, and then by what is said of it. Several words may be one name or one term, ``transposed convolution``. Of
    blocks that fit alike the plain ones come first, see `plainness`.
    """
    if not words:
        return list(blocks.values())
    ranked = []
    for name, block in blocks.items():
        rank = _rank(describe(block), [word.lower() for word in words])
        if rank is not None:
            ranked.append((rank, plainness(name), block))
    return [block for *_, block in sorted(ranked, key=lambda each: each[:2])]


@cache
def plainness(name: str) -> tuple[int, bool, int, int, str]:
    """What a block goes by among others of its kind, the plain and usual ones first.

    That is how many names of its category its own continues, as Conv2DBackpropInput does Conv2D; whether it is an
    extension of what TensorFlow has; how often the shipped graphs use it; and its name, the short ones first. Versions
    of a block, such as AddV2, differ by use alone.
    """
    own, base = describe(name), _VERSION.sub("", name)
    alike = {_VERSION.sub("", each) for each in blocks if category(blocks[each]) == own["category"]}
    continued = [each for each in alike if base.startswith(each) and base != each]
    extension = _TENSORFLOW.match(own["source"]) is None
    return len(continued), extension, -of_shipped().nodes[name], len(name), name


def _rank(described: Described, words: list[str]) -> tuple[int, int] | None:
    """How well a block fits: the worst of its words, and their sum; None where one of them does not."""
    whole = _fit(described, " ".join(words))
    if whole is not None and whole <= _TERM:
        return whole, whole
    fits = [_fit(described, word) for word in words]
    ranks = [fit for fit in fits if fit is not None]
    return (max(ranks), sum(ranks)) if len(ranks) == len(fits) else None


def _fit(described: Described, words: str) -> int | None:
    """How well a word, or a term of several, fits."""
    names = [described["name"], *described["aliases"]]
    terms = [term.lower() for term in described["found_by"]]
    joined = words.replace(" ", "")
    parts = {part.lower() for name in names for part in _PARTS.findall(name)}
    tests = (
        joined in [name.lower() for name in names],
        words in terms,
        any(name.lower().startswith(joined) for name in names),
        words in parts,
        any(joined in name.lower() for name in names),
        any(words in term for term in terms),
        any(_begins_word(words, text) for text in (described["summary"], described["category"])),
    )
    return next((rank for rank, fits in enumerate(tests) if fits), None)


def _begins_word(words: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(words)}", text, re.IGNORECASE) is not None
