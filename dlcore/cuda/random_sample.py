"""Random arrays whose parameters are arrays: whole rounds of draws, repeated for the elements that were refused.

Words and methods are those of csrc/kernels/cpu/random_draw.h and random_sample.cpp, so the same numbers; the sources of
the methods stand there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .._fault import own_fault
from ._call import Array, Call, kernel
from .random import blocks_of, first, words

_ROUNDS = 5000


def _four(call: Call, index: Array, number: int) -> list[Array]:
    """The four numbers in (0, 1) of one round for the elements at `index`."""
    xp = call.xp
    at, lane = first(xp, call.counter) + index // xp.uint64(4), xp.uint64(1) + index % xp.uint64(4)
    u = []
    for half in (0, 1):
        w = blocks_of(xp, at, call.seed, 2 * number + half, lane)
        for a, b in ((w[0], w[1]), (w[2], w[3])):
            u.append(((a << xp.uint64(20)) + (b >> xp.uint64(12)) + 0.5) * 2.0**-52)
    return u


def _until_accepted(call: Call, draw: Callable[..., tuple[Array, Array]], *params: Array) -> Array:
    """`draw(xp, four numbers, *params)` gives numbers and which of them count; the others are drawn again."""
    xp = call.xp
    shape = call.y.shape
    flat = [xp.broadcast_to(p.astype("float64"), shape).reshape(-1) for p in params]
    result = xp.zeros(call.y.size, "float64")
    left = xp.arange(call.y.size, dtype="uint64")
    for number in range(_ROUNDS):
        if left.size == 0:
            return result.reshape(shape)
        values, taken = draw(xp, _four(call, left, number), *(p[left] for p in flat))
        result[left[taken]] = values[taken]
        left = left[~taken]
    raise own_fault(f"{call.op}: no draw was accepted in {_ROUNDS} rounds")


def _check(call: Call, values: Array, fits: Array, name: str, what: str) -> None:
    if not bool(fits.all()):
        raise ValueError(f"{call.op}: {name} must be {what}, got {float(values[~fits].reshape(-1)[0]):g}")


def _normal(xp: Any, u: Array, v: Array) -> Array:
    return xp.sqrt(-2 * xp.log(u)) * xp.cos(2 * math.pi * v)


def _log_factorial(xp: Any, k: Array) -> Array:
    small = xp.asarray([math.lgamma(n + 1) for n in range(10)])
    x = xp.maximum(k, 10) + 1
    z = 1 / (x * x)
    series = (x - 0.5) * xp.log(x) - x + 0.9189385332046727 + (1 / 12 - z * (1 / 360 - z / 1260)) / x
    return xp.where(k < 10, small[xp.clip(k, 0, 9).astype("int64")], series)


def _gamma(xp: Any, u: list[Array], alpha: Array) -> tuple[Array, Array]:
    d = xp.where(alpha < 1, alpha + 1, alpha) - 1 / 3
    x = _normal(xp, u[0], u[1])
    t = 1 + x / xp.sqrt(9 * d)
    v = xp.where(t > 0, t, 1.0) ** 3
    taken = (t > 0) & (xp.log(u[2]) < 0.5 * x * x + d - d * v + d * xp.log(v))
    low = xp.where((alpha > 0) & (alpha < 1), alpha, 1.0)
    value = d * v * xp.where(alpha < 1, u[3] ** (1 / low), 1.0)
    return xp.where(alpha == 0, 0.0, value), taken | (alpha == 0)


def _inversion(xp: Any, u: Array, term: Array, ratio: Callable[[int], Array], most: Array) -> Array:
    """How many terms of a distribution function stay below u."""
    total, k = term.copy(), xp.zeros_like(term)
    for step in range(1, 201):
        more = (u > total) & (k < most)
        if not bool(more.any()):
            break
        term = xp.where(more, term * ratio(step), term)
        total = xp.where(more, total + term, total)
        k = xp.where(more, step, k)
    return k


def _poisson(xp: Any, u: list[Array], lam: Array) -> tuple[Array, Array]:
    small = xp.minimum(lam, 10)
    few = _inversion(xp, u[0], xp.exp(-small), lambda k: small / k, xp.full_like(lam, 200))
    big = xp.maximum(lam, 10)
    b = 0.931 + 2.53 * xp.sqrt(big)
    a = -0.059 + 0.02483 * b
    first, v = u[0] - 0.5, u[1]
    us = 0.5 - xp.abs(first)
    k = xp.floor((2 * a / us + b) * first + big + 0.43)
    sure = (us >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    no = (k < 0) | ((us < 0.013) & (v > us))
    left = xp.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (us * us) + b))
    taken = sure | (~no & (left <= k * xp.log(big) - big - _log_factorial(xp, k)))
    return xp.where(lam < 10, few, k), taken | (lam < 10)


def _binomial(xp: Any, u: list[Array], n: Array, chance: Array) -> tuple[Array, Array]:
    p = xp.minimum(chance, 1 - chance)
    r, rare = p / (1 - p), n * p < 10
    few_p = xp.where(rare, p, 0.0)
    few = _inversion(xp, u[0], xp.exp(n * xp.log1p(-few_p)), lambda k: (n - k + 1) / k * r, xp.minimum(n, 200))
    s = xp.sqrt(xp.where(rare, 10.0, n * p * (1 - p)))
    b = 1.15 + 2.53 * s
    a, c, m = -0.0873 + 0.0248 * b + 0.01 * p, n * p + 0.5, xp.floor((n + 1) * p)
    first, v = u[0] - 0.5, u[1]
    us = 0.5 - xp.abs(first)
    k = xp.floor((2 * a / us + b) * first + c)
    sure = (us >= 0.07) & (v <= 0.92 - 4.2 / b)
    inside = (k >= 0) & (k <= n)
    held = xp.clip(k, 0, n)
    top = _log_factorial(xp, m) + _log_factorial(xp, n - m)
    top = top - _log_factorial(xp, held) - _log_factorial(xp, n - held)
    bound = top + (held - m) * xp.log(xp.where(r > 0, r, 1.0))
    taken = sure | (inside & (xp.log(v * ((2.83 + 5.1 / b) * s) / (a / (us * us) + b)) <= bound))
    value = xp.where(rare, few, k)
    return xp.where(chance <= 0.5, value, n - value), taken | rare


def _truncated(xp: Any, u: list[Array], low: Array, high: Array) -> tuple[Array, Array]:
    flipped = high < 0
    a, b = xp.where(flipped, -high, low), xp.where(flipped, -low, high)
    near = xp.maximum(a, 0)
    root = xp.sqrt(near * near + 4)
    rate = (near + root) / 2
    normal = (a <= 0) & (b - a > 2.5)
    tail = (a > 0) & (b - a > 2 / (near + root) * xp.exp((near * near - near * root) / 4 + 0.5))
    flat = ~normal & ~tail
    start, width = xp.where(flat, a, 0.0), xp.where(flat, b - a, 0.0)
    x = xp.where(normal, _normal(xp, u[0], u[1]), xp.where(tail, near - xp.log(u[0]) / rate, start + width * u[0]))
    bound = xp.where(tail, -0.5 * (x - rate) ** 2, 0.5 * (near - x) * (near + x))
    taken = (x >= a) & (x <= b) & (normal | (xp.log(u[1]) < bound))
    value = xp.where(flipped, -x, x)
    return xp.where(low == high, low, value), taken | (low == high)


def _von_mises(xp: Any, u: list[Array], kappa: Array) -> tuple[Array, Array]:
    flat, narrow = kappa < 1e-8, kappa > 1e6
    k = xp.where(flat | narrow, 1.0, kappa)
    r = 1 + xp.sqrt(1 + 4 * k * k)
    rho = (r - xp.sqrt(2 * r)) / (2 * k)
    s = xp.where(k < 1e-5, 1 / k + k, (1 + rho * rho) / (2 * rho))
    z = xp.cos(math.pi * u[0])
    w = (1 + s * z) / (s + z)
    y = k * (s - w)
    taken = (y * (2 - y) >= u[1]) | (xp.log(y / u[1]) + 1 >= y)
    angle = xp.arccos(xp.clip(w, -1, 1))
    value = xp.where(u[2] < 0.5, -angle, angle)
    value = xp.where(narrow, _normal(xp, u[0], u[1]) / xp.sqrt(xp.where(narrow, kappa, 1.0)), value)
    return xp.where(flat, 2 * math.pi * (u[0] - 0.5), value), taken | flat | narrow


def _zipf(xp: Any, u: list[Array], a: Array) -> tuple[Array, Array]:
    one = a >= 1025
    less = xp.where(one, 1.0, a - 1)
    b, least = 2.0**less, (2.0**63) ** -less
    k = xp.floor((u[0] * least + (1 - u[0])) ** (-1 / less))
    t = (1 + 1 / k) ** less
    taken = (k >= 1) & (k < 2.0**63) & (u[1] * k * (t - 1) / (b - 1) <= t / b)
    return xp.where(one, 1.0, k), taken | one


def _hypergeometric(xp: Any, four: list[Array], good: Array, bad: Array, n: Array) -> tuple[Array, Array]:
    def lf(k: Array) -> Array:
        return _log_factorial(xp, k)

    low, high, all_ = xp.maximum(0, n - bad), xp.minimum(n, good), good + bad
    mode = xp.minimum(high, xp.maximum(low, xp.floor((n + 1) * (good + 1) / (all_ + 2))))
    top = lf(good) + lf(bad) + lf(n) + lf(all_ - n) - (lf(all_) + lf(mode) + lf(good - mode))
    p = xp.exp(top - lf(n - mode) - lf(bad - n + mode))
    u, above, below, i, j = four[0] - p, p, p, mode, mode
    value, open_ = mode, u > 0
    while bool((open_ := open_ & (above + below > 1e-20)).any()):
        above = xp.where(i < high, above * ((good - i) / (i + 1) * ((n - i) / xp.maximum(bad - n + i + 1, 1))), 0.0)
        u, i = u - above, i + 1
        value, open_ = xp.where(open_ & (u <= 0), i, value), open_ & (u > 0)
        below = xp.where(j > low, below * (j / xp.maximum(good - j + 1, 1) * ((bad - n + j) / (n - j + 1))), 0.0)
        u, j = u - below, j - 1
        value, open_ = xp.where(open_ & (u <= 0), j, value), open_ & (u > 0)
    return value, xp.ones_like(u, dtype=bool)


@kernel("random_between")
def random_between(call: Call) -> None:
    xp, kind = call.xp, call.y.dtype
    low, high = (xp.broadcast_to(a.astype("float64"), call.y.shape) for a in call.ins)
    _check(call, low, xp.isfinite(low), "low", "finite")
    _check(call, high, xp.isfinite(high), "high", "finite")
    first, second = (words(xp, call.y.size, call.seed, call.counter, stream) for stream in (0, 1))
    u = ((first << xp.uint64(21)) + (second >> xp.uint64(11))).astype("float64") * 2.0**-53
    values = (low + u.reshape(call.y.shape) * (high - low)).astype(kind)
    last = high.astype(kind)
    last = xp.where(last < high, last, xp.nextafter(last, kind.type(-math.inf)))
    call.y[...] = xp.where((low < high) & (values >= high), last, values)


@kernel("random_gamma")
def random_gamma(call: Call) -> None:
    alpha = call.x
    _check(call, alpha, (alpha >= 0) & call.xp.isfinite(alpha), "alpha", "at least 0 and finite")
    call.y[...] = _until_accepted(call, _gamma, alpha)


@kernel("random_poisson")
def random_poisson(call: Call) -> None:
    _check(call, call.x, (call.x >= 0) & (call.x < 9e15), "lam", "at least 0 and below 9e15")
    call.y[...] = _until_accepted(call, _poisson, call.x)


@kernel("random_binomial")
def random_binomial(call: Call) -> None:
    n, p = call.ins
    _check(call, n, (n >= 0) & (n < 9e15) & (n == call.xp.floor(n)), "n", "a whole number from 0 to 9e15")
    _check(call, p, (p >= 0) & (p <= 1), "p", "between 0 and 1")
    call.y[...] = _until_accepted(call, _binomial, n, p)


@kernel("random_von_mises")
def random_von_mises(call: Call) -> None:
    _check(call, call.x, (call.x >= 0) & call.xp.isfinite(call.x), "kappa", "at least 0 and finite")
    call.y[...] = _until_accepted(call, _von_mises, call.x)


@kernel("random_zipf")
def random_zipf(call: Call) -> None:
    _check(call, call.x, call.x > 1, "a", "above 1")
    call.y[...] = _until_accepted(call, _zipf, call.x)


@kernel("random_hypergeometric")
def random_hypergeometric(call: Call) -> None:
    xp, wide = call.xp, [v.astype("float64") for v in call.ins]
    fits = [(v >= 0) & (v <= 1e9) & (v == xp.floor(v)) for v in wide]
    for k, name in enumerate(("good", "bad")):
        _check(call, wide[k], fits[k], name, "a whole number from 0 to 1e9")
    good, bad, n, fit = (xp.broadcast_to(v, call.y.shape).reshape(-1) for v in (*wide, fits[2]))
    wrong = ~(fit & (n <= good + bad))
    if bool(wrong.any()):
        k = int(xp.argmax(wrong))
        raise ValueError(
            f"{call.op}: n must be a whole number, at most good + bad, got n={float(n[k]):g} with "
            f"good={float(good[k]):g} and bad={float(bad[k]):g}"
        )
    call.y[...] = _until_accepted(call, _hypergeometric, *wide)


@kernel("random_truncated")
def random_truncated(call: Call) -> None:
    low, high = call.ins
    a, b = (call.xp.broadcast_to(v, call.y.shape).reshape(-1) for v in (low, high))
    wrong = ~((a <= b) & (a < math.inf) & (b > -math.inf))
    if bool(wrong.any()):
        first = int(call.xp.argmax(wrong))
        raise ValueError(
            f"{call.op}: low must not be above high, got low={float(a[first]):g} and high={float(b[first]):g}"
        )
    call.y[...] = _until_accepted(call, _truncated, low, high)


@kernel("random_categorical")
def random_categorical(call: Call) -> None:
    xp, p, n = call.xp, call.x.astype("float64"), call.y.size
    if n == 0:
        return
    if p.size == 0:
        raise ValueError(f"{call.op}: p has no probabilities, its shape is {p.shape}")
    _check(call, p, (p >= 0) & xp.isfinite(p), "probabilities", "at least 0 and finite")
    sums = xp.cumsum(p, -1).reshape(-1, p.shape[-1])
    if not bool((sums[:, -1] > 0).all()):
        raise ValueError(f"{call.op}: expected a probability above 0 in every row, got a row of zeros")
    high, low = (words(xp, n, call.seed, call.counter, stream) for stream in (0, 1))
    u = ((high << xp.uint64(21)) + (low >> xp.uint64(11))).astype("float64") * 2.0**-53
    rows = [xp.searchsorted(s[:-1], v * s[-1], "right") for s, v in zip(sums, u.reshape(len(sums), -1), strict=True)]
    call.y[...] = xp.stack(rows).reshape(call.y.shape)
