"""Max and average pooling over images, one pass per place of the window."""

from __future__ import annotations

from collections.abc import Iterator

from ._call import Array, Call, kernel, pair


class _Window:
    """The geometry of a pooling: where place (i, j) of every window lies in the padded image."""

    def __init__(self, call: Call, x: Array, out: tuple[int, int]) -> None:
        self.kernel = pair(call.attrs["kernel"])
        self.stride = pair(call.attrs["stride"] or self.kernel)
        self.pad = pair(call.attrs["pad"])
        self.out, self.size = out, x.shape[2:]

    def padded(self, call: Call, x: Array, value: float) -> Array:
        (ph, pw), (h, w) = self.pad, self.size
        if ph == pw == 0 and self._covers(h, 0) and self._covers(w, 1):
            return x
        full = call.xp.full((*x.shape[:2], self._span(0), self._span(1)), value, dtype=x.dtype)
        full[:, :, ph : ph + h, pw : pw + w] = x[:, :, : full.shape[2] - ph, : full.shape[3] - pw]
        return full

    def _span(self, d: int) -> int:
        return max((self.out[d] - 1) * self.stride[d] + self.kernel[d], self.size[d] + self.pad[d])

    def _covers(self, size: int, d: int) -> bool:
        return self._span(d) <= size

    def places(self) -> Iterator[tuple[slice, slice, slice, slice]]:
        (kh, kw), (sh, sw), (oh, ow) = self.kernel, self.stride, self.out
        every = slice(None)
        for i in range(kh):
            for j in range(kw):
                yield every, every, slice(i, i + (oh - 1) * sh + 1, sh), slice(j, j + (ow - 1) * sw + 1, sw)

    def cropped(self, full: Array) -> Array:
        (ph, pw), (h, w) = self.pad, self.size
        return full[:, :, ph : ph + h, pw : pw + w]


def _lowest(call: Call, x: Array) -> float:
    return -float("inf") if x.dtype.kind == "f" else int(call.xp.iinfo(x.dtype).min)


@kernel("max_pool2d")
def max_pool2d(call: Call) -> None:
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


@kernel("max_pool2d_grad")
def max_pool2d_grad(call: Call) -> None:
    g, x = call.ins
    window = _Window(call, x, g.shape[2:])
    full = call.xp.zeros((*x.shape[:2], window._span(0), window._span(1)), dtype=g.dtype)
    for place, hit in _first_hits(call, window, x):
        full[place] += g * hit
    call.y[...] = window.cropped(full)


@kernel("max_pool2d_pick")
def max_pool2d_pick(call: Call) -> None:
    g, x = call.ins
    window = _Window(call, x, call.y.shape[2:])
    full = window.padded(call, g, 0)
    total = call.xp.zeros(call.y.shape, dtype=g.dtype)
    for place, hit in _first_hits(call, window, x):
        total += full[place] * hit
    call.y[...] = total


def _counts(call: Call, window: _Window, x: Array) -> Array:
    """How many numbers each window averages."""
    if call.attrs["count_include_pad"]:
        return call.xp.full(window.out, window.kernel[0] * window.kernel[1], dtype="float32")
    ones = window.padded(call, call.xp.ones((1, 1, *x.shape[2:]), dtype="float32"), 0)
    return sum(ones[place] for place in window.places())[0, 0]


@kernel("avg_pool2d")
def avg_pool2d(call: Call) -> None:
    window = _Window(call, call.x, call.y.shape[2:])
    full = window.padded(call, call.x, 0)
    total = sum(full[place] for place in window.places())
    call.y[...] = total / _counts(call, window, call.x).astype(call.y.dtype)


@kernel("avg_pool2d_grad")
def avg_pool2d_grad(call: Call) -> None:
    g, x = call.ins
    window = _Window(call, x, g.shape[2:])
    part = g / _counts(call, window, x).astype(g.dtype)
    full = call.xp.zeros((*x.shape[:2], window._span(0), window._span(1)), dtype=g.dtype)
    for place in window.places():
        full[place] += part
    call.y[...] = window.cropped(full)
