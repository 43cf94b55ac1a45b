"""Batch and layer normalisation: statistics that stay accurate, every layout, gradients by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core.arrays import channels_last, draw, layouts, nd, near, threads

import dlcore as dl
from dlcore import autograd
from dlcore.ops import F

RTOL = {"float32": 3e-6, "float64": 1e-13, "float16": 3e-3, "bfloat16": 2e-2}


def forward(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, axis: int, eps: float) -> tuple[np.ndarray, ...]:
    moved = np.moveaxis(x.astype("float64"), axis, -1)
    mean = moved.reshape(-1, moved.shape[-1]).mean(axis=0)
    var = moved.reshape(-1, moved.shape[-1]).var(axis=0)
    y = (moved - mean) / np.sqrt(var + eps) * gamma.astype("float64") + beta.astype("float64")
    return np.moveaxis(y, -1, axis), mean, var


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((6, 5, 4, 3), 1), ((3, 70, 6, 6), 1), ((700, 20), -1), ((3, 4, 17), 2), ((2, 3, 40), 1), ((9,), 0)],
)
def test_forward(shape: tuple[int, ...], axis: int, dtype: str) -> None:
    x, gamma, beta = draw(shape, dtype), draw((shape[axis],), dtype), draw((shape[axis],), dtype) + 1
    want = forward(x, gamma, beta, axis, 1e-3)
    for _, image in layouts(x):
        for got, value in zip(F.batch_norm_train(nd(image), nd(gamma), nd(beta), axis, 1e-3), want, strict=True):
            near(got, value, RTOL[dtype])


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("offset", [1e3, 1e4])
def test_a_large_mean_does_not_spoil_the_variance(last: bool, offset: float) -> None:
    x = (np.random.default_rng(0).standard_normal((8, 32, 12, 12)) + offset).astype("float32")
    x[0, :, 0, 0] = 0  # the first number of each channel is far from all others
    gamma = np.ones(32, "float32")
    _, mean, var = forward(x, gamma, gamma, 1, 1e-5)
    _, m, v = F.batch_norm_train(nd(channels_last(x) if last else x), nd(gamma), nd(gamma))
    np.testing.assert_allclose(m.asnumpy(), mean, rtol=1e-6)
    np.testing.assert_allclose(v.asnumpy(), var, rtol=1e-4)


@pytest.mark.parametrize(("shape", "axis"), [((4, 3, 5, 2), 1), ((2, 20, 4, 5), 1), ((40, 7), -1)])
def test_gradients_are_finite_differences(shape: tuple[int, ...], axis: int) -> None:
    x, gamma, beta, g = draw(shape), draw((shape[axis],)) + 2, draw((shape[axis],)), draw(shape)[::-1].copy()
    _, mean, var = forward(x, gamma, beta, axis, 1e-5)
    step = 1e-6

    def slope(which: int) -> np.ndarray:
        args = [x, gamma, beta]
        out = np.zeros(args[which].size)
        for i in range(out.size):
            moved = [a.copy() for a in args]
            moved[which].flat[i] += step
            up = (forward(moved[0], moved[1], moved[2], axis, 1e-5)[0] * g).sum()
            moved[which].flat[i] -= 2 * step
            out[i] = (up - (forward(moved[0], moved[1], moved[2], axis, 1e-5)[0] * g).sum()) / (2 * step)
        return out.reshape(args[which].shape)

    want = [slope(k) for k in range(3)]
    for _, image in layouts(x):
        for _, gradient in layouts(g):
            got = F._batch_norm_grad(nd(gradient), nd(image), nd(gamma), nd(mean), nd(var), axis, 1e-5)
            for a, b in zip(got, want, strict=True):
                near(a, b, 1e-7)


def test_results_do_not_depend_on_threads() -> None:
    x, gamma = draw((9, 20, 30, 30), "float32"), draw((20,), "float32")
    for image in (x, channels_last(x)):
        results = []
        for n in (1, 2, 5):
            with threads(n):
                results.append([a.asnumpy() for a in F.batch_norm_train(nd(image), nd(gamma), nd(gamma))])
        for other in results[1:]:
            for a, b in zip(results[0], other, strict=True):
                np.testing.assert_array_equal(a, b)


def test_empty_batches_and_wrong_lengths() -> None:
    gamma = nd(np.ones(3, "float32"))
    assert F.batch_norm_train(nd(np.ones((0, 3), "float32")), gamma, gamma)[0].shape == (0, 3)
    with pytest.raises(ValueError, match=r"batch_norm_train: expected gamma \(4,\) for x \(2, 4\), got \(3,\)"):
        F.batch_norm_train(nd(np.ones((2, 4), "float32")), gamma, gamma)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize(("shape", "axis"), [((70, 33), -1), ((4, 20, 3), 1), ((5,), 0), ((2, 3, 700), 2)])
def test_layer_norm(shape: tuple[int, ...], axis: int, dtype: str) -> None:
    x, gamma, beta = draw(shape, dtype), draw((shape[axis],), dtype) + 1, draw((shape[axis],), dtype)
    wide = np.moveaxis(x.astype("float64"), axis, -1)
    h = (wide - wide.mean(-1, keepdims=True)) / np.sqrt(wide.var(-1, keepdims=True) + 1e-3)
    want = np.moveaxis(h * gamma.astype("float64") + beta.astype("float64"), -1, axis)
    for _, lines in layouts(x):
        near(F.layer_norm(nd(lines), nd(gamma), nd(beta), axis, 1e-3), want, RTOL[dtype])


@pytest.mark.parametrize(("shape", "axis"), [((130, 9), -1), ((3, 7, 4), 1)])
def test_layer_norm_gradients_are_finite_differences(shape: tuple[int, ...], axis: int) -> None:
    x, gamma, g = draw(shape), draw((shape[axis],)) + 2, draw(shape)[::-1].copy()
    zero, step = np.zeros_like(gamma), 1e-6

    def total(x: np.ndarray, gamma: np.ndarray) -> float:
        return float((F.layer_norm(nd(x), nd(gamma), nd(zero), axis).asnumpy() * g).sum())

    def slope(args: list[np.ndarray], which: int) -> np.ndarray:
        out = np.zeros(args[which].size)
        for i in range(out.size):
            up, down = [a.copy() for a in args], [a.copy() for a in args]
            up[which].flat[i] += step
            down[which].flat[i] -= step
            out[i] = (total(*up) - total(*down)) / (2 * step)
        return out.reshape(args[which].shape)

    for _, gradient in layouts(g):
        dx, dgamma, dbeta = F._layer_norm_grad(nd(gradient), nd(x), nd(gamma), axis)
        near(dx, slope([x, gamma], 0), 1e-7)
        near(dgamma, slope([x, gamma], 1), 1e-7)
        near(dbeta, g.sum(axis=tuple(a for a in range(x.ndim) if a != axis % x.ndim)), 1e-13)


@pytest.mark.parametrize("n", [37, 128])
def test_a_line_depends_neither_on_its_neighbours_nor_on_threads(n: int) -> None:
    x, gamma = draw((523, n), "float32"), draw((n,), "float32")
    alone = np.concatenate([F.layer_norm(nd(line[None]), nd(gamma), nd(gamma)).asnumpy() for line in x])
    first: list[np.ndarray] = []
    for count in (1, 2, 5):
        with threads(count):
            np.testing.assert_array_equal(F.layer_norm(nd(x), nd(gamma), nd(gamma)).asnumpy(), alone)
            made = [v.asnumpy() for v in F._layer_norm_grad(nd(x[::-1].copy()), nd(x), nd(gamma))]
        first = first or made
        for a, b in zip(first, made, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shape", [(2, 6, 7), (3, 4), (1, 6, 150, 149)])
def test_group_norm_of_short_and_long_groups_far_from_zero(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    x, g = (rng.normal(shift, 1, shape) for shift in (50, 0))
    gamma, beta = rng.normal(size=(2, shape[1]))
    h = x.reshape(shape[0], 2, -1)
    h = ((h - h.mean(2, keepdims=True)) / np.sqrt(h.var(2, keepdims=True) + 1e-5)).reshape(shape)
    along = (1, -1) + (1,) * (len(shape) - 2)
    want = h * gamma.reshape(along) + beta.reshape(along)
    given = [nd(v.astype("float32")) for v in (x, gamma, beta)]
    np.testing.assert_allclose(F.group_norm(*given, 2).asnumpy(), want, atol=2e-4)
    _, dgamma, dbeta = F._group_norm_grad(nd(g.astype("float32")), *given[:2], 2)
    others = (0, *range(2, x.ndim))
    np.testing.assert_allclose(dgamma.asnumpy(), (g * h).sum(others), rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(dbeta.asnumpy(), g.sum(others), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("recorded", [False, True])
def test_scale_times_running_mean_may_pass_the_range(dtype: str, recorded: bool) -> None:
    """In 16 bits neither the scale, 31623, times the mean nor what is added in its place need fit: their sum does."""
    x = draw((2, 3, 4, 4)) * (0.25 if dtype == "float16" else 64) + 1000
    values = [np.full(3, v) for v in (100.0, 5.0, 1000.0, 0.0)]  # gamma, beta, running mean and variance
    given = [F.cast(nd(v), dtype) for v in values]
    images = F.cast(nd(x), dtype)
    rounded = F.cast(images, "float64").asnumpy()
    want = (rounded - 1000) * (100 / np.sqrt(1e-5)) + 5

    def infer(v: Any) -> Any:
        return F.batch_norm_infer(v, *given)

    for layout in (images, F.cast(nd(channels_last(x)), dtype)):
        for run in (infer, dl.jit(infer)):
            if recorded:
                layout.attach_grad()
                with autograd.record():
                    got = run(layout)
                got.backward()
                slope = F.cast(layout.grad, "float64").asnumpy()
                np.testing.assert_allclose(slope, 100 / np.sqrt(1e-5), rtol=1e-2)
            else:
                got = run(layout)
            assert str(got.dtype) == dtype
            near(F.cast(got, "float64"), want, {"float16": 1e-3, "bfloat16": 8e-3, "float32": 1e-3}[dtype])
