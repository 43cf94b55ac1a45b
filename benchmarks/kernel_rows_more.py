"""More rows of kernels.py: other dtypes, strided reads, arranging, writing at places, masks, inverse functions, sets.

As in kernel_rows.py, a family is a function from a Bench to its rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np
from kernel_rows import Bench, Row

from dlcore import np as D
from dlcore import npx
from dlcore.ops import F


def dtypes(b: Bench) -> Iterator[Row]:
    """Numbers that are no float32."""
    torch = b.torch
    kinds = {
        "int32": b.rng.integers(-1000, 1000, b.shape, dtype=np.int32),
        "float16": b.x[1].astype(np.float16),
        "float64": b.x[1].astype(np.float64),
        "complex64": (b.x[1] + 1j * b.y[1]).astype(np.complex64),
        "uint8": b.rng.integers(0, 256, b.shape, dtype=np.uint8),
        "bool": b.x[1] > 0,
    }
    for kind, values in kinds.items():
        (d, a, t), size = b.three(values), values.itemsize
        yield Row(f"sum, last, {kind}", lambda d=d: F.sum(d, axis=1), lambda a=a: a.sum(1),
                  torch and (lambda t=t: t.sum(1)), size * b.n)  # fmt: skip
        yield Row(f"sum, first, {kind}", lambda d=d: F.sum(d, axis=0), lambda a=a: a.sum(0),
                  torch and (lambda t=t: t.sum(0)), size * b.n)  # fmt: skip
        if kind == "bool":
            continue
        yield Row(f"mul, {kind}", lambda d=d: F.multiply(d, d), lambda a=a: a * a, torch and (lambda t=t: t * t),
                  2 * size * b.n)  # fmt: skip
        if kind != "complex64":
            yield Row(f"less, {kind}", lambda d=d: F.less(d, d), lambda a=a: a < a, torch and (lambda t=t: t < t),
                      (size + 1) * b.n)  # fmt: skip
    d, _, t = b.x
    half, theirs = F.cast(d, "bfloat16"), torch and t.bfloat16()
    yield Row("mul, bfloat16", lambda: F.multiply(half, half), None, torch and (lambda: theirs * theirs), 4 * b.n)
    yield Row("cast to bfloat16", lambda: F.cast(d, "bfloat16"), None, torch and (lambda: t.bfloat16()), 6 * b.n)
    i, k, w = b.three(kinds["int32"])
    yield Row("cast int32", lambda: F.cast(i, "float32"), lambda: k.astype("float32"),
              torch and (lambda: w.float()), 8 * b.n)  # fmt: skip
    yield Row("remainder int32", lambda: F.remainder(i, 7), lambda: k % 7, torch and (lambda: w % 7))


def strided(b: Bench) -> Iterator[Row]:
    """Views that leave numbers out or turn them round."""
    (d, a, t), torch = b.x, b.torch
    yield Row("every second, add", lambda: F.add(d[:, ::2], 1.0), lambda: a[:, ::2] + 1,
              torch and (lambda: t[:, ::2] + 1))  # fmt: skip
    yield Row("every second, sum", lambda: F.sum(d[:, ::2]), lambda: a[:, ::2].sum(),
              torch and (lambda: t[:, ::2].sum()))  # fmt: skip
    yield Row("part, copy", lambda: F.copy(d[1:-1, 1:-1]), lambda: a[1:-1, 1:-1].copy(),
              torch and (lambda: t[1:-1, 1:-1].clone()), 8 * b.n)  # fmt: skip
    yield Row("flip, copy", lambda: F.copy(F.flip(d)), lambda: np.flip(a).copy(),
              torch and (lambda: t.flip(0, 1)), 8 * b.n)  # fmt: skip
    yield Row("comparison", lambda: F.greater(d, 0.5), lambda: a > 0.5, torch and (lambda: t > 0.5), 5 * b.n)
    yield Row("clip", lambda: F.clip(d, -1, 1), lambda: np.clip(a, -1, 1), torch and (lambda: t.clamp(-1, 1)), 8 * b.n)
    yield Row("norm of rows", lambda: D.linalg.norm(d, axis=1), lambda: np.linalg.norm(a, axis=1),
              torch and (lambda: torch.linalg.norm(t, dim=1)), 4 * b.n)  # fmt: skip
    yield Row("norm of columns", lambda: D.linalg.norm(d, axis=0), lambda: np.linalg.norm(a, axis=0),
              torch and (lambda: torch.linalg.norm(t, dim=0)), 4 * b.n)  # fmt: skip


def arranging(b: Bench) -> Iterator[Row]:
    """Numbers in other places."""
    (d, a, t), torch = b.x, b.torch
    yield Row("pad", lambda: D.pad(d, 2), lambda: np.pad(a, 2),
              torch and (lambda: torch.nn.functional.pad(t, (2, 2, 2, 2))), 8 * b.n)  # fmt: skip
    image, _, theirs = b.three(a[None, None])
    sides, extend = ((0, 0), (0, 0), (2, 2), (2, 2)), torch and torch.nn.functional.pad
    for mode, name in (("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular")):
        yield Row(f"pad {mode}", lambda mode=mode: D.pad(image, sides, mode), lambda mode=mode: np.pad(a, 2, mode),
                  torch and (lambda name=name: extend(theirs, (2, 2, 2, 2), name)), 8 * b.n)  # fmt: skip
    yield Row("roll", lambda: D.roll(d, 7, axis=1), lambda: np.roll(a, 7, 1), torch and (lambda: t.roll(7, 1)), 8 * b.n)
    yield Row("tile", lambda: D.tile(d, (2, 2)), lambda: np.tile(a, (2, 2)), torch and (lambda: t.tile((2, 2))),
              20 * b.n)  # fmt: skip
    yield Row("repeat", lambda: D.repeat(d, 3), lambda: np.repeat(a, 3), torch and (lambda: t.repeat_interleave(3)),
              16 * b.n)  # fmt: skip
    yield Row("tril", lambda: D.tril(d), lambda: np.tril(a), torch and (lambda: t.tril()), 8 * b.n)
    yield Row("stack, last", lambda: D.stack((d, d), axis=-1), lambda: np.stack((a, a), -1),
              torch and (lambda: torch.stack((t, t), -1)), 12 * b.n)  # fmt: skip
    yield Row("cumprod, last", lambda: D.cumprod(d, 1), lambda: np.cumprod(a, 1), torch and (lambda: t.cumprod(1)),
              8 * b.n)  # fmt: skip
    places = b.three(np.resize(a, (1, max(1, b.n // 4096), 64, 64)))
    yield Row("resize, twice", lambda: F.resize(places[0], size=(128, 128)), None,
              torch and (lambda: torch.nn.functional.interpolate(places[2], (128, 128), mode="bilinear")))  # fmt: skip
    words = b.three(b.rng.integers(0, 100, b.n // 100))
    yield Row("one_hot of 100", lambda: F.one_hot(words[0], 100), lambda: np.eye(100, dtype="float32")[words[1]],
              torch and (lambda: torch.nn.functional.one_hot(words[2], 100)))  # fmt: skip


def writing(b: Bench) -> Iterator[Row]:
    """Reading and writing where masks and positions say."""
    (d, a, t), (m, k, w), torch = b.x, b.mask, b.torch
    f, fa, ft = b.flat
    at = b.three(b.rng.integers(0, b.n, b.n // 4))
    rows = b.three(b.rng.integers(0, b.shape[0], b.shape[0]))
    part = b.three(fa[: b.n // 4].copy())
    yield Row("mask, read", lambda: d[m], lambda: a[k], torch and (lambda: t[w]))
    yield Row("mask, places", lambda: D.nonzero(m), lambda: np.nonzero(k), torch and (lambda: w.nonzero(as_tuple=True)))
    yield Row("mask, fill", lambda: F.masked_fill(d, m, 0.0), lambda: np.where(k, np.float32(0), a),
              torch and (lambda: t.masked_fill(w, 0.0)), 9 * b.n)  # fmt: skip
    yield Row("add to rows", lambda: F.index_add(d, d, rows[0]), None, torch and (lambda: t.index_add(0, rows[2], t)))
    yield Row("add to numbers", lambda: F.index_add(f, part[0], at[0]), None,
              torch and (lambda: ft.index_add(0, at[2], part[2])))  # fmt: skip
    yield Row("put numbers", lambda: F.index_put(f, part[0], at[0]), None,
              torch and (lambda: ft.index_put((at[2],), part[2])))  # fmt: skip
    few = b.three(b.rng.integers(0, 100, b.shape[0]))
    yield Row("segment_sum of rows", lambda: F.segment_sum(d, few[0], 100), None,
              torch and (lambda: torch.zeros(100, b.shape[1]).index_add(0, few[2], t)), 4 * b.n)  # fmt: skip


def inverses(b: Bench) -> Iterator[Row]:
    """Inverse functions, powers and products of lines."""
    torch = b.torch
    d, a, t = b.three(np.tanh(b.x[1]) * np.float32(0.99))
    p, q, r = b.three(np.exp(b.y[1]))
    for name, theirs in (("arcsin", "asin"), ("arctanh", "atanh"), ("arctan", "atan"), ("erfinv", "erfinv")):
        fn, nf, tf = getattr(F, name), getattr(np, name, None), torch and getattr(torch, theirs)
        yield Row(
            name,
            lambda fn=fn: fn(d),  # type: ignore[misc]
            nf and (lambda nf=nf: nf(a)),  # type: ignore[misc]
            torch and (lambda tf=tf: tf(t)),  # type: ignore[misc]
        )
    yield Row("arctan2", lambda: F.arctan2(d, p), lambda: np.arctan2(a, q), torch and (lambda: torch.atan2(t, r)))
    yield Row("power", lambda: F.power(p, d), lambda: np.power(q, a), torch and (lambda: torch.pow(r, t)))
    yield Row("remainder", lambda: F.remainder(d, p), lambda: np.remainder(a, q),
              torch and (lambda: torch.remainder(t, r)))  # fmt: skip
    f, fa, ft = b.flat
    yield Row("dot", lambda: D.dot(f, f), lambda: np.dot(fa, fa), torch and (lambda: ft.dot(ft)))
    line, numbers, theirs_line = b.three(fa[: b.shape[1]].copy())
    yield Row("matrix times vector", lambda: D.matmul(b.x[0], line), lambda: np.matmul(b.x[1], numbers),
              torch and (lambda: b.x[2].mv(theirs_line)), 4 * b.n)  # fmt: skip
    lengths = b.three(b.rng.integers(0, b.shape[0] + 1, b.shape[1]))
    step = b.three(np.arange(b.shape[0])[:, None])

    def turned(library: ModuleType, at: int) -> object:  # no function of theirs does it
        return library.where(step[at] < lengths[at], lengths[at] - 1 - step[at], step[at])

    yield Row("sequence_reverse", lambda: npx.sequence_reverse(b.x[0], lengths[0], True),
              lambda: np.take_along_axis(b.x[1], turned(np, 1), 0),
              torch and (lambda: torch.gather(b.x[2], 0, turned(torch, 2))))  # fmt: skip


def sets(b: Bench) -> Iterator[Row]:
    """Values looked up, counted and told apart."""
    (f, fa, ft), torch = b.flat, b.torch
    few = b.three(b.rng.integers(0, 100, b.n))
    bins = b.three(np.linspace(-3, 3, 101, dtype="float32"))
    yield Row("unique", lambda: D.unique(few[0]), lambda: np.unique(few[1]), torch and (lambda: few[2].unique()))
    yield Row("bincount", lambda: D.bincount(few[0]), lambda: np.bincount(few[1]),
              torch and (lambda: few[2].bincount()))  # fmt: skip
    yield Row("searchsorted", lambda: D.searchsorted(bins[0], f), lambda: np.searchsorted(bins[1], fa),
              torch and (lambda: torch.searchsorted(bins[2], ft)))  # fmt: skip
    yield Row("histogram", lambda: D.histogram(f, 100, (-3, 3)), lambda: np.histogram(fa, 100, (-3, 3)),
              torch and (lambda: torch.histc(ft, 100, -3, 3)))  # fmt: skip
    yield Row("interp", lambda: D.interp(f, bins[0], bins[0]), lambda: np.interp(fa, bins[1], bins[1]))
    yield Row("permutation", lambda: F.random_permutation(b.n), lambda: b.rng.permutation(b.n),
              torch and (lambda: torch.randperm(b.n)))  # fmt: skip


MORE = (dtypes, strided, arranging, writing, inverses, sets)
