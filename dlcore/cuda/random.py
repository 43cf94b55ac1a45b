"""Random arrays: Philox 4x32-10 counters, the same mapping as csrc/kernels/cpu/random.cpp, so the same numbers.

The arithmetic is that of the reference description at the top of that file; only normal numbers differ in their last
bits, because a device has its own logarithm and cosine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from ._arrays import narrowed, widened
from ._call import Array, Call, kernel

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85


def first(xp: Any, counter: Any) -> Any:
    """The number of the first block, as a number to be added: of a run that is captured it lies on the device."""
    return xp.uint64(counter % 2**64) if isinstance(counter, int) else counter


def words(xp: Any, n: int, seed: int, counter: Any, stream: int = 0) -> Array:
    """The first n 32-bit words (as uint64) of blocks counter, counter + 1, ..."""
    blocks = xp.arange((n + 3) // 4, dtype="uint64") + first(xp, counter)
    return xp.stack(blocks_of(xp, blocks, seed, stream, xp.zeros_like(blocks)), axis=1).reshape(-1)[:n]


def blocks_of(xp: Any, blocks: Array, seed: int, stream: int, lane: Array) -> list[Array]:
    """The four words (as uint64) of each block; `stream` and `lane` are the upper half of the counter."""
    low, shift = xp.uint64(0xFFFFFFFF), xp.uint64(32)
    keys = xp.uint64(seed & 0xFFFFFFFF), xp.uint64(seed >> 32)
    return philox(xp, keys, [blocks & low, blocks >> shift, xp.full_like(blocks, stream), lane])


def philox(xp: Any, keys: tuple[Any, Any], x: list[Array]) -> list[Array]:
    """The four words (as uint64) of blocks with these words of the counter, the low and the high word of the key."""
    low, shift = xp.uint64(0xFFFFFFFF), xp.uint64(32)
    k0, k1 = keys
    for _ in range(10):
        a, b = x[0] * xp.uint64(_M0), x[2] * xp.uint64(_M1)
        x = [(b >> shift) ^ x[1] ^ k0, b & low, (a >> shift) ^ x[3] ^ k1, a & low]
        k0, k1 = (k0 + xp.uint64(_W0)) & low, (k1 + xp.uint64(_W1)) & low
    return x


def _words(call: Call, stream: int = 0, n: int | None = None) -> Array:
    return words(call.xp, call.y.size if n is None else n, call.seed, call.counter, stream)


def _unit(call: Call, n: int, plus: int = 0) -> Array:
    """Numbers in [0, 1), or (0, 1] with plus=1, of the precision that the output has."""
    xp, w = call.xp, _words(call, 0, n)
    if call.y.dtype == xp.float64:
        w2 = _words(call, 1, n)
        return ((w << xp.uint64(21)) + (w2 >> xp.uint64(11)) + xp.uint64(plus)).astype("float64") * 2.0**-53
    return ((w >> xp.uint64(8)) + xp.uint64(plus)).astype("float32") * xp.float32(2.0**-24)


def last_below(high: float, dtype: str) -> float:
    """The largest number of a floating-point type that is below `high`, so that no rounding reaches it."""
    kind: Any = numpy.dtype("float64" if dtype == "float64" else "float32").type
    if dtype not in ("float16", "bfloat16"):
        return float(numpy.nextafter(kind(high), kind(-math.inf)))
    if dtype == "float16":
        half = numpy.float16(high)
        return float(half if half < high else numpy.nextafter(half, numpy.float16(-math.inf)))
    bits = int(narrowed(numpy, numpy.array([high], numpy.float32))[0])
    if float(widened(numpy, numpy.array([bits], numpy.uint16))[0]) >= high:
        bits = 0x8001 if bits & 0x7FFF == 0 else bits + 1 if bits & 0x8000 else bits - 1
    return float(widened(numpy, numpy.array([bits], numpy.uint16))[0])


@kernel("random_uniform")
def random_uniform(call: Call) -> None:
    kind = call.xp.float64 if call.y.dtype == call.xp.float64 else call.xp.float32
    low, high = kind(call.attrs["low"]), kind(call.attrs["high"])
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{call.op}: low and high must be finite, got low={low:g} and high={high:g}")
    values = low + _unit(call, call.y.size) * kind(call.attrs["high"] - call.attrs["low"])
    if low < high:
        values = call.xp.minimum(values, kind(last_below(call.attrs["high"], str(call.attrs["dtype"]))))
    call.y[...] = values.reshape(call.y.shape)


@kernel("random_normal")
def random_normal(call: Call) -> None:
    xp, n = call.xp, (call.y.size + 3) // 4 * 4
    if not call.attrs["scale"] >= 0:
        raise ValueError(f"{call.op}: scale must not be negative, got {call.attrs['scale']:g}")
    u = _unit(call, n, plus=1)[0::2]
    v = _unit(call, n)[1::2]
    r = xp.sqrt(-2 * xp.log(u))
    angle = v * u.dtype.type(2 * math.pi)
    both = xp.stack([r * xp.cos(angle), r * xp.sin(angle)], axis=1).reshape(-1)[: call.y.size]
    call.y[...] = (call.attrs["loc"] + call.attrs["scale"] * both).reshape(call.y.shape)


def _between(call: Call) -> Array:
    """Numbers in (0, 1): odd multiples of 2^-24, in float64 of 2^-53."""
    xp, w = call.xp, _words(call, 0)
    if call.y.dtype == xp.float64:
        return ((w << xp.uint64(20)) + (_words(call, 1) >> xp.uint64(12)) + 0.5) * 2.0**-52
    return ((w >> xp.uint64(9)).astype("float32") + xp.float32(0.5)) * xp.float32(2.0**-23)


def _laplace(xp: Any, u: Array) -> Array:
    return xp.where(u < 0.5, xp.log(2 * u), -xp.log(2 * (1 - u)))


@kernel("random_exponential", "random_gumbel", "random_logistic", "random_laplace")
def random_standard(call: Call) -> None:
    xp, u, scale = call.xp, _between(call), call.attrs["scale"]
    if not scale >= 0:
        raise ValueError(f"{call.op}: scale must not be negative, got {scale:g}")
    formula: dict[str, Callable[[], Array]] = {
        "random_exponential": lambda: -xp.log(u),
        "random_gumbel": lambda: -xp.log(-xp.log(u)),
        "random_logistic": lambda: xp.log(u) - xp.log(1 - u),
        "random_laplace": lambda: _laplace(xp, u),
    }
    call.y[...] = (call.attrs.get("loc", 0.0) + scale * formula[call.op]()).reshape(call.y.shape)


@kernel("random_randint")
def random_randint(call: Call) -> None:
    xp, low, high = call.xp, int(call.attrs["low"]), int(call.attrs["high"])
    if high <= low:
        raise ValueError(f"{call.op}: high must be above low, got low={low} and high={high}")
    size, half = high - low, xp.uint64(32)
    a, b = _words(call, 0), _words(call, 1)  # the 64-bit word a * 2^32 + b, times size, upper half
    s1, s0 = xp.uint64(size >> 32), xp.uint64(size & 0xFFFFFFFF)
    mask = xp.uint64(0xFFFFFFFF)
    middle = a * s0 + ((b * s0) >> half)
    other = b * s1 + (middle & mask)
    upper = a * s1 + (middle >> half) + (other >> half)
    call.y[...] = (upper + xp.uint64(low % 2**64)).view("int64").reshape(call.y.shape)


def _choose(call: Call, p: float, below: float, above: float) -> None:
    threshold = call.xp.uint64(math.ceil(p * 2**24))
    hit = (_words(call) >> call.xp.uint64(8)) < threshold
    call.y[...] = call.xp.where(hit, below, above).reshape(call.y.shape)


@kernel("random_bernoulli")
def random_bernoulli(call: Call) -> None:
    p = call.attrs["p"]
    if not 0 <= p <= 1:
        raise ValueError(f"{call.op}: p must be between 0 and 1, got {p:g}")
    _choose(call, p, 1.0, 0.0)


@kernel("dropout_mask")
def dropout_mask(call: Call) -> None:
    p = call.attrs["p"]
    if not 0 <= p < 1:
        raise ValueError(f"{call.op}: p must be at least 0 and below 1, got {p:g}")
    _choose(call, p, 0.0, 1 / (1 - p))


@kernel("dropout_mask_at")
def dropout_mask_at(call: Call) -> None:
    """p stays on the device: nothing waits for it."""
    xp, p = call.xp, call.ins[1].astype("float64")
    hit = (_words(call) >> xp.uint64(8)) < xp.ceil(p * 2.0**24).astype("uint64")
    call.y[...] = xp.where(hit, 0.0, 1 / (1 - p)).reshape(call.y.shape)


@kernel("drop_key")
def drop_key(call: Call) -> None:
    """Nothing waits for p or, in a run that is captured, for the counter."""
    xp, key, p = call.xp, call.y, call.ins[1].astype("float64").reshape(())
    key[0] = call.seed - 2**64 if call.seed >= 2**63 else call.seed
    key[1] = first(xp, call.counter).astype("int64")
    key[2] = xp.minimum(xp.ceil(p * 2.0**24), 2.0**24 - 1).astype("int64")


@kernel("random_permutation")
def random_permutation(call: Call) -> None:
    keys = (_words(call, 0) << call.xp.uint64(32)) + _words(call, 1)
    call.y[...] = call.xp.argsort(keys, kind="stable")
