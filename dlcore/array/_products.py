"""Products of arrays with any number of axes, put together from matmul on matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core import NDArray
from ..ops import F
from ._arranging import beside
from ._convert import asarray


def matmul(a: Any, b: Any, out: NDArray | None = None) -> NDArray:
    """Matrix product as NumPy's: vectors are taken as a row on the left and a column on the right.

    >>> matmul([1.0, 2.0], [[3.0], [4.0]]).tolist()
    [11.0]
    """
    made = _matmul(_array(a), _array(b))
    return made if out is None else _into(made, out)


def _into(made: NDArray, out: NDArray) -> NDArray:
    if not isinstance(out, NDArray):
        raise TypeError(f"matmul: out= must be an array, got {type(out).__name__}")
    if out.shape != made.shape:
        raise ValueError(f"matmul: out= has shape {out.shape}, the product {made.shape}")
    return F.cast(made, out._dtype_name, out=out)


def _array(x: Any) -> NDArray:
    return x if type(x) is NDArray else asarray(x)


def _matmul(a: NDArray, b: NDArray) -> NDArray:
    m, n = a.ndim, b.ndim
    if m >= 2 and n >= 2:
        return F.matmul(a, b)
    if not m or not n:
        raise ValueError("matmul: a 0-d array cannot be multiplied as a matrix; use multiply")
    if a._is_traced or b._is_traced:
        return _traced_matmul(a, b)
    if n > 1:
        return F.matmul(a[None], b)[..., 0, :]
    column = b[:, None]
    return F.matmul(a, column)[..., 0] if m > 1 else F.matmul(a[None], column)[0, 0]


def _traced_matmul(a: NDArray, b: NDArray) -> NDArray:
    """A vector times a matrix, or the other way round, or two vectors, in operators that every pass knows."""
    if b.ndim > 1:
        return F.squeeze(F.matmul(F.expand_dims(a, 0), b), -2)
    column = F.expand_dims(b, 1)
    if a.ndim > 1:
        return F.squeeze(F.matmul(a, column), -1)
    return F.squeeze(F.matmul(F.expand_dims(a, 0), column), (0, 1))


def tensordot(a: Any, b: Any, axes: int | Sequence[Any] = 2) -> NDArray:
    """Products of a and b summed over pairs of axes: the last n of a with the first n of b, or (axes of a, axes of b).

    >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], axes=1).tolist()
    [[11.0]]
    """
    a, b = asarray(a), asarray(b)
    if isinstance(axes, int):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: {axes} axes of shapes {a.shape} and {b.shape} cannot be paired")
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([k] if isinstance(k, int) else list(k) for k in axes)
        if any(not -x.ndim <= k < x.ndim for x, ks in ((a, left), (b, right)) for k in ks):
            raise IndexError(f"tensordot: axes {axes} are out of range for shapes {a.shape} and {b.shape}")
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


def dot(a: Any, b: Any, out: NDArray | None = None) -> NDArray:
    """NumPy's dot: vectors and matrices as matmul, numbers as multiply, else the last axis of a with b's last but one.

    >>> float(dot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    if out is not None:
        return _into(dot(a, b), out)
    a, b = _array(a), _array(b)
    m, n = a.ndim, b.ndim
    if m == n == 1 and not (a._is_traced or b._is_traced):
        return F.matmul(a[None], b[:, None])[0, 0]
    if not m or not n:
        return F.multiply(a, b)
    if m <= 2 and n <= 2:
        return _matmul(a, b)
    return tensordot(a, b, ((a.ndim - 1,), (b.ndim - 2 if b.ndim > 1 else 0,)))


def classic_dot(lhs: Any, rhs: Any, transpose_a: bool = False, transpose_b: bool = False) -> NDArray:
    """MXNet's dot: the last axis of lhs with the first of rhs, or the first of lhs if transpose_a, the last of rhs if
    transpose_b; the other axes stay in order.

    >>> classic_dot([[1.0, 2.0]], [[3.0, 4.0]], transpose_b=True).tolist()
    [[11.0]]
    """
    lhs, rhs = _array(lhs), _array(rhs)
    lhs = F.transpose(lhs, (*range(1, lhs.ndim), 0)) if transpose_a and lhs.ndim > 1 else lhs
    rhs = F.transpose(rhs, (rhs.ndim - 1, *range(rhs.ndim - 1))) if transpose_b and rhs.ndim > 1 else rhs
    m, n = lhs.ndim, rhs.ndim
    if m == n == 2:
        return F.matmul(lhs, rhs)
    if m == n == 1 and not (lhs._is_traced or rhs._is_traced):
        return F.matmul(lhs[None], rhs[:, None])[0, 0]
    if 0 < m <= 2 and 0 < n <= 2:
        return _matmul(lhs, rhs)
    return tensordot(lhs, rhs, 1)


def batch_dot(
    lhs: Any, rhs: Any, transpose_a: bool = False, transpose_b: bool = False, forward_stype: str | None = None
) -> NDArray:
    """One matrix product for each place on the leading axes; forward_stype may only say "default", a dense result.

    >>> batch_dot([[[1.0, 2.0]]], [[[3.0], [4.0]]]).tolist()
    [[[11.0]]]
    """
    if forward_stype not in (None, "default"):
        raise ValueError(f"batch_dot: only dense results are offered, got forward_stype={forward_stype!r}")
    lhs = F.swap_last(lhs) if transpose_a else lhs
    return F.matmul(lhs, F.swap_last(rhs) if transpose_b else rhs)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> NDArray:
    """The sum of products conj(x1) * x2 along an axis that is equally long in both; the other axes are broadcast.

    >>> float(vecdot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    a, b = asarray(x1), asarray(x2)
    if not a.ndim or not b.ndim:
        raise ValueError(f"vecdot: expected vectors, got shapes {a.shape} and {b.shape}")
    if not (-a.ndim <= axis < a.ndim and -b.ndim <= axis < b.ndim):
        raise IndexError(f"vecdot: axis {axis} is out of range for shapes {a.shape} and {b.shape}")
    if a.shape[axis] != b.shape[axis]:
        raise ValueError(f"vecdot: axis {axis} must be equally long in both, got shapes {a.shape} and {b.shape}")
    from_end = axis if axis < 0 else axis - a.ndim
    if axis >= 0 and a.ndim != b.ndim:
        raise ValueError(f"vecdot: a non-negative axis needs equally many axes, got shapes {a.shape} and {b.shape}")
    a = F.conj(a) if a._dtype_name.startswith("complex") else a
    return _in_common(F.sum(F.multiply(a, b), from_end), a, b)


def _in_common(total: NDArray, a: NDArray, b: NDArray) -> NDArray:
    """A sum of products in the dtype of the products: sums of whole numbers come in 64 bits."""
    if total._dtype_name in ("int64", "uint64"):
        kind = F.multiply(F.zeros((0,), a._dtype_name), F.zeros((0,), b._dtype_name))._dtype_name
        return total if kind == total._dtype_name else F.cast(total, kind)
    return total


def outer(a: Any, b: Any) -> NDArray:
    """Every number of a times every number of b.

    >>> outer([1.0, 2.0], [3.0]).tolist()
    [[3.0], [6.0]]
    """
    if isinstance(a, NDArray) and isinstance(b, (int, float, complex)):
        b = beside(a, b)
    elif isinstance(b, NDArray) and isinstance(a, (int, float, complex)):
        a = beside(b, a)
    return F.multiply(F.reshape(a, (-1, 1)), F.reshape(b, (1, -1)))


def vdot(a: Any, b: Any) -> NDArray:
    """The sum of products of all numbers, those of a conjugated.

    >>> float(vdot([[1.0, 2.0]], [[3.0, 4.0]]))
    11.0
    """
    a, b = asarray(a), asarray(b)
    if a.size != b.size:
        raise ValueError(f"vdot: shapes {a.shape} and {b.shape} have different sizes")
    return vecdot(F.reshape(a, (a.size,)), F.reshape(b, (b.size,)))


def inner(a: Any, b: Any) -> NDArray:
    """Sums of products over the last axes.

    >>> float(inner([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    a, b = asarray(a), asarray(b)
    return F.multiply(a, b) if not (a.ndim and b.ndim) else tensordot(a, b, ((-1,), (-1,)))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> NDArray:
    """The cross product of vectors of length 3 along the axes axisa and axisb; the result's lie along axisc.

    Vectors of length 2 count as having a third number 0; of two of them the third number of the product is given.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    pair = []
    for x, k in ((asarray(a), axisa), (asarray(b), axisb)):
        if not -x.ndim <= k < x.ndim:
            raise IndexError(f"cross: axis {k} is out of range for an array of shape {x.shape}")
        if x.shape[k] not in (2, 3):
            raise ValueError(f"cross: vectors must have length 2 or 3, got axis {k} of shape {x.shape}")
        k %= x.ndim
        pair.append(F.transpose(x, [*(j for j in range(x.ndim) if j != k), k]))
    parts = [[x[..., j] if j < x.shape[-1] else None for j in range(3)] for x in pair]
    (a0, a1, a2), (b0, b1, b2) = parts

    def minor(p: Any, q: Any, r: Any, s: Any) -> NDArray:
        left = None if p is None or q is None else F.multiply(p, q)
        right = None if r is None or s is None else F.multiply(r, s)
        if left is None:
            return F.negative(right)
        return left if right is None else F.subtract(left, right)

    last = minor(a0, b1, a1, b0)
    if a2 is None and b2 is None:
        return last
    found = F.stack(minor(a1, b2, a2, b1), minor(a2, b0, a0, b2), last, axis=-1)
    to = axisc % found.ndim
    order = list(range(found.ndim - 1))
    order.insert(to, found.ndim - 1)
    return F.transpose(found, order)


def matvec(x1: Any, x2: Any) -> NDArray:
    """Matrices (..., m, n) times vectors (..., n).

    >>> matvec([[1.0, 2.0]], [3.0, 4.0]).tolist()
    [11.0]
    """
    return F.squeeze(F.matmul(x1, F.expand_dims(x2, -1)), -1)


def vecmat(x1: Any, x2: Any) -> NDArray:
    """Vectors (..., m), conjugated, times matrices (..., m, n).

    >>> vecmat([3.0, 4.0], [[1.0], [2.0]]).tolist()
    [11.0]
    """
    a = asarray(x1)
    a = F.conj(a) if a._dtype_name.startswith("complex") else a
    return F.squeeze(F.matmul(F.expand_dims(a, -2), x2), -2)


def kron(a: Any, b: Any) -> NDArray:
    """Every number of a times the whole of b, side by side (Kronecker product).

    >>> kron([1, 10], [1, 2]).tolist()
    [1, 2, 10, 20]
    """
    a, b = asarray(a), asarray(b)
    ndim = max(a.ndim, b.ndim)
    left, right = ((1,) * (ndim - x.ndim) + x.shape for x in (a, b))
    wide_a = F.reshape(a, [v for n in left for v in (n, 1)])
    wide_b = F.reshape(b, [v for n in right for v in (1, n)])
    return F.reshape(F.multiply(wide_a, wide_b), [n * m for n, m in zip(left, right, strict=True)])
