"""Random operators with arrays as parameters, for the reference interpreter: one number after the other, in Python.

Which words an element reads is written down in dlcore/csrc/kernels/cpu/random_draw.h, the methods and their sources in
random_sample.cpp; this is the same text in Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .._fault import own_fault
from ._ir import Value
from ._types import numpy_dtype

Array = np.ndarray
Four = tuple[float, float, float, float]


def _block(seed: int, at: int, number: int, lane: int) -> list[int]:
    x = [at & 0xFFFFFFFF, at >> 32 & 0xFFFFFFFF, number, lane]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [b >> 32 ^ x[1] ^ key[0], b & 0xFFFFFFFF, a >> 32 ^ x[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return x


def rounds(seed: int, counter: int, i: int) -> Iterator[Four]:
    """The four numbers in (0, 1) of each round of element i."""
    for number in range(0, 10_000, 2):
        w = _block(seed, counter + i // 4, number, 1 + i % 4) + _block(seed, counter + i // 4, number + 1, 1 + i % 4)
        u = [((w[2 * k] << 20) + (w[2 * k + 1] >> 12) + 0.5) * 2.0**-52 for k in range(4)]
        yield u[0], u[1], u[2], u[3]


def _normal(u: float, v: float) -> float:
    return math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)


def _gamma(draws: Iterator[Four], alpha: float) -> float:
    d = (alpha + 1 if alpha < 1 else alpha) - 1 / 3
    for u, v, decide, power in draws:
        x = _normal(u, v)
        cube = (1 + x / math.sqrt(9 * d)) ** 3
        if alpha == 0:
            return 0.0
        if cube > 0 and math.log(decide) < x * x / 2 + d - d * cube + d * math.log(cube):
            return d * cube * power ** (1 / alpha) if alpha < 1 else d * cube
    raise own_fault("interpret: no draw was accepted")


def _poisson(draws: Iterator[Four], lam: float) -> float:
    if lam < 10:
        u, k, p = next(draws)[0], 0, math.exp(-lam)
        total = p
        while u > total and k < 200:
            k += 1
            p *= lam / k
            total += p
        return k
    b = 0.931 + 2.53 * math.sqrt(lam)
    a = -0.059 + 0.02483 * b
    for first, v, _, _ in draws:
        u = first - 0.5
        us = 0.5 - abs(u)
        whole = math.floor((2 * a / us + b) * u + lam + 0.43)
        if us >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2):
            return whole
        if whole < 0 or (us < 0.013 and v > us):
            continue
        left = math.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / us**2 + b))
        if left <= whole * math.log(lam) - lam - math.lgamma(whole + 1):
            return whole
    raise own_fault("interpret: no draw was accepted")


def _binomial(draws: Iterator[Four], n: float, p: float) -> float:
    if p > 0.5:
        return n - _binomial(draws, n, 1 - p)
    if n * p < 10:
        u, k, term = next(draws)[0], 0, math.exp(n * math.log1p(-p))
        total = term
        while u > total and k < n and k < 200:
            k += 1
            term *= (n - k + 1) / k * (p / (1 - p))
            total += term
        return k
    s = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * s
    a, m = -0.0873 + 0.0248 * b + 0.01 * p, math.floor((n + 1) * p)
    for first, v, _, _ in draws:
        u = first - 0.5
        us = 0.5 - abs(u)
        whole = math.floor((2 * a / us + b) * u + n * p + 0.5)
        if us >= 0.07 and v <= 0.92 - 4.2 / b:
            return whole
        if not 0 <= whole <= n:
            continue
        top = math.lgamma(m + 1) + math.lgamma(n - m + 1) - math.lgamma(whole + 1) - math.lgamma(n - whole + 1)
        if math.log(v * (2.83 + 5.1 / b) * s / (a / us**2 + b)) <= top + (whole - m) * math.log(p / (1 - p)):
            return whole
    raise own_fault("interpret: no draw was accepted")


def _truncated(draws: Iterator[Four], a: float, b: float) -> float:
    if a == b:
        return a
    if b < 0:
        return -_truncated(draws, -b, -a)
    rate = (a + math.sqrt(a * a + 4)) / 2
    far = a > 0 and b - a > 1 / rate * math.exp((a * a - a * math.sqrt(a * a + 4)) / 4 + 0.5)
    for u, v, _, _ in draws:
        if a <= 0 and b - a > 2.5:
            x, accept = _normal(u, v), 1.0
        elif far:
            x = a - math.log(u) / rate
            accept = math.exp(-((x - rate) ** 2) / 2)
        else:
            x = a + (b - a) * u
            accept = math.exp((max(a, 0) ** 2 - x * x) / 2)
        if a <= x <= b and (accept == 1.0 or v < accept):
            return x
    raise own_fault("interpret: no draw was accepted")


def _von_mises(draws: Iterator[Four], kappa: float) -> float:
    if kappa < 1e-8:
        return 2 * math.pi * (next(draws)[0] - 0.5)
    if kappa > 1e6:
        return _normal(*next(draws)[:2]) / math.sqrt(kappa)
    r = 1 + math.sqrt(1 + 4 * kappa**2)
    rho = (r - math.sqrt(2 * r)) / (2 * kappa)
    s = 1 / kappa + kappa if kappa < 1e-5 else (1 + rho**2) / (2 * rho)
    for first, second, third, _ in draws:
        z = math.cos(math.pi * first)
        w = (1 + s * z) / (s + z)
        y = kappa * (s - w)
        if second <= y * math.exp(1 - y):
            return math.copysign(math.acos(min(max(w, -1), 1)), third - 0.5)
    raise own_fault("interpret: no draw was accepted")


def _zipf(draws: Iterator[Four], a: float) -> float:
    if a >= 1025:
        return 1
    b, least = 2 ** (a - 1), (2.0**63) ** (1 - a)
    for u, v, _, _ in draws:
        k = math.floor((u * least + (1 - u)) ** (-1 / (a - 1)))
        t = (1 + 1 / k) ** (a - 1)
        if k < 2**63 and v * k * (t - 1) / (b - 1) <= t / b:
            return k
    raise own_fault("interpret: no draw was accepted")


def _hypergeometric(draws: Iterator[Four], good: float, bad: float, n: float) -> float:
    g, b, m = int(good), int(bad), int(n)
    chance = [math.comb(g, k) * math.comb(b, m - k) / math.comb(g + b, m) for k in range(m + 1)]
    mode = min(g, m, max(0, m - b, (m + 1) * (g + 1) // (g + b + 2)))
    order = sorted((k for k in range(m + 1) if chance[k]), key=lambda k: (abs(k - mode), k < mode))
    u = next(draws)[0]
    for k in order:
        u -= chance[k]
        if u <= 0:
            return k
    return mode


def _each(sample: Callable[..., float]) -> Callable[..., Array]:
    def draw(out: Value, operands: Sequence[Any], seed: int, counter: int) -> Array:
        given = [np.broadcast_to(np.asarray(a, np.float64), out.shape).reshape(-1) for a in operands]
        numbers = [sample(rounds(seed, counter, i), *map(float, row)) for i, row in enumerate(zip(*given, strict=True))]
        return np.array(numbers, np.float64).reshape(out.shape).astype(numpy_dtype(out.dtype))

    return draw


def _between(out: Value, operands: Sequence[Any], seed: int, counter: int) -> Array:
    from ._interpreter_random import philox

    blocks = (out.size + 3) // 4
    upper, lower = (philox(seed, counter, blocks, stream)[: out.size] for stream in (0, 1))
    u = ((upper * np.uint64(2**21) + (lower >> np.uint64(11))).astype(np.float64) * 2.0**-53).reshape(out.shape)
    low, high = (np.asarray(a, np.float64) for a in operands)
    kind = numpy_dtype(out.dtype)
    numbers = np.asarray(low + u * (high - low)).astype(kind)
    last = np.broadcast_to(high.astype(kind), out.shape)
    last = np.where(last < high, last, np.nextafter(last, kind.type(-np.inf)))
    return np.where((low < high) & (numbers >= high), last, numbers).astype(kind)


def _categorical(out: Value, operands: Sequence[Any], seed: int, counter: int) -> Array:
    from ._interpreter_random import philox

    blocks = (out.size + 3) // 4
    high, low = (philox(seed, counter, blocks, stream)[: out.size] for stream in (0, 1))
    u = (high * np.uint64(2**21) + (low >> np.uint64(11))).astype(np.float64) * 2.0**-53
    sums = np.cumsum(np.asarray(operands[0], np.float64), -1)
    rows = sums.reshape(-1, sums.shape[-1])
    drawn = [np.searchsorted(r[:-1], v * r[-1], "right") for r, v in zip(rows, u.reshape(len(rows), -1), strict=True)]
    return np.array(drawn).reshape(out.shape).astype(numpy_dtype(out.dtype))


def _dropout_mask_at(out: Value, operands: Sequence[Any], seed: int, counter: int) -> Array:
    from ._interpreter_random import RANDOM

    return RANDOM["dropout_mask"](out, {"p": float(operands[1])}, seed, counter)


def _drop_key(out: Value, operands: Sequence[Any], seed: int, counter: int) -> Array:
    threshold = min(math.ceil(float(operands[1]) * 2**24), 2**24 - 1)
    return np.array([seed, counter % 2**64, threshold], np.uint64).astype(np.int64)


SAMPLES: dict[str, Callable[[Value, Sequence[Any], int, int], Array]] = {
    "random_between": _between,
    "random_gamma": _each(_gamma),
    "random_poisson": _each(_poisson),
    "random_binomial": _each(_binomial),
    "random_truncated": _each(_truncated),
    "random_von_mises": _each(_von_mises),
    "random_zipf": _each(_zipf),
    "random_hypergeometric": _each(_hypergeometric),
    "random_categorical": _categorical,
    "dropout_mask_at": _dropout_mask_at,
    "drop_key": _drop_key,
}
