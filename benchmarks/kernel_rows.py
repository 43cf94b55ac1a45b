"""The rows of kernels.py: the same work for dlcore, NumPy and PyTorch, one function a family.

A family takes a Bench (the arrays of one size, in all three libraries) and yields Row after Row. `moved` is the bytes
that a memory-bound operator cannot avoid reading and writing; rows without it are bound by arithmetic or by latency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops import F

Call = Callable[[], object]
SHAPES = {10**4: (100, 100), 10**5: (250, 400), 10**6: (1000, 1000), 10**7: (2500, 4000)}

# gelu(x w + b) mask, as the fusion pass writes it
_GELU = [
    ("mul", (0, 1)), ("add", (4, 2)), ("const", 0.7071067811865476), ("mul", (5, 6)), ("erf", (7,)), ("const", 1.0),
    ("add", (8, 9)), ("const", 0.5), ("mul", (5, 11)), ("mul", (10, 12)), ("mul", (13, 3)),
]  # fmt: skip


@dataclass
class Row:
    """One piece of work; a library that has no such function is None."""

    name: str
    ours: Call
    numpy: Call | None = None
    torch: Call | None = None
    moved: int = 0  # bytes


class Bench:
    """Arrays of `n` numbers: d is dlcore's, a is NumPy's, t is PyTorch's (None without it)."""

    def __init__(self, n: int, torch: ModuleType | None) -> None:
        self.n, self.torch = n, torch
        self.rng = np.random.default_rng(0)
        self.shape = SHAPES[n]
        self.x = self.three(self.rng.standard_normal(self.shape).astype("float32"))
        self.y = self.three(self.rng.standard_normal(self.shape).astype("float32"))

    def three(self, a: np.ndarray) -> tuple[Any, np.ndarray, Any]:
        """The same memory as an array of each library."""
        return _core.from_numpy(a, copy=False), a, self.torch.from_numpy(a) if self.torch else None

    @cached_property
    def flat(self) -> tuple[Any, np.ndarray, Any]:
        """x as one line."""
        return self.three(self.x[1].reshape(-1))

    @cached_property
    def whole(self) -> tuple[Any, np.ndarray, Any]:
        """Random 32-bit integers, one line."""
        return self.three(self.rng.integers(-(2**31), 2**31, self.n, dtype=np.int32))

    @cached_property
    def mask(self) -> tuple[Any, np.ndarray, Any]:
        """True about every second time."""
        return self.three(self.x[1] > 0)

    @cached_property
    def row(self) -> tuple[Any, np.ndarray, Any]:
        """One number a column."""
        return self.three(self.y[1][0].copy())


def elementwise(b: Bench) -> Iterator[Row]:
    """One number at a time."""
    (d, a, t), (e, c, u), torch = b.x, b.y, b.torch
    yield Row("add", lambda: F.add(d, e), lambda: a + c, torch and (lambda: t + u), 12 * b.n)
    yield Row("mul", lambda: F.multiply(d, e), lambda: a * c, torch and (lambda: t * u), 12 * b.n)
    (r, s, v) = b.row
    yield Row("add a row", lambda: F.add(d, r), lambda: a + s, torch and (lambda: t + v), 8 * b.n)
    for name in ("exp", "tanh"):
        fn, nf, tf = getattr(F, name), getattr(np, name), torch and getattr(torch, name)
        yield Row(name, lambda fn=fn: fn(d), lambda nf=nf: nf(a), torch and (lambda tf=tf: tf(t)))  # type: ignore[misc]
    yield Row("sigmoid", lambda: F.sigmoid(d), None, torch and (lambda: torch.sigmoid(t)))
    yield Row("gelu", lambda: F.gelu(d), None, torch and (lambda: torch.nn.functional.gelu(t)))
    (m, k, w) = b.mask
    yield Row(
        "where", lambda: F.where(m, d, e), lambda: np.where(k, a, c), torch and (lambda: torch.where(w, t, u)), 13 * b.n
    )
    yield Row(
        "cast to float16", lambda: F.cast(d, "float16"), lambda: a.astype("float16"), torch and (lambda: t.half()),
        6 * b.n,
    )  # fmt: skip
    yield Row(
        "cast to float64", lambda: F.cast(d, "float64"), lambda: a.astype("float64"), torch and (lambda: t.double()),
        12 * b.n,
    )  # fmt: skip
    gelu = fused_gelu()
    yield Row(
        "fused gelu(x*y+x)*y", lambda: gelu(d, e, d, e), None,
        torch and (lambda: torch.nn.functional.gelu(t * u + t) * u),
    )  # fmt: skip


@cache
def fused_gelu() -> Callable[..., object]:
    """The program above as an operator."""
    number = _core.register_op(
        {
            "name": "_benchmark_gelu", "inputs": [(n, False, False, False) for n in "xwbm"], "attrs": [], "n_out": 1,
            "kernel": "tile", "tile": _core.TileProgram(4, _GELU, [14]), "infer": "broadcast", "dtype": "promote",
        }
    )  # fmt: skip
    return lambda *xs: _core.invoke(number, xs, ())


def reductions(b: Bench) -> Iterator[Row]:
    """Over everything, over rows (the last axis) and over columns (the first)."""
    (d, a, t), torch = b.x, b.torch
    names = {"sum": "sum", "max": "amax", "mean": "mean", "var": "var", "argmax": "argmax"}
    for name, theirs in names.items():
        fn, nf, tf = getattr(F, name), getattr(np, name), torch and getattr(torch, theirs)
        biased = {"correction": 0} if name == "var" else {}
        for label, axis in (("all", None), ("last", 1), ("first", 0)):
            whole = {"dim": axis} if axis is not None or name == "var" else {}
            yield Row(
                f"{name}, {label}",
                lambda fn=fn, axis=axis: fn(d, axis=axis),  # type: ignore[misc]
                lambda nf=nf, axis=axis: nf(a, axis=axis),  # type: ignore[misc]
                torch and (lambda tf=tf, kw=whole | biased: tf(t, **kw)),  # type: ignore[misc]
                4 * b.n if name != "var" else 0,
            )
    p = a.reshape(-1, 5, 4, 5).transpose(0, 3, 1, 2) if b.n < 10**6 else a.reshape(-1, 25, 20, 20).transpose(0, 3, 1, 2)
    q, p, v = b.three(p)
    yield Row(
        "sum, channels last", lambda: F.sum(q, (0, 2, 3)), lambda: p.sum((0, 2, 3)),
        torch and (lambda: v.sum((0, 2, 3))), 4 * b.n,
    )  # fmt: skip


def copies(b: Bench) -> Iterator[Row]:
    """Data that moves and does not change."""
    (d, a, t), (e, c, u), torch = b.x, b.y, b.torch
    dt = F.transpose(d)
    yield Row("copy", lambda: F.copy(d), lambda: a.copy(), torch and (lambda: t.clone()), 8 * b.n)
    yield Row("transpose", lambda: F.copy(dt), lambda: a.T.copy(), torch and (lambda: t.T.contiguous()), 8 * b.n)
    yield Row("add transposed", lambda: F.add(e, dt) if a.shape[0] == a.shape[1] else F.add(e, d),
              lambda: c + (a.T if a.shape[0] == a.shape[1] else a),
              torch and (lambda: u + (t.T if a.shape[0] == a.shape[1] else t)), 12 * b.n)  # fmt: skip
    side = {10**4: (4, 50, 50), 10**5: (10, 100, 100), 10**6: (10, 316, 316), 10**7: (10, 1000, 1000)}[b.n]
    m, k, w = b.three(a.reshape(-1)[: side[0] * side[1] * side[2]].reshape(side))
    mt = F.transpose(m, (2, 0, 1))
    yield Row(
        "transpose of 3 axes", lambda: F.copy(mt), lambda: np.ascontiguousarray(k.transpose(2, 0, 1)),
        torch and (lambda: w.permute(2, 0, 1).contiguous()), 8 * k.size,
    )  # fmt: skip
    for axis in (0, 1):
        yield Row(
            f"concat, axis {axis}",
            lambda axis=axis: F.concat(d, e, axis=axis),  # type: ignore[misc]
            lambda axis=axis: np.concatenate((a, c), axis),  # type: ignore[misc]
            torch and (lambda axis=axis: torch.cat((t, u), axis)),  # type: ignore[misc]
            16 * b.n,
        )


def norms(b: Bench) -> Iterator[Row]:
    """softmax and the normalisation layers."""
    (d, a, t), torch = b.x, b.torch
    for axis in (1, 0):
        for name in ("softmax", "log_softmax"):
            fn, tf = getattr(F, name), torch and getattr(torch, name)
            yield Row(
                f"{name}, axis {axis}",
                lambda fn=fn, axis=axis: fn(d, axis=axis),  # type: ignore[misc]
                None,
                torch and (lambda tf=tf, axis=axis: tf(t, axis)),  # type: ignore[misc]
            )
    (g, _, h), n = b.row, b.shape[1]
    yield Row(
        "layer_norm", lambda: F.layer_norm(d, g, g), None,
        torch and (lambda: torch.nn.functional.layer_norm(t, (n,), h, h)),
    )  # fmt: skip
    channels = {10**4: (4, 25, 10, 10), 10**5: (16, 16, 20, 19), 10**6: (32, 32, 31, 31), 10**7: (64, 64, 49, 49)}[b.n]
    size = int(np.prod(channels))
    p, q, v = b.three(a.reshape(-1)[:size].reshape(channels))
    last = np.ascontiguousarray(q.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    pl, _, vl = b.three(last)
    w, _, k = b.three(np.ones(channels[1], np.float32))
    bn = torch and torch.nn.functional.batch_norm
    for label, xs, ts in (("", p, v), (", channels last", pl, vl)):
        yield Row(
            f"batch_norm{label}",
            lambda xs=xs: F.batch_norm_train(xs, w, w),  # type: ignore[misc]
            None,
            torch and (lambda ts=ts: bn(ts, None, None, k, k, True)),  # type: ignore[misc]
        )
    groups = next(g for g in range(channels[1] // 2, 0, -1) if channels[1] % g == 0)
    yield Row(
        "group_norm", lambda: F.group_norm(p, w, w, groups), None,
        torch and (lambda: torch.nn.functional.group_norm(v, groups, k, k)),
    )  # fmt: skip


def pooling(b: Bench) -> Iterator[Row]:
    """Windows of two over one to three axes of row-major arrays."""
    channels = max(1, b.n // 4096)
    for rank, places in ((1, (4096,)), (2, (64, 64)), (3, (16, 16, 16))):
        p, _, v = b.three(np.resize(b.x[1], (1, channels, *places)))
        for kind in ("max", "avg"):
            name = f"{kind}_pool{rank}d"
            fn, tf = getattr(F, name), b.torch and getattr(b.torch.nn.functional, name)
            yield Row(
                name,
                lambda fn=fn, p=p: fn(p, 2),  # type: ignore[misc]
                None,
                b.torch and (lambda tf=tf, v=v: tf(v, 2)),  # type: ignore[misc]
            )


def sorting(b: Bench) -> Iterator[Row]:
    """One long line and many short ones; PyTorch's sort and ours are stable."""
    (d, a, t), torch = b.x, b.torch
    f, fa, ft = b.flat
    i, ia, it = b.whole
    yield Row("sort, one line", lambda: F.sort(f), lambda: np.sort(fa), torch and (lambda: torch.sort(ft, stable=True)))
    yield Row("sort int32, one line", lambda: F.sort(i), lambda: np.sort(ia), torch and (lambda: torch.sort(it)))
    yield Row("sort, last", lambda: F.sort(d), lambda: np.sort(a), torch and (lambda: torch.sort(t)))
    yield Row("sort, first", lambda: F.sort(d, axis=0), lambda: np.sort(a, 0), torch and (lambda: torch.sort(t, 0)))
    yield Row("argsort, one line", lambda: F.argsort(f), lambda: np.argsort(fa, kind="stable"),
              torch and (lambda: torch.argsort(ft, stable=True)))  # fmt: skip
    yield Row("argsort, last", lambda: F.argsort(d), lambda: np.argsort(a, kind="stable"),
              torch and (lambda: torch.argsort(t, stable=True)))  # fmt: skip
    if hasattr(F, "topk"):
        yield Row("topk 10, one line", lambda: F.topk(f, 10), None, torch and (lambda: torch.topk(ft, 10)))
        yield Row("topk 10, last", lambda: F.topk(d, 10), None, torch and (lambda: torch.topk(t, 10)))


def running(b: Bench) -> Iterator[Row]:
    """Running sums."""
    (d, a, t), torch = b.x, b.torch
    f, fa, ft = b.flat
    yield Row("cumsum, one line", lambda: F.cumsum(f), lambda: np.cumsum(fa), torch and (lambda: ft.cumsum(0)), 8 * b.n)
    for label, axis in (("last", 1), ("first", 0)):
        yield Row(
            f"cumsum, {label}",
            lambda axis=axis: F.cumsum(d, axis=axis),  # type: ignore[misc]
            lambda axis=axis: np.cumsum(a, axis),  # type: ignore[misc]
            torch and (lambda axis=axis: t.cumsum(axis)),  # type: ignore[misc]
            8 * b.n,
        )


def indexing(b: Bench) -> Iterator[Row]:
    """Reading at given places."""
    (d, a, t), torch = b.x, b.torch
    f, fa, ft = b.flat
    rows = b.three(b.rng.integers(0, b.shape[0], b.shape[0]))
    items = b.three(b.rng.integers(0, b.n, b.n // 4))
    each = b.three(b.rng.integers(0, b.shape[1], (b.shape[0], b.shape[1] // 4)))
    table = b.three(b.rng.standard_normal((b.n // 64, 64)).astype("float32"))
    words = b.three(b.rng.integers(0, b.n // 64, b.n // 64))
    yield Row("take rows", lambda: F.take(d, rows[0], axis=0), lambda: np.take(a, rows[1], 0),
              torch and (lambda: torch.index_select(t, 0, rows[2])), 8 * b.n)  # fmt: skip
    yield Row("take numbers", lambda: F.take(f, items[0], axis=0), lambda: np.take(fa, items[1]),
              torch and (lambda: torch.index_select(ft, 0, items[2])))  # fmt: skip
    yield Row("gather along rows", lambda: F.take_along_axis(d, each[0], axis=1),
              lambda: np.take_along_axis(a, each[1], 1), torch and (lambda: torch.gather(t, 1, each[2])))  # fmt: skip
    yield Row("embedding of 64", lambda: F.embedding(words[0], table[0]), lambda: table[1][words[1]],
              torch and (lambda: torch.nn.functional.embedding(words[2], table[2])), 8 * b.n)  # fmt: skip


def numbers(b: Bench) -> Iterator[Row]:
    """Random numbers."""
    n, torch = b.n, b.torch
    yield Row("normal numbers", lambda: F.random_normal(shape=(n,)), lambda: b.rng.standard_normal(n, dtype="float32"),
              torch and (lambda: torch.randn(n)))  # fmt: skip


FAMILIES = (elementwise, reductions, copies, norms, pooling, sorting, running, indexing, numbers)
