"""What is measured: each case makes its contenders, calls of ours, of NumPy and of the peers that do the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from itertools import product
from typing import Any

import numpy as np

from . import busy, handwritten, layouts, library, memory, models, names, ours, start
from .compiled_loops import loops
from .peers import Peer
from .peers.with_numpy import NumPy
from .results import Subject
from .timing import Clock, Run

# 0.2 % and 58 % of the values lie outside; symmetric ranges would have a tie that frameworks round their own way
RANGE, NARROW = (-3.0, 3.1), (-0.5, 0.6)
SLOW = 1 << 28  # multiplications, from which NumPy's own products of integers take too long to wait for
FEW = 4  # elements of small arrays
SCANS = 4  # cases of the library in the time of another one
REST, BLAS_REST = 0.003, 0.04  # seconds until the threads of a contender that is done sleep; OpenBLAS's take their time


@dataclass(frozen=True)
class Scale:
    """How large and how long."""

    name: str
    elements: tuple[int, ...]
    channels: tuple[int, ...]
    long: int  # elements of the chain, and of what is weighed
    nodes: tuple[int, ...]
    planned: tuple[int, ...]  # nodes
    batch: int  # images in a convolution; a fourth of it where they are large
    weighed: tuple[str, ...]  # of `memory.RUNS`
    sides: tuple[int, ...]  # of matrices of integers
    seconds: float  # per case, once contenders are ready
    rounds: int = 3  # at least
    laid_out: int = 1_000_000  # elements in other layouts
    batches: tuple[int, ...] = (64, 128, 1024)  # of the training of a classifier
    scanned: tuple[int, ...] = (10_000, 1_000_000)  # elements, of each block of the library


SCALES = {
    scale.name: scale
    for scale in (
        Scale(
            "full",
            elements=(5_000, 30_000, 100_000, 1_000_000, 16_000_000, 64_000_000),
            channels=(3, 64, 512),
            long=16_000_000,
            nodes=(50, 100, 200, 500, 1000),
            planned=(100, 1000, 10_000),
            batch=32,
            weighed=memory.RUNS,
            sides=(256, 512, 1024, 2048),
            seconds=1.5,
        ),
        Scale(
            "quick", (30_000, 1_000_000), (64,), 4_000_000, (50, 1000), (100, 1000), 8, memory.RUNS, (256, 1024), 0.8
        ),
        Scale("tiny", (960,), (3,), 960, (10,), (10,), 4, ("chain",), (40,), 0.0, 1, 1000, (4,), (1000,)),
    )
}


class Agree(Enum):
    """How far results must be the same: not at all, nearly, in their bits where a peer is said to be exact, or all."""

    NOT, NEAR, BITS, ALL_BITS = range(4)


@dataclass(frozen=True)
class Case:
    """A subject, what makes its contenders by name, how far they must agree, and how they are timed."""

    subject: Subject
    make: Callable[[Sequence[Peer]], dict[str, Run]]
    agree: Agree = Agree.BITS
    pause: float = REST
    seconds: float = 0.0  # where they are not those of the scale
    clock: Clock = time.perf_counter


def cases(scale: Scale) -> Iterator[Case]:
    """Every case, family by family."""
    yield from _elementwise(scale)
    yield Case(Subject(names.CHAIN, "chain of 10", scale.long), partial(_chain, scale.long), Agree.ALL_BITS)
    for count in scale.nodes:
        subject = Subject(names.OVERHEAD, "additions of 4 elements", count, "nodes", names.UFUNC)
        yield Case(subject, partial(_adds, count), Agree.ALL_BITS)
    for count in scale.planned:
        subject = Subject(names.PLANNING, "planning additions", count, "nodes", names.BUILDING)
        yield Case(subject, partial(_planning, count), Agree.NOT, clock=time.process_time)
    for batch in scale.batches:
        subject = Subject(names.TRAINING, "784-128-10 with fake quantization", batch, "images", names.HANDWRITTEN)
        yield Case(subject, partial(_train_mlp, batch), Agree.NEAR, BLAS_REST)
    subject = Subject(names.TRAINING, "graphs/digits/cnn.yaml", models.CNN_BATCH, "images", names.FIRST)
    yield Case(subject, _train_cnn, Agree.NEAR, BLAS_REST)
    for side, channels, filters, share in ((28, 1, 32, 1), (14, 32, 64, 1), (56, 64, 64, 4)):
        batch = max(1, scale.batch // share)
        subject = Subject(names.CONVOLUTION, f"{side}x{side}x{channels} to {filters}", batch, "images", names.FIRST)
        yield Case(subject, partial(_conv2d, (batch, side, side, channels), filters), Agree.NEAR, BLAS_REST)
    subject = Subject(names.CONVOLUTION, "8x8x4 to 8", 1, "images", names.FIRST)
    yield Case(subject, partial(_conv2d, (1, 8, 8, 4), 8), Agree.NEAR)
    yield from _integers(scale)
    for way in layouts.WAYS:
        subject = Subject(names.LAYOUTS, way, scale.laid_out, yardstick=names.PLAIN + names.FIRST)
        yield Case(subject, partial(layouts.layouts, way, scale.laid_out), Agree.NOT)
    subject = Subject(names.BUSY, "784x128x128", 1, "products", names.ALONE, "seconds of a median")
    yield Case(subject, lambda _: _busy(scale), Agree.NOT)
    for what in scale.weighed:
        subject = Subject(names.MEMORY, what, scale.long, yardstick=names.OUTPUTS, unit="bytes")
        yield Case(subject, partial(_memory, what, scale.long), Agree.NOT)
    subject = Subject(names.MEMORY, "additions", scale.planned[-1], "nodes", names.OUTPUTS, "bytes")
    yield Case(subject, partial(_loading_memory, scale.planned[-1]), Agree.NOT)
    subject = Subject(names.START, "commands", 1, "process", names.IMPORT_NUMPY)
    yield Case(subject, lambda _: start.commands(), Agree.NOT, clock=start.clock)
    for size, (title, (block, _)) in product(scale.scanned, library.subjects().items()):
        family = names.FUNCTIONS if block in library.FUNCTIONS else names.LIBRARY
        subject = Subject(family, title, size, yardstick=names.FIRST)
        seconds = scale.seconds / SCANS
        agree = Agree.NOT if block in library.UNLIKE else Agree.NEAR
        yield Case(subject, partial(_library, title, size), agree, seconds=seconds, clock=time.process_time)


def _elementwise(scale: Scale) -> Iterator[Case]:
    def case(family: str, op: str, size: int, make: Any, note: str = "", channels: int = 0) -> Case:
        return Case(Subject(family, ours.title(op) + note, size, channels=channels), make)

    for size in scale.elements:
        yield case(names.FORWARD, "fake_quant", size, partial(_op, "fake_quant", size, False))
    for size in scale.elements:
        yield case(names.FORWARD, "fake_quant_args", size, partial(_args, size))
    for op in ("fake_quant", "fake_quant_gradient"):
        yield case(names.CALLS, op, FEW, partial(_op, op, FEW, op == "fake_quant_gradient"))
    for size in scale.elements:
        yield case(names.GRADIENT, "fake_quant_gradient", size, partial(_op, "fake_quant_gradient", size, True))
    for family, op, by in (
        (names.CHANNELS, "per_channel", False),
        (names.CHANNELS_GRADIENT, "per_channel_gradient", True),
    ):
        for count, size in product(scale.channels, scale.elements):
            full = -(-size // count) * count
            yield case(family, op, full, partial(_per_channel, op, full, count, by), channels=count)
    for op, by in (("quantize_dequantize", False), ("quantize_dequantize_gradient", True)):
        for size in scale.elements:
            yield case(names.ROUND_TRIP, op, size, partial(_op, op, size, by))
    for size in scale.elements:
        yield case(names.MEASURED, "quantize_dequantize_measured", size, partial(_measured, size), ", range measured")
    for op, by in (("fake_quant", False), ("fake_quant_gradient", True)):
        yield case(names.OUTSIDE, op, scale.long, partial(_op, op, scale.long, by, ends=NARROW), ", many outside")


def _integers(scale: Scale) -> Iterator[Case]:
    for size in scale.sides:
        square = size, size
        subject = Subject(names.INTEGERS, f"{size}x{size} matrices", size, yardstick=f"{names.FLOATS}1 thread")
        yield Case(subject, partial(_integer, "matmul", square, square), Agree.NEAR, BLAS_REST)
    for op, side, window, channels, filters, share in (
        ("conv2d", 28, 3, 1, 32, 1),
        ("conv2d", 14, 3, 32, 64, 1),
        ("conv2d", 56, 3, 64, 64, 4),
        ("conv2d", 14, 3, 256, 256, 4),
        ("conv2d", 28, 1, 128, 256, 4),
        ("depthwise", 56, 3, 32, 1, 4),
        ("depthwise", 28, 3, 128, 1, 4),
        ("depthwise", 14, 5, 256, 1, 4),
    ):
        batch = max(1, scale.batch // share)
        shapes = (batch, side, side, channels), (window, window, channels, filters)
        title = f"{op}, {side}x{side}x{channels} by {window}x{window} to {channels if filters == 1 else filters}"
        subject = Subject(names.INTEGERS, title, batch, "images", f"{names.FLOATS}1 thread")
        yield Case(subject, partial(_integer, op, *shapes), Agree.NEAR, BLAS_REST)


@lru_cache(4)  # large ones are hundreds of megabytes
def _normal(size: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(size, np.float32)


def _all(op: str, peers: Sequence[Peer], *arrays: Any, **static: Any) -> dict[str, Run]:
    """A copy of the first array, our ways of running the op, and those of the peers that have it."""
    target = np.empty_like(arrays[0])
    found: dict[str, Run] = {names.COPY: partial(np.copyto, target, arrays[0]), **ours.prepare(op, *arrays, **static)}
    return found | _theirs(op, peers, *arrays, **static)


def _theirs(op: str, peers: Sequence[Peer], *arrays: Any, **static: Any) -> dict[str, Run]:
    return _offered((NumPy(), *peers), lambda peer: peer.prepare(op, *arrays, **static))


def _offered(peers: Sequence[Peer], prepare: Callable[[Peer], Run | None]) -> dict[str, Run]:
    """The runs of those peers that have what is asked for; one that cannot be prepared fails when it is run."""
    found: dict[str, Run] = {}
    for peer in peers:
        try:
            run = prepare(peer)
        except Exception as error:
            run = partial(_fail, error)
        if run is not None:
            found[peer.name] = run
    return found


def _fail(error: Exception) -> Any:
    raise error


def _op(op: str, size: int, by: bool, peers: Sequence[Peer], ends: tuple[float, float] = RANGE) -> dict[str, Run]:
    """``by`` is true where the op takes a gradient before its input."""
    arrays = [_normal(size, seed) for seed in ((1, 0) if by else (0,))]
    arrays += [np.array(end, np.float32) for end in ends]
    return _all(op, peers, *arrays) | loops(op, *arrays)


def _args(size: int, peers: Sequence[Peer]) -> dict[str, Run]:
    return _all("fake_quant_args", peers, _normal(size), low=RANGE[0], high=RANGE[1])


def _measured(size: int, peers: Sequence[Peer]) -> dict[str, Run]:
    return _all("quantize_dequantize_measured", peers, _normal(size))


def _per_channel(op: str, size: int, channels: int, by: bool, peers: Sequence[Peer]) -> dict[str, Run]:
    arrays = [_normal(size, seed).reshape(-1, channels) for seed in ((1, 0) if by else (0,))]
    low, high = -np.linspace(2.5, 3, channels, dtype=np.float32), np.linspace(3.1, 3.6, channels, dtype=np.float32)
    return _all(op, peers, *arrays, low, high)


def _chain(size: int, peers: Sequence[Peer]) -> dict[str, Run]:
    x = _normal(size)
    found: dict[str, Run] = {names.COPY: partial(np.copyto, np.empty_like(x), x), **ours.planned(*ours.chain(x))}
    return found | {"NumPy, one buffer": handwritten.chain(x)} | _theirs("chain", peers, x)


def _adds(count: int, peers: Sequence[Peer]) -> dict[str, Run]:
    x, y = np.zeros(4, np.float32), np.ones(4, np.float32)
    found = {names.UFUNC: handwritten.adds(x, y, count), **ours.planned(*ours.adds(x, y, count))}
    return found | _theirs("adds", [p for p in peers if p.interprets], x, y, count=count)


def _planning(count: int, peers: Sequence[Peer]) -> dict[str, Run]:
    return ours.planning(np.zeros(4, np.float32), np.ones(4, np.float32), count)


def _train_mlp(batch: int, peers: Sequence[Peer]) -> dict[str, Run]:
    weights, image, label = models.mlp(batch)
    return {
        **ours.train_mlp(weights, image, label),
        names.HANDWRITTEN: handwritten.train_mlp(weights, image, label),
        "matrix products alone": handwritten.matmuls(weights, image),
        **_offered(peers, lambda peer: peer.train("mlp", weights, image, label)),
    }


def _train_cnn(peers: Sequence[Peer]) -> dict[str, Run]:
    given = models.cnn()
    return ours.train_cnn(*given) | _offered(peers, lambda peer: peer.train("cnn", *given))


def _conv2d(shape: tuple[int, ...], filters: int, peers: Sequence[Peer]) -> dict[str, Run]:
    x = _normal(int(np.prod(shape))).reshape(shape)
    w = _normal(9 * shape[-1] * filters, 1).reshape(3, 3, shape[-1], filters) * np.float32(0.1)
    return ours.prepare("conv2d", x, w) | _theirs("conv2d", peers, x, w)


def _integer(op: str, x: tuple[int, ...], w: tuple[int, ...], peers: Sequence[Peer]) -> dict[str, Run]:
    """A product of codes less a zero point, uint8 times int8, beside the same product of floats."""
    random, zero = np.random.default_rng(0), np.array(3, np.int32)
    codes, weights = random.integers(0, 256, x, np.uint8), random.integers(-127, 128, w, np.int8)
    floats = ours.prepare(op, codes.astype(np.float32) - np.float32(zero), weights.astype(np.float32))
    found = {name.replace(names.NUMPY, names.FLOATS): r for name, r in floats.items() if name.startswith(names.NUMPY)}
    own = ours.prepare(f"integer_{op}", codes, weights, zero)
    others = [*peers, NumPy()] if np.prod(x) * w[-1] <= SLOW else peers
    return found | own | _offered(others, lambda peer: peer.prepare(f"integer_{op}", codes, weights, zero))


def _busy(scale: Scale) -> dict[str, Run]:
    alone, beside = busy.products(scale.seconds)
    return {names.ALONE: lambda: alone, names.BESIDE: lambda: beside}


def _library(title: str, size: int, peers: Sequence[Peer]) -> dict[str, Run]:
    call = library.call(title, size)
    own = ours.library(call.block, call.attrs, call.inputs)
    op = library.kernels()[call.block]
    return own | _offered(peers, lambda peer: peer.library(op, call.attrs, call.inputs))


def _memory(what: str, size: int, peers: Sequence[Peer]) -> dict[str, Run]:
    ways = [names.OUTPUTS, names.NAIVE, *ours.settings()]
    return {way: partial(memory.peak, what, size, way) for way in ways}


def _loading_memory(count: int, peers: Sequence[Peer]) -> dict[str, Run]:
    return {way: partial(memory.loading, count, way) for way in (names.OUTPUTS, names.LOADING)}
