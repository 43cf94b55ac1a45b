"""Products of vectors and matrices; see `dlcore.np.linalg`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from .._core import NDArray
from ..ops import F
from ._convert import asarray
from ._dtypes import floating
from ._products import matmul, tensordot, vecdot


def matrix_transpose(x: Any, /) -> NDArray:
    """The last two axes exchanged. A view.

    >>> matrix_transpose([[1, 2]]).tolist()
    [[1], [2]]
    """
    return F.swap_last(x)


def outer(x1: Any, x2: Any, /) -> NDArray:
    """Every number of the vector x1 times every number of the vector x2: (m,), (n,) -> (m, n).

    >>> outer([1.0, 2.0], [3.0]).tolist()
    [[3.0], [6.0]]
    """
    a, b = asarray(x1), asarray(x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"linalg.outer: expected two vectors, got shapes {a.shape} and {b.shape}")
    return F.multiply(F.expand_dims(a, 1), b)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> NDArray:
    """The cross product of 3-vectors along an axis; the other axes are broadcast.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    a, b = asarray(x1), asarray(x2)
    for x in (a, b):
        if not -x.ndim <= axis < x.ndim:
            raise IndexError(f"cross: axis {axis} is out of range for shapes {a.shape} and {b.shape}")
        if x.shape[axis] != 3:
            raise ValueError(f"cross: axis {axis} must have length 3, got shapes {a.shape} and {b.shape}")
    a0, a1, a2 = (F.take(a, k, axis) for k in range(3))
    b0, b1, b2 = (F.take(b, k, axis) for k in range(3))
    parts = ((a1, b2, a2, b1), (a2, b0, a0, b2), (a0, b1, a1, b0))
    found = [F.subtract(F.multiply(p, q), F.multiply(r, s)) for p, q, r, s in parts]
    return F.stack(*found, axis=axis if axis < 0 else axis + max(a.ndim, b.ndim) - a.ndim)


def matrix_power(x: Any, n: int, /) -> NDArray:
    """Square matrices (..., k, k) multiplied n times with themselves (by squaring); of the inverse for n < 0.

    >>> matrix_power([[2.0]], 3).tolist()
    [[8.0]]
    """
    x = asarray(x)
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"matrix_power: the exponent must be a whole number, got {n!r}")
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"matrix_power: expected square matrices, got shape {x.shape}")
    if n == 0:
        return F.copy(F.broadcast_to(F.eye(x.shape[-1], x.shape[-1], 0, x._dtype_name, x._device), x.shape))
    base = F.inv(x) if n < 0 else x
    result: NDArray | None = None
    left = abs(n)
    while True:
        if left & 1:
            result = base if result is None else F.matmul(result, base)
        left >>= 1
        if not left:
            break
        base = F.matmul(base, base)
    assert result is not None
    return F.copy(result) if result is x else result


def multi_dot(arrays: Sequence[Any]) -> NDArray:
    """The product of several matrices, multiplied in the order that takes the fewest operations; the first and the last
    may be vectors.

    >>> multi_dot([[[1.0, 2.0]], [[3.0], [4.0]], [[2.0]]]).tolist()
    [[22.0]]
    """
    given = [asarray(a) for a in arrays]
    if len(given) < 2:
        raise ValueError(f"multi_dot: expected two matrices or more, got {len(given)}")
    row, column = given[0].ndim == 1, given[-1].ndim == 1
    given[0] = F.expand_dims(given[0], 0) if row else given[0]
    given[-1] = F.expand_dims(given[-1], 1) if column else given[-1]
    if any(a.ndim != 2 for a in given):
        raise ValueError(f"multi_dot: expected matrices, got shapes {[a.shape for a in given]}")
    product = _chain(given, _best_split([a.shape[0] for a in given] + [given[-1].shape[1]]), 0, len(given) - 1)
    gone = tuple(k for k, drop in enumerate((row, column)) if drop)
    return F.squeeze(product, gone) if gone else product


def _best_split(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to cut the product of matrices i to j (Cormen et al., Introduction to Algorithms, matrix chains)."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    cut: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            tries = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            cost[i, j] = min(tries)
            cut[i, j] = i + tries.index(cost[i, j])
    return cut


def _chain(given: list[NDArray], cut: dict[tuple[int, int], int], i: int, j: int) -> NDArray:
    if i == j:
        return given[i]
    k = cut[i, j]
    return F.matmul(_chain(given, cut, i, k), _chain(given, cut, k + 1, j))


def tensorinv(a: Any, ind: int = 2) -> NDArray:
    """The inverse of `tensordot(a, x, ind)`: a's first `ind` axes count as the rows of a square matrix.

    >>> tensorinv([[2.0]], ind=1).tolist()
    [[0.5]]
    """
    a = floating(a)
    if not isinstance(ind, int) or not 0 < ind <= a.ndim or prod(a.shape[:ind]) != prod(a.shape[ind:]):
        raise ValueError(f"tensorinv: ind must cut shape {a.shape} into two parts of equal size, got {ind!r}")
    n = prod(a.shape[:ind])
    return F.reshape(F.inv(F.reshape(a, (n, n))), a.shape[ind:] + a.shape[:ind])


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> NDArray:
    """x with tensordot(a, x, x.ndim) = b; `axes` of a are moved to its end before.

    >>> tensorsolve([[2.0]], [4.0]).tolist()
    [2.0]
    """
    a, b = floating(a), floating(b)
    if axes is not None:
        moved = [k % a.ndim for k in axes]
        a = F.transpose(a, [k for k in range(a.ndim) if k not in moved] + moved)
    shape = a.shape[b.ndim :]
    if a.shape[: b.ndim] != b.shape or prod(shape) != b.size:
        raise ValueError(f"tensorsolve: shape {a.shape} does not map onto shape {b.shape} with as many unknowns")
    found = F.solve(F.reshape(a, (b.size, b.size)), F.reshape(b, (b.size, 1)))
    return F.reshape(found, shape)


__all__ = ["cross", "matmul", "matrix_power", "matrix_transpose", "multi_dot", "outer", "tensordot", "tensorinv",
           "tensorsolve", "vecdot"]  # fmt: skip
