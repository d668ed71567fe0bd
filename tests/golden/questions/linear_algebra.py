"""What to ask about sums of products by letters, inverses and factors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .asking import Question, asks
from .gathering import numbers

EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("abc,cd->abd", (2, 2, 3), (3, 2)),
    ("bqhd,bkhd->bhqk", (2, 3, 2, 2), (2, 4, 2, 2)),
    ("i,i->", (4,), (4,)),
    ("i,j->ij", (3,), (2,)),
    ("ij,k->i", (2, 3), (2,)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("...ij,...jk->...ik", (2, 1, 2, 3), (3, 3, 2)),
    ("...ij,jk->...ik", (2, 2, 3), (3, 2)),
    ("i...,i->...", (3, 2), (3,)),
    ("a...b,b->a...b", (2, 3, 2), (2,)),
    ("ab...,b...->a...", (2, 3, 1), (3, 4)),
    ("iij,j->i", (2, 2, 3), (3,)),
    ("i,j->iji", (2,), (3,)),
    ("ij,jk->ik", (2, 0), (0, 3)),
    ("ij,jk->ik", (0, 3), (3, 2)),
    ("ij->ji", (2, 3), None),
    ("ijk->j", (2, 3, 2), None),
    ("ii->", (3, 3), None),
    ("ii->i", (3, 3), None),
    ("i->ii", (3,), None),
    ("...ij->...ji", (2, 2, 3), None),
    ("ij->", (2, 3), None),
    ("->", (), None),
    ("ijj->ji", (2, 3, 3), None),
]


@asks("Einsum", ulps=None)
def einsum(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "complex64", "int32"):
        for i, (equation, *shapes) in enumerate(EQUATIONS):
            given = {f"input{j}": numbers(random, s, dtype) for j, s in enumerate(shapes) if s is not None}
            yield Question(f"{dtype}_{i}", {"equation": equation}, given, slopes=dtype.startswith("float"))


def _definite(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Hermitian matrices with eigenvalues well above 0."""
    half = numbers(random, shape, dtype) / 9
    return (half @ np.conj(np.swapaxes(half, -1, -2)) + np.eye(shape[-1])).astype(dtype)


SQUARES = [(1, 1), (3, 3), (2, 4, 4), (2, 1, 2, 2), (0, 0), (0, 2, 2)]


@asks("MatrixInverse", ulps=None)
def inverse(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "complex64", "complex128"):
        for shape in SQUARES:
            for adjoint in (False, True):
                matrices = numbers(random, shape, dtype) / 9 + 3 * np.eye(shape[-1])
                name = f"{dtype}_{'x'.join(map(str, shape))}_{adjoint}"
                given = {"input": matrices.astype(dtype)}
                yield Question(name, {"adjoint": adjoint}, given, slopes=bool(matrices.size))


@asks("Cholesky", ulps=None)
def cholesky(random: np.random.Generator) -> Iterator[Question]:
    for dtype in ("float32", "float64", "complex64", "complex128"):
        for shape in SQUARES:
            matrices = _definite(random, shape, dtype)
            name = f"{dtype}_{'x'.join(map(str, shape))}"
            yield Question(name, {}, {"input": matrices}, slopes=bool(matrices.size))
    lower = _definite(random, (3, 3), "float32")
    lower[0, 2] = 99  # above the diagonal, where nothing is read
    yield Question("upper_not_read", {}, {"input": lower})
