"""Products of arrays with any number of axes, put together from matmul on matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core import NDArray
from ..ops import F
from ._convert import asarray


def matmul(a: Any, b: Any) -> NDArray:
    """Matrix product as NumPy's: vectors are taken as a row on the left and a column on the right.

    >>> matmul([1.0, 2.0], [[3.0], [4.0]]).tolist()
    [11.0]
    """
    a, b = asarray(a), asarray(b)
    if a.ndim >= 2 and b.ndim >= 2:
        return F.matmul(a, b)
    if not a.ndim or not b.ndim:
        raise ValueError("matmul: a 0-d array cannot be multiplied as a matrix; use multiply")
    product = F.matmul(F.expand_dims(a, 0) if a.ndim == 1 else a, F.expand_dims(b, 1) if b.ndim == 1 else b)
    if b.ndim == 1:
        product = F.squeeze(product, -1)
    return F.squeeze(product, -2 if b.ndim > 1 else -1) if a.ndim == 1 else product


def tensordot(a: Any, b: Any, axes: int | Sequence[Any] = 2) -> NDArray:
    """Products of a and b summed over pairs of axes: the last n of a with the first n of b, or (axes of a, axes of b).

    >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], axes=1).tolist()
    [[11.0]]
    """
    a, b = asarray(a), asarray(b)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([k] if isinstance(k, int) else list(k) for k in axes)
        left, right = [k % a.ndim for k in left], [k % b.ndim for k in right]
    if [a.shape[k] for k in left] != [b.shape[k] for k in right]:
        raise ValueError(f"tensordot: axes {left} of {a.shape} and {right} of {b.shape} are not equally long")
    keep_a = [k for k in range(a.ndim) if k not in left]
    keep_b = [k for k in range(b.ndim) if k not in right]
    inner = 1
    for k in left:
        inner *= a.shape[k]
    shape = [a.shape[k] for k in keep_a] + [b.shape[k] for k in keep_b]
    rows = F.reshape(F.transpose(a, keep_a + left), (_size(a, keep_a), inner))
    columns = F.reshape(F.transpose(b, right + keep_b), (inner, _size(b, keep_b)))
    return F.reshape(F.matmul(rows, columns), shape)


def _size(x: NDArray, axes: list[int]) -> int:
    size = 1
    for k in axes:
        size *= x.shape[k]
    return size


def dot(a: Any, b: Any) -> NDArray:
    """NumPy's dot: vectors and matrices as matmul, numbers as multiply, else the last axis of a with b's last but one.

    >>> float(dot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    a, b = asarray(a), asarray(b)
    if not a.ndim or not b.ndim:
        return F.multiply(a, b)
    if a.ndim <= 2 and b.ndim <= 2:
        return matmul(a, b)
    return tensordot(a, b, ((a.ndim - 1,), (b.ndim - 2 if b.ndim > 1 else 0,)))


def classic_dot(lhs: Any, rhs: Any, transpose_a: bool = False, transpose_b: bool = False) -> NDArray:
    """MXNet's dot: the last axis of lhs with the first of rhs; a transposed array has its axes reversed before.

    >>> classic_dot([[1.0, 2.0]], [[3.0, 4.0]], transpose_b=True).tolist()
    [[11.0]]
    """
    lhs, rhs = asarray(lhs), asarray(rhs)
    lhs = F.transpose(lhs) if transpose_a else lhs
    rhs = F.transpose(rhs) if transpose_b else rhs
    if lhs.ndim == rhs.ndim == 2:
        return F.matmul(lhs, rhs)
    return tensordot(lhs, rhs, 1)


def batch_dot(lhs: Any, rhs: Any, transpose_a: bool = False, transpose_b: bool = False) -> NDArray:
    """One matrix product for each place on the leading axes.

    >>> batch_dot([[[1.0, 2.0]]], [[[3.0], [4.0]]]).tolist()
    [[[11.0]]]
    """
    lhs = F.swap_last(lhs) if transpose_a else lhs
    return F.matmul(lhs, F.swap_last(rhs) if transpose_b else rhs)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> NDArray:
    """The sum of products conj(x1) * x2 along an axis that is equally long in both; the other axes are broadcast.

    >>> float(vecdot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    a, b = asarray(x1), asarray(x2)
    if not (-a.ndim <= axis < a.ndim and -b.ndim <= axis < b.ndim):
        raise IndexError(f"vecdot: axis {axis} is out of range for shapes {a.shape} and {b.shape}")
    if a.shape[axis] != b.shape[axis]:
        raise ValueError(f"vecdot: axis {axis} must be equally long in both, got shapes {a.shape} and {b.shape}")
    from_end = axis if axis < 0 else axis - a.ndim
    if axis >= 0 and a.ndim != b.ndim:
        raise ValueError(f"vecdot: a non-negative axis needs equally many axes, got shapes {a.shape} and {b.shape}")
    return F.sum(F.multiply(a, b), from_end)


def outer(a: Any, b: Any) -> NDArray:
    """Every number of a times every number of b.

    >>> outer([1.0, 2.0], [3.0]).tolist()
    [[3.0], [6.0]]
    """
    return F.multiply(F.reshape(a, (-1, 1)), F.reshape(b, (1, -1)))


def einsum(subscripts: str, *operands: Any) -> NDArray:
    """Einstein's summation for one or two arrays and more, taken pairwise from the left: "ij,jk->ik".

    Every letter names an axis; letters that are not in the result are summed over. A letter may not occur twice in
    one array, and "..." is not supported.

    >>> einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    arrays = [asarray(o) for o in operands]
    if len(terms) != len(arrays):
        raise ValueError(f"einsum: {subscripts!r} names {len(terms)} arrays, got {len(arrays)}")
    for term, x in zip(terms, arrays, strict=True):
        if len(set(term)) != len(term) or not term.isalpha() and term:
            raise ValueError(f"einsum: {term!r} must be different letters, one for each axis")
        if len(term) != x.ndim:
            raise ValueError(f"einsum: {term!r} names {len(term)} axes, the array has shape {x.shape}")
    if not arrow:
        letters = "".join(terms)
        result = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    term, x = terms[0], arrays[0]
    for k in range(1, len(arrays)):
        needed = set(result).union(*terms[k + 1 :])
        term, x = _pair(term, x, terms[k], arrays[k], needed)
    gone = tuple(i for i, c in enumerate(term) if c not in result)
    if gone:
        x, term = F.sum(x, axis=gone), "".join(c for c in term if c in result)
    return F.transpose(x, tuple(term.index(c) for c in result)) if term != result else x


def _pair(s: str, a: NDArray, t: str, b: NDArray, needed: set[str]) -> tuple[str, NDArray]:
    """Joins two terms into one batched matrix product."""
    gone_a = tuple(i for i, c in enumerate(s) if c not in t and c not in needed)
    gone_b = tuple(i for i, c in enumerate(t) if c not in s and c not in needed)
    if gone_a:
        a, s = F.sum(a, axis=gone_a), "".join(c for i, c in enumerate(s) if i not in gone_a)
    if gone_b:
        b, t = F.sum(b, axis=gone_b), "".join(c for i, c in enumerate(t) if i not in gone_b)
    batch = [c for c in s if c in t and c in needed]
    inner = [c for c in s if c in t and c not in needed]
    rows, columns = [c for c in s if c not in t], [c for c in t if c not in s]
    size = {**{c: b.shape[i] for i, c in enumerate(t)}, **{c: a.shape[i] for i, c in enumerate(s)}}

    def put(x: NDArray, term: str, *groups: list[str]) -> NDArray:
        x = F.transpose(x, tuple(term.index(c) for g in (batch, *groups) for c in g))
        lengths = []
        for group in groups:
            n = 1
            for c in group:
                n *= size[c]
            lengths.append(n)
        return F.reshape(x, (*(size[c] for c in batch), *lengths))

    product = F.matmul(put(a, s, rows, inner), put(b, t, inner, columns))
    letters = batch + rows + columns
    return "".join(letters), F.reshape(product, tuple(size[c] for c in letters))
