"""Functions of dlcore.np with NumPy's names: first and second derivatives against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlcore import autograd
from dlcore import np as xp

rng = np.random.default_rng(4)
V, W = rng.normal(size=7), rng.normal(size=4)
M, N = rng.normal(size=(3, 4)), rng.normal(size=(4, 5))
T = rng.normal(size=(2, 3, 4))
EDGES = np.array([-1.0, -0.2, 0.3, 1.5])
nan = np.nan

GRADIENTS: list[tuple[str, Callable[..., Any], tuple]] = [
    ("cumprod with a zero", lambda x: xp.cumprod(x), (np.array([1.5, 0.0, 2.0, -1.0, 0.5]),)),
    ("quantile", lambda x: xp.quantile(x, [0.3, 0.8], axis=1), (M,)),
    ("median", lambda x: xp.median(x), (T,)),
    ("nanmean", lambda x: xp.nanmean(xp.where(x > 1, nan, x), axis=1), (M,)),
    ("nanstd", lambda x: xp.nanstd(x), (M,)),
    ("average", lambda x, w: xp.average(x, 1, xp.exp(w)), (M, W)),
    ("std", lambda x: xp.std(x, 1, correction=1), (M,)),
    ("einsum of four", lambda a, b: xp.einsum("ij,jk,lk,lm->im", a, b, b, b), (M, N)),
    ("einsum with a diagonal", lambda a: xp.einsum("ii,ij->j", a, a), (N[:, :4],)),
    ("einsum broadcast", lambda a, b: xp.einsum("...j,jk->...k", a, b), (T, N)),
    ("pad reflect", lambda x: xp.pad(x, 3, "reflect") ** 2, (V,)),
    ("pad mean", lambda x: xp.pad(x, ((1, 2), (0, 1)), "mean") ** 2, (M,)),
    ("pad linear_ramp", lambda x: xp.pad(x, 2, "linear_ramp") ** 2, (M,)),
    ("interp", lambda x, y: xp.interp(x, EDGES, y) ** 2, (np.array([-0.7, 0.1, 1.1, 3.0]), W)),
    ("gradient", lambda x: xp.gradient(x, 0.5, edge_order=2) ** 2, (V,)),
    ("trapezoid", lambda y, x: xp.trapezoid(y**2, x), (M, W)),
    ("convolve", lambda a, b: xp.convolve(a, b, "same"), (V, W)),
    ("correlate", lambda a, b: xp.correlate(a, b, "full"), (W, V)),
    ("cov", lambda x: xp.cov(x), (M,)),
    ("corrcoef", lambda x: xp.corrcoef(x), (M,)),
    ("kron", xp.kron, (M, W)),
    ("roll", lambda x: xp.roll(x, (1, 2), (0, 1)) ** 3, (M,)),
    ("tile and repeat", lambda x: xp.tile(xp.repeat(x, [1, 2, 0], 0), (2, 2)) ** 2, (M,)),
    ("insert", lambda x, v: xp.insert(x, [1, 4], v) ** 2, (V, W[:2])),
    ("delete", lambda x: xp.delete(x, 1, 0) ** 2, (M,)),
    ("sort", lambda x: xp.sort(x, axis=0, descending=True) ** 2, (M,)),
    ("unique_values", lambda x: xp.unique_values(x) ** 2, (M,)),
    ("polyval", xp.polyval, (W, V)),
    ("polyfit", lambda x, y: xp.polyfit(x, y, 2), (V, V**3)),
    ("polymul", lambda a, b: xp.polymul(a, b), (V, W)),
    ("roots", lambda p: xp.real(xp.roots(p) ** 2).sum(), (np.array([1.0, -6.0, 11.0, -6.0]),)),
    ("cross", lambda a, b: xp.cross(a, b, axisc=0), (M[:, :3], M[:, 1:])),
    ("sinc", xp.sinc, (M,)),
    ("poly", lambda z: xp.poly(z), (W,)),
    ("polydiv", lambda u, v: xp.polydiv(u, v)[0], (V, W[:3])),
    ("unwrap", lambda x: xp.unwrap(x) ** 2, (np.cumsum(V * 4),)),
    ("resize", lambda x: xp.resize(x, (3, 3)) ** 2, (V,)),
    ("linspace", lambda a, b: xp.linspace(a, b, 4) ** 2, (V, V + 2)),
    ("apply_along_axis", lambda x: xp.apply_along_axis(lambda v: v.sum() * v, 0, x), (M,)),
    ("rot90", lambda x: xp.rot90(x) ** 2, (M,)),
    ("split", lambda x: xp.array_split(x, 3)[0] * xp.array_split(x, 3)[2][:1], (V,)),
    ("clip", lambda x: xp.clip(x, -0.5, 0.5) ** 2, (M,)),
    ("choose", lambda a, b: xp.choose([0, 1, 1, 0], [a, b]) ** 2, (W, W + 1)),
    ("diff", lambda x: xp.diff(x, 2, prepend=x) ** 2, (V,)),
    ("bincount", lambda w: xp.bincount([0, 1, 1, 3], w) ** 2, (W,)),
    ("vander", lambda x: xp.vander(x, 4), (V,)),
    ("cumulative_sum", lambda x: xp.cumulative_sum(x, axis=1, include_initial=True) ** 2, (M,)),
]


@pytest.mark.parametrize(("name", "function", "args"), GRADIENTS, ids=[g[0] for g in GRADIENTS])
def test_derivatives(name: str, function: Callable, args: tuple) -> None:
    given = [np.asarray(a, np.float64) for a in args]
    weights = rng.uniform(0.5, 1.5, function(*map(xp.asarray, given)).shape)
    ways = [rng.uniform(-1, 1, a.shape) for a in given]

    def slopes(points: list[np.ndarray], twice: bool) -> float:
        """The derivative along `ways`, or (twice) the second one."""
        arrays = [xp.array(p) for p in points]
        for a in arrays:
            a.attach_grad()
        with autograd.record():
            total = (function(*arrays) * xp.asarray(weights)).sum()
            if twice:
                first = autograd.grad(total, arrays, create_graph=True, retain_graph=True)
                total = sum((g * xp.asarray(w)).sum() for g, w in zip(first, ways, strict=True))
        if twice and not total._tracked:
            return 0.0
        found = autograd.grad(total, arrays)
        return sum(float((g.asnumpy() * w).sum()) for g, w in zip(found, ways, strict=True))

    def moved(step: float) -> list[np.ndarray]:
        return [a + step * w for a, w in zip(given, ways, strict=True)]

    def value(step: float) -> float:
        return float((function(*map(xp.asarray, moved(step))).asnumpy() * weights).sum())

    want = (value(1e-6) - value(-1e-6)) / 2e-6
    assert abs(slopes(given, False) - want) <= 1e-6 * max(1.0, abs(want))
    want = (slopes(moved(1e-5), False) - slopes(moved(-1e-5), False)) / 2e-5
    assert abs(slopes(given, True) - want) <= 1e-5 * max(1.0, abs(want))
