"""Order statistics, histograms and correlations. The order statistics are differentiable; counts look at the host."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor, prod
from operator import index
from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._arranging import beside, place
from ._convert import asarray
from ._dtypes import floating, is_kind
from ._key import back, host, on_host

Axes = int | tuple[int, ...] | None
METHODS = ("linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf")


def _lines(name: str, x: NDArray, axis: Axes) -> tuple[NDArray, tuple[int, ...], tuple[int, ...]]:
    """x with the reduced axes joined into the last one; the shape that stays, without and with axes of length 1."""
    if axis is None:
        return F.reshape(x, (x.size,)), (), (1,) * x.ndim
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    axes = tuple(place(name, x, k) for k in axes)
    kept = [k for k in range(x.ndim) if k not in axes]
    shape = tuple(x.shape[k] for k in kept)
    length = prod(x.shape[k] for k in axes)
    wide = tuple(1 if k in axes else n for k, n in enumerate(x.shape))
    return F.reshape(F.transpose(x, [*kept, *axes]), (*shape, length)), shape, wide


def _quantile(
    name: str, a: Any, q: Any, axis: Axes, keepdims: bool, method: str, skip_nan: bool, weights: Any = None
) -> NDArray:
    if weights is not None:
        return _weighted(name, floating(a), q, axis, keepdims, method, skip_nan, weights)
    if type(q) is float and 0 <= q <= 1 and method in METHODS and not skip_nan:
        return _one_quantile(name, floating(a), q, axis, keepdims, method)
    shares = _shares(name, q)
    if method not in METHODS:
        raise ValueError(f"{name}: method must be one of {', '.join(METHODS)}, got {method!r}")
    x, shape, wide = _lines(name, floating(a), axis)
    n = x.shape[-1]
    if n == 0:
        return F.full(float("nan"), (*shares.shape, *(wide if keepdims else shape)), x._dtype_name, x._device)
    ordered = F.sort(x, -1)
    missing = F.isnan(x)
    if skip_nan:
        count = F.sum(F.logical_not(missing), -1, True)
    else:
        count = F.full(n, (*shape, 1), "int64", x._device)
    last = F.cast(F.maximum(F.subtract(count, 1), 0), "float64")
    at = F.multiply(last, beside(last, shares.reshape(-1)))
    low, high = F.floor(at), F.ceil(at)
    if method == "nearest":
        low = high = F.rint(at)
    elif method == "inverted_cdf":
        share = beside(last, shares.reshape(-1))
        low = high = F.maximum(F.subtract(F.ceil(F.multiply(F.cast(count, "float64"), share)), 1.0), 0.0)
    low, high = (high if method == "higher" else low), (low if method == "lower" else high)
    share = F.full_like(at, 0.5) if method == "midpoint" else F.subtract(at, low)
    a_, b_ = (F.take_along_axis(ordered, F.cast(k, "int64"), -1) for k in (low, high))
    between = F.add(a_, F.multiply(F.subtract(b_, a_), F.cast(share, x._dtype_name)))
    found = F.where(F.equal(low, high), a_, between)
    empty = F.all(missing, -1, True) if skip_nan else F.any(missing, -1, True)
    found = F.where(empty, float("nan"), found)
    found = F.transpose(found, [found.ndim - 1, *range(found.ndim - 1)])
    return F.reshape(found, (*shares.shape, *(wide if keepdims else shape)))


def _shares(name: str, q: Any) -> _np.ndarray:
    shares = _np.asarray(q.asnumpy() if isinstance(q, NDArray) else q, _np.float64)
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"{name}: shares must lie between 0 and 1 (per cent: 0 and 100), got {q}")
    return shares


def _weighted(
    name: str, x: NDArray, q: Any, axis: Axes, keepdims: bool, method: str, skip_nan: bool, weights: Any
) -> NDArray:
    """The first number with which the weights of those up to it are at least the share q of all."""
    shares = _shares(name, q)
    if method != "inverted_cdf":
        raise ValueError(f"{name}: weights need method 'inverted_cdf', got {method!r}")
    w = beside(x, weights, "float64")
    if w.shape != x.shape:
        k = place(name, x, axis) if isinstance(axis, int) else None
        if k is None or w.shape != (x.shape[k],):
            raise ValueError(
                f"{name}: expected weights of a's shape {x.shape}, or one for each place of one axis, got shape "
                f"{w.shape} with axis {axis}"
            )
        w = F.broadcast_to(F.reshape(w, [-1 if i == k else 1 for i in range(x.ndim)]), x.shape)
    (x, shape, wide), (w, _, _) = _lines(name, x, axis), _lines(name, w, axis)
    if not x.shape[-1]:
        return F.full(float("nan"), (*shares.shape, *(wide if keepdims else shape)), x._dtype_name, x._device)
    missing = F.isnan(x)
    w = F.where(missing, 0.0, w) if skip_nan else w
    empty = F.all(missing, -1, True) if skip_nan else F.any(missing, -1, True)
    if not _core.is_tracing():
        low, total = F.min(w, -1, True), F.sum(w, -1, True)
        if w.size and not bool(
            F.all(F.logical_or(empty, F.logical_and(low >= 0, F.logical_and(total > 0, total < 1e308))))
        ):
            raise ValueError(f"{name}: weights must be finite, at least 0, and not all 0, got {weights}")
    order = F.argsort(x, -1)
    ordered, up_to = F.take_along_axis(x, order, -1), F.cumsum(F.take_along_axis(w, order, -1), -1)
    up_to = F.divide(up_to, F.slice(up_to, (0,) * len(shape) + (w.shape[-1] - 1,), (*shape, 1)))
    up_to = F.where(F.equal(up_to, 0.0), -1.0, up_to)  # what weighs nothing is no smallest number
    found = []
    for share in shares.reshape(-1).tolist():
        at = F.minimum(F.sum(F.cast(F.less(up_to, share), "int64"), -1, True), w.shape[-1] - 1)
        found.append(F.where(empty, float("nan"), F.take_along_axis(ordered, at, -1)))
    return F.reshape(F.stack(*found, axis=0), (*shares.shape, *(wide if keepdims else shape)))


def _one_quantile(name: str, x: NDArray, share: float, axis: Axes, keepdims: bool, method: str) -> NDArray:
    x, shape, wide = _lines(name, x, axis)
    if not x.shape[-1]:
        return F.full(float("nan"), wide if keepdims else shape, x._dtype_name, x._device)
    found = _between(F.sort(x, -1), share, method)
    return F.reshape(found, wide) if keepdims else found


def _between(ordered: NDArray, share: float, method: str) -> NDArray:
    """The number below which a share of those lies that stand in order on the last axis, NaN behind all others."""
    last = ordered.shape[-1] - 1
    at = last * share
    low, high = floor(at), ceil(at)
    if method == "nearest":
        low = high = round(at)
    elif method == "inverted_cdf":
        low = high = max(ceil((last + 1) * share) - 1, 0)
    low, high = (high if method == "higher" else low), (low if method == "lower" else high)
    share = 0.5 if method == "midpoint" else at - low
    found = ordered[..., low]
    if low != high:
        above = ordered[..., high]
        found = F.where(F.equal(found, above), found, F.add(found, F.multiply(F.subtract(above, found), share)))
    largest = ordered[..., last]
    return F.where(F.isnan(largest), largest, found)


def quantile(
    a: Any, q: Any, axis: Axes = None, keepdims: bool = False, *, method: str = "linear", weights: Any = None
) -> NDArray:
    """The number below which the share q lies. Between two neighbours method "linear" takes the line, "lower",
    "higher", "nearest" one of them, "midpoint" the middle; "inverted_cdf" gives the first number with which the share
    is reached, counted by weights where given. Several shares come first in the shape. NaN if there is one.

    >>> float(quantile([1.0, 2.0, 3.0], 0.5))
    2.0
    """
    return _quantile("quantile", a, q, axis, keepdims, method, False, weights)


def percentile(
    a: Any, q: Any, axis: Axes = None, keepdims: bool = False, *, method: str = "linear", weights: Any = None
) -> NDArray:
    """`quantile` in hundredths.

    >>> float(percentile([1.0, 2.0, 3.0], 50))
    2.0
    """
    return _quantile("percentile", a, _hundredths(q), axis, keepdims, method, False, weights)


def _hundredths(q: Any) -> Any:
    return _np.true_divide(q.asnumpy() if isinstance(q, NDArray) else q, 100)


def median(a: Any, axis: Axes = None, keepdims: bool = False) -> NDArray:
    """The middle number (the mean of the two middle ones) along the axes (all, if None). NaN if there is one.

    >>> float(median([3.0, 1.0, 2.0]))
    2.0
    """
    if axis is None and not keepdims:
        few = _core.middle_number(asarray(a))
        if few is not None:
            return few
    return _quantile("median", a, 0.5, axis, keepdims, "linear", False)


def nanquantile(
    a: Any, q: Any, axis: Axes = None, keepdims: bool = False, *, method: str = "linear", weights: Any = None
) -> NDArray:
    """`quantile`, NaN left out.

    >>> float(nanquantile([1.0, float("nan"), 3.0], 0.5))
    2.0
    """
    return _quantile("nanquantile", a, q, axis, keepdims, method, True, weights)


def nanpercentile(
    a: Any, q: Any, axis: Axes = None, keepdims: bool = False, *, method: str = "linear", weights: Any = None
) -> NDArray:
    """`percentile`, NaN left out.

    >>> float(nanpercentile([1.0, float("nan"), 3.0], 50))
    2.0
    """
    return _quantile("nanpercentile", a, _hundredths(q), axis, keepdims, method, True, weights)


def nanmedian(a: Any, axis: Axes = None, keepdims: bool = False) -> NDArray:
    """`median`, NaN left out.

    >>> float(nanmedian([1.0, float("nan"), 3.0]))
    2.0
    """
    return _quantile("nanmedian", a, 0.5, axis, keepdims, "linear", True)


def _host(x: Any) -> Any:
    return None if x is None else x.asnumpy() if isinstance(x, NDArray) else _np.asarray(x)


def _bins(bins: Any) -> Any:
    return bins if isinstance(bins, (int, str)) else _host(bins)


def _grid(bins: Any) -> Any:
    """Bins of several axes, in NumPy's arrays: it would ask ours for the histogram again."""
    return [_host(b) for b in bins] if isinstance(bins, (list, tuple, NDArray)) else bins


def _edges(a: Any, bins: Any, range: Any, weights: Any) -> Any:
    """NumPy's edges. To find them takes it longer than to count a few thousand numbers: plain ones are made here."""
    if type(bins) is int and type(range) is tuple and len(range) == 2 and a.dtype.kind == "f" and bins > 0:
        low, high = range
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and -_np.inf < low < high < _np.inf:
            edges = (_kept_edges if bins <= 1024 else _even_edges)(low, high, bins, a.dtype)
            if edges is not None:
                return edges.copy()
    return _np.histogram_bin_edges(a, bins, range, _host(weights))


def _even_edges(low: float, high: float, bins: int, dtype: Any) -> Any:
    """Those of bins of one width; None where some have none, as neighbours round to one number."""
    edges = _np.linspace(low, high, bins + 1, dtype=_np.result_type(low, high, dtype))
    return edges if (edges[1:] > edges[:-1]).all() else None


_kept_edges = lru_cache(maxsize=64, typed=True)(_even_edges)  # typed: NumPy's 1.0 gives another dtype than 1.0


def histogram(
    a: Any, bins: Any = 10, range: tuple[float, float] | None = None, density: bool = False, weights: Any = None
) -> tuple[NDArray, NDArray]:
    """How many numbers (or how much weight) lie in each of the bins, and the bins' edges. bins: how many, a rule's name
    ("auto", ...) or the edges; density divides by the total and the widths.

    >>> histogram([0.0, 1.0, 1.0], bins=2)[0].tolist()
    [1, 2]
    """
    a, bins = asarray(a), _bins(bins)
    edges = _edges(host(a), bins, range, weights)
    if weights is not None or edges.size < 2 or edges.dtype.kind not in "iuf" or is_kind(a, "complex floating"):
        counts, edges = _np.histogram(host(a), bins, range, density, _host(weights))
        return beside(a, counts), beside(a, edges)
    found = _core.counted_in_bins(on_host(a), _core.from_numpy(edges.astype(_np.float64)), _np.ndim(bins) == 0)
    if density:
        share = found.asnumpy() / _np.diff(edges).astype(_np.float64)
        return beside(a, share / found.asnumpy().sum()), beside(a, edges)
    return back(a, found), beside(a, edges)


def histogram_bin_edges(a: Any, bins: Any = 10, range: tuple[float, float] | None = None) -> NDArray:
    """The edges that `histogram` would use.

    >>> histogram_bin_edges([0.0, 1.0], bins=2).tolist()
    [0.0, 0.5, 1.0]
    """
    a = asarray(a)
    return beside(a, _np.histogram_bin_edges(host(a), _bins(bins), range))


def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool = False, weights: Any = None
) -> tuple[NDArray, NDArray, NDArray]:
    """How many points (x, y) lie in each cell of a grid, and the grid's edges.

    >>> histogram2d([0.0, 1.0], [0.0, 1.0], bins=2)[0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    found = _np.histogram2d(_host(x), _host(y), _grid(bins), range, density, _host(weights))
    x = asarray(x)
    return beside(x, found[0]), beside(x, found[1]), beside(x, found[2])


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool = False, weights: Any = None
) -> tuple[NDArray, list[NDArray]]:
    """How many points (rows of `sample`) lie in each cell of a grid, and the grid's edges along each axis.

    >>> histogramdd([[0.0, 0.0], [1.0, 1.0]], bins=2)[0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    x = asarray(sample)
    counts, edges = _np.histogramdd(host(x), _grid(bins), range, density, _host(weights))
    return beside(x, counts), [beside(x, e) for e in edges]


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> NDArray:
    """How often each of 0, 1, 2, ... occurs in a vector (or how much weight it has).

    >>> bincount([1, 1, 3]).tolist()
    [0, 2, 0, 1]
    """
    values = asarray(x)
    if values.ndim != 1 or _np.dtype(values.dtype).kind not in "iub":
        raise TypeError(
            f"bincount: expected a vector of whole numbers, got {values._dtype_name} of shape {values.shape}"
        )
    if (least := index(minlength)) < 0:
        raise ValueError(f"bincount: expected minlength of at least 0, got {minlength}")
    if weights is None:
        return back(values, _core.counted(on_host(values), least))
    numbers = host(values)
    if numbers.size and numbers.min() < 0:
        raise ValueError(f"bincount: expected numbers of at least 0, got {numbers.min()}")
    load = floating(beside(values, weights))
    if load.shape != values.shape:
        raise ValueError(f"bincount: weights of shape {load.shape} do not fit shape {values.shape}")
    length = max(int(numbers.max()) + 1 if numbers.size else 0, least)
    return F.index_add(F.zeros((length,), load._dtype_name, load._device), load, values)


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: float | None = None, fweights: Any = None,
    aweights: Any = None,
) -> NDArray:  # fmt: skip
    """The covariances of variables: rows of m are variables (columns, if not rowvar), y adds more of them.

    Divided by n - ddof (1, with bias 0). fweights and aweights: how often each observation counts, and its weight.

    >>> cov([[0.0, 2.0], [0.0, 2.0]]).tolist()
    [[2.0, 2.0], [2.0, 2.0]]
    """
    x = floating(m)
    if x.ndim > 2:
        raise ValueError(f"cov: expected a vector or a matrix, got shape {x.shape}")
    x = _variables(x, rowvar)
    if y is not None:
        x = F.concat(x, _variables(floating(y), rowvar), axis=0)
    by = float(ddof) if ddof is not None else 0.0 if bias else 1.0
    weights = None
    for w in (fweights, aweights):
        if w is not None:
            w = beside(x, w, x._dtype_name)
            if w.shape != x.shape[1:]:
                raise ValueError(f"cov: weights of shape {w.shape} do not fit {x.shape[1]} observations")
            weights = w if weights is None else F.multiply(weights, w)
    if weights is None:
        gap = F.subtract(x, F.mean(x, 1, True))
        return _scaled(F.matmul(gap, F._adjoint(gap)), max(x.shape[1] - by, 0.0))
    total = F.sum(weights)
    gap = F.subtract(x, F.divide(F.sum(F.multiply(x, weights), 1, True), total))
    loss = F.multiply(F.divide(F.sum(F.multiply(weights, beside(x, aweights, x._dtype_name))), total), by) \
        if aweights is not None else by  # fmt: skip
    return _scaled(F.matmul(F.multiply(gap, weights), F._adjoint(gap)), F.subtract(total, loss))


def _variables(x: NDArray, rowvar: bool) -> NDArray:
    return F.reshape(x, (1, x.size)) if x.ndim < 2 else x if rowvar or x.shape[0] == 1 else F.transpose(x)


def _scaled(x: NDArray, by: Any) -> NDArray:
    found = F.divide(x, by)
    return F.reshape(found, ()) if found.shape == (1, 1) else found


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> NDArray:
    """The correlations of variables, between -1 and 1: covariances divided by the standard deviations.

    >>> [[round(v, 4) for v in row] for row in corrcoef([[0.0, 2.0], [2.0, 0.0]]).tolist()]
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    c = cov(x, y, rowvar)
    if not c.ndim:
        return F.divide(c, c)
    spread = F.sqrt(F.diagonal(c))
    return F.clip(F.divide(F.divide(c, F.expand_dims(spread, 1)), spread), -1.0, 1.0)
