"""Random operators for the reference interpreter: Philox 4x32-10 in NumPy.

The generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. How its words become
numbers is written down in dlcore/csrc/kernels/cpu/random.cpp; this is the same text in NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._ir import Value
from ._types import numpy_dtype

Array = np.ndarray
_LOW = np.uint64(0xFFFFFFFF)


def philox(seed: int, counter: int, blocks: int, stream: int = 0) -> Array:
    """`blocks` blocks of four 32-bit words (as uint64), from block number `counter` on: shape (4 * blocks,)."""
    numbers = np.uint64(counter) + np.arange(blocks, dtype=np.uint64)
    x = [numbers & _LOW, numbers >> np.uint64(32), np.full_like(numbers, stream), np.zeros_like(numbers)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * x[0], np.uint64(0xCD9E8D57) * x[2]
        high_a, high_b = a >> np.uint64(32), b >> np.uint64(32)
        x = [high_b ^ x[1] ^ np.uint64(key[0]), b & _LOW, high_a ^ x[3] ^ np.uint64(key[1]), a & _LOW]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(x, axis=1).reshape(-1)


def _words(out: Value, seed: int, counter: int, stream: int = 0) -> Array:
    return philox(seed, counter, (out.size + 3) // 4, stream)[: out.size]


def _unit(out: Value, seed: int, counter: int) -> Array:
    """Numbers in [0, 1): multiples of 2^-24, in float64 of 2^-53."""
    w = _words(out, seed, counter)
    if out.dtype == "float64":
        low = _words(out, seed, counter, 1)
        return (w * np.uint64(2**21) + (low >> np.uint64(11))).astype(np.float64) * 2.0**-53
    return (w >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24)


def _shaped(out: Value, numbers: Array) -> Array:
    return numbers.reshape(out.shape).astype(numpy_dtype(out.dtype))


def _uniform(out: Value, attrs: dict[str, Any], seed: int, counter: int) -> Array:
    u = _unit(out, seed, counter)
    low, high = u.dtype.type(attrs["low"]), u.dtype.type(attrs["high"])
    numbers = low + u * u.dtype.type(attrs["high"] - attrs["low"])
    numbers = _shaped(out, numbers)
    if low < high:  # rounding must not reach the upper end, in whatever type the numbers are kept
        last = np.asarray(attrs["high"]).astype(numbers.dtype)
        last = last if last < attrs["high"] else np.nextafter(last, last.dtype.type(-np.inf))
        numbers = np.minimum(numbers, last)
    return numbers


def _normal(out: Value, attrs: dict[str, Any], seed: int, counter: int) -> Array:
    whole = Value(out.dtype, (-(-out.size // 4) * 4,), (1,))
    u = _unit(whole, seed, counter)
    unit = u.dtype.type(2.0**-53 if u.dtype == np.float64 else 2.0**-24)
    radius = np.sqrt(-2 * np.log(u[0::2] + unit))
    angle = 2 * np.pi * u[1::2].astype(np.float64)
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[: out.size]
    return _shaped(out, attrs["loc"] + attrs["scale"] * pairs)


def _between(out: Value, seed: int, counter: int) -> Array:
    """Numbers in (0, 1): odd multiples of 2^-24, in float64 of 2^-53."""
    w = _words(out, seed, counter)
    if out.dtype == "float64":
        low = _words(out, seed, counter, 1)
        return (w * np.uint64(2**20) + (low >> np.uint64(12)) + 0.5) * 2.0**-52
    return ((w >> np.uint64(9)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-23)


def _standard(formula: Callable[[Array], Array]) -> Callable[..., Array]:
    def draw(out: Value, attrs: dict[str, Any], seed: int, counter: int) -> Array:
        numbers = formula(_between(out, seed, counter).astype(np.float64))
        return _shaped(out, attrs.get("loc", 0.0) + attrs["scale"] * numbers)

    return draw


def _randint(out: Value, attrs: dict[str, Any], seed: int, counter: int) -> Array:
    high, low = _words(out, seed, counter), _words(out, seed, counter, 1)
    span = attrs["high"] - attrs["low"]
    numbers = [attrs["low"] + ((int(a) << 32 | int(b)) * span >> 64) for a, b in zip(high, low, strict=True)]
    return _shaped(out, np.array(numbers, np.int64))


def _below(out: Value, p: float, seed: int, counter: int) -> Array:
    return (_words(out, seed, counter) >> np.uint64(8)) < math.ceil(p * 2**24)


def _bernoulli(out: Value, attrs: dict[str, Any], seed: int, counter: int) -> Array:
    return _shaped(out, _below(out, attrs["p"], seed, counter))


def _dropout_mask(out: Value, attrs: dict[str, Any], seed: int, counter: int) -> Array:
    keep = 1 / (1 - attrs["p"])
    return _shaped(out, np.where(_below(out, attrs["p"], seed, counter), 0.0, keep))


def _permutation(out: Value, attrs: dict[str, Any], seed: int, counter: int) -> Array:
    keys = _words(out, seed, counter) << np.uint64(32) | _words(out, seed, counter, 1)
    return _shaped(out, np.argsort(keys, kind="stable"))


RANDOM: dict[str, Callable[[Value, dict[str, Any], int, int], Array]] = {
    "random_uniform": _uniform,
    "random_normal": _normal,
    "random_exponential": _standard(lambda u: -np.log(u)),
    "random_gumbel": _standard(lambda u: -np.log(-np.log(u))),
    "random_logistic": _standard(lambda u: np.log(u) - np.log1p(-u)),
    "random_laplace": _standard(lambda u: np.where(u < 0.5, np.log(2 * u), -np.log(2 * (1 - u)))),
    "random_randint": _randint,
    "random_bernoulli": _bernoulli,
    "dropout_mask": _dropout_mask,
    "random_permutation": _permutation,
}
