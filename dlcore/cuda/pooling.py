"""Largest numbers, means and sums of windows over one to three spatial axes, one pass per place of the window."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ._call import Array, Call, each, kernel


class _Window:
    """The geometry of a pooling: where each place of every window lies in the padded input."""

    def __init__(self, call: Call, x: Array, out: tuple[int, ...]) -> None:
        nd = len(out)
        self.kernel = each(call.attrs["kernel"], nd)
        self.stride = each(call.attrs["stride"] or self.kernel, nd)
        self.pad = each(call.attrs["pad"], nd)
        self.out, self.size = out, x.shape[2:]
        self.span = tuple(
            max((o - 1) * s + k, n + p)
            for o, s, k, n, p in zip(out, self.stride, self.kernel, self.size, self.pad, strict=True)
        )

    def cropped(self, full: Array) -> Array:
        return full[(..., *(slice(p, p + n) for p, n in zip(self.pad, self.size, strict=True)))]

    def padded(self, call: Call, x: Array, value: float) -> Array:
        if self.span == self.size:
            return x
        full = call.xp.full((*x.shape[:2], *self.span), value, dtype=x.dtype)
        self.cropped(full)[...] = x
        return full

    def places(self) -> Iterator[tuple]:
        for at in product(*map(range, self.kernel)):
            steps = (slice(i, i + (o - 1) * s + 1, s) for i, o, s in zip(at, self.out, self.stride, strict=True))
            yield (slice(None), slice(None), *steps)


def _lowest(call: Call, x: Array) -> float:
    return -float("inf") if x.dtype.kind == "f" else int(call.xp.iinfo(x.dtype).min)


@kernel("max_pool1d", "max_pool2d", "max_pool3d")
def max_pool(call: Call) -> None:
    window = _Window(call, call.x, call.y.shape[2:])
    full = window.padded(call, call.x, _lowest(call, call.x))
    best = None
    for place in window.places():
        best = full[place].copy() if best is None else call.xp.maximum(best, full[place])
    call.y[...] = best


def _first_hits(call: Call, window: _Window, x: Array) -> Iterator[tuple[tuple, Array]]:
    """For each place: where it is the first to hold its window's maximum."""
    full = window.padded(call, x, _lowest(call, x))
    best: Array = None
    for place in window.places():
        best = full[place].copy() if best is None else call.xp.maximum(best, full[place])
    free = call.xp.ones(best.shape, dtype=bool)
    for place in window.places():
        value = full[place]
        hit = free & ((value == best) | ((value != value) & (best != best)))
        free &= ~hit
        yield place, hit


@kernel("max_pool1d_grad", "max_pool2d_grad", "max_pool3d_grad")
def max_pool_grad(call: Call) -> None:
    g, x = call.ins
    window = _Window(call, x, g.shape[2:])
    full = call.xp.zeros((*x.shape[:2], *window.span), dtype=g.dtype)
    for place, hit in _first_hits(call, window, x):
        full[place] += g * hit
    call.y[...] = window.cropped(full)


@kernel("max_pool1d_pick", "max_pool2d_pick", "max_pool3d_pick")
def max_pool_pick(call: Call) -> None:
    g, x = call.ins
    window = _Window(call, x, call.y.shape[2:])
    full = window.padded(call, g, 0)
    total = call.xp.zeros(call.y.shape, dtype=g.dtype)
    for place, hit in _first_hits(call, window, x):
        total += full[place] * hit
    call.y[...] = total


def _counts(call: Call, window: _Window, x: Array) -> Array:
    """How many numbers each window averages; where a window hangs over the end, its part there never counts."""
    ones = call.xp.zeros((1, 1, *window.span), dtype="float32")
    if call.attrs["count_include_pad"]:
        ones[(..., *(slice(0, n + 2 * p) for n, p in zip(window.size, window.pad, strict=True)))] = 1
    else:
        window.cropped(ones)[...] = 1
    return sum(ones[place] for place in window.places())[0, 0]


@kernel("avg_pool1d", "avg_pool2d", "avg_pool3d")
def avg_pool(call: Call) -> None:
    window = _Window(call, call.x, call.y.shape[2:])
    call.y[...] = _sums(call, window) / _counts(call, window, call.x).astype(call.y.dtype)


@kernel("avg_pool1d_grad", "avg_pool2d_grad", "avg_pool3d_grad")
def avg_pool_grad(call: Call) -> None:
    g, x = call.ins
    window = _Window(call, x, g.shape[2:])
    _spread(call, window, g / _counts(call, window, x).astype(g.dtype), x)


@kernel("sum_pool1d", "sum_pool2d", "sum_pool3d")
def sum_pool(call: Call) -> None:
    call.y[...] = _sums(call, _Window(call, call.x, call.y.shape[2:]))


@kernel("sum_pool1d_grad", "sum_pool2d_grad", "sum_pool3d_grad")
def sum_pool_grad(call: Call) -> None:
    g, x = call.ins
    _spread(call, _Window(call, x, g.shape[2:]), g, x)


def _sums(call: Call, window: _Window) -> Array:
    full = window.padded(call, call.x, 0)
    return sum(full[place] for place in window.places())


def _spread(call: Call, window: _Window, part: Array, x: Array) -> None:
    full = call.xp.zeros((*x.shape[:2], *window.span), dtype=part.dtype)
    for place in window.places():
        full[place] += part
    call.y[...] = window.cropped(full)
