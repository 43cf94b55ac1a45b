"""Random numbers beside their distributions: shapes, dtypes, states, gradients, threads, mistakes."""

from __future__ import annotations

import copy
import pickle
import threading

import ml_dtypes
import numpy as np
import pytest
from core.arrays import threads

import dlcore as dl
from dlcore import autograd, jit, nd
from dlcore.array import np_random, random


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 1.03125), (-3.0, -2.0), (-1.0, 0.0), (0.0, 0.3)])
def test_uniform_never_gives_its_upper_end(dtype: str, low: float, high: float) -> None:
    random.seed(1)
    kind = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    for draw in (
        lambda: random.uniform(low, high, 40_000, dtype),
        lambda: random.uniform(nd.array([low]), nd.array([high]), 40_000, dtype),
        lambda: jit(lambda x: x.astype(dtype) * 0 + random.uniform(low, high, 40_000, dtype))(nd.zeros((40_000,))),
    ):
        y = draw().asnumpy()
        assert y.dtype == kind
        rounded = float(np.asarray(high).astype(kind))  # 0.3 itself has no place in these types
        assert low <= y.min() and y.astype(np.float64).max() < rounded if rounded <= high else y.max() <= high
        spread = (y.astype(np.float64).mean() - low) / (high - low)
        assert abs(spread - 0.5) < (0.2 if high - low < 0.1 else 0.02)


SAMPLES = {
    "gamma": lambda n: np_random.gamma(0.7, 1.0, n),
    "poisson": lambda n: np_random.poisson(33.0, n),
    "binomial": lambda n: np_random.binomial(50, 0.4, n),
    "categorical": lambda n: np_random.categorical([1.0, 2.0], n),
    "exponential": lambda n: np_random.exponential(1.0, n),
    "rows": lambda n: np_random.uniform(np.zeros(n), np.ones(n)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_same_numbers_for_any_number_of_threads(name: str) -> None:
    results = []
    for n in (1, 2, 7):
        random.seed(5)
        with threads(n):
            results.append(SAMPLES[name](50_001).asnumpy())
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_longer_call_begins_with_the_numbers_of_a_shorter_one(name: str) -> None:
    random.seed(5)
    short = SAMPLES[name](1000).asnumpy()
    random.seed(5)
    np.testing.assert_array_equal(SAMPLES[name](4096).asnumpy()[:1000], short)


def test_shapes_of_the_classic_and_the_numpy_face() -> None:
    rows = nd.array([1.0, 2.0, 3.0])
    assert random.normal(rows, 1.0, shape=(2, 4)).shape == (3, 2, 4)
    assert random.normal(rows, 1.0).shape == (3,) and random.normal(rows, 1.0, size=(2, 3)).shape == (2, 3)
    assert np_random.normal(rows, 1.0, (2, 3)).shape == (2, 3)
    assert random.gamma(2.0, nd.array([[1.0], [2.0]]), shape=5).shape == (2, 1, 5)
    out = nd.zeros((4,), dtype="float64")
    assert random.poisson(1000.0, out=out) is out and out.dtype == np.float64 and float(out.min()) > 800
    assert np_random.poisson(3.0).dtype == np.int64 and random.poisson(3.0).dtype == np.float32
    assert random.multinomial(nd.array([[0.5, 0.5]] * 3), shape=(2, 2)).shape == (3, 2, 2)
    assert random.gamma_like(nd.zeros((2, 3), dtype="float16"), 2.0, 1.0).dtype == np.float16
    assert dl.np.random is np_random and dl.random is random and nd.random is random
    far = np_random.uniform(0, 1, (0, 3))
    assert far.shape == (0, 3) and np_random.gamma(2.0, 1.0, (0,)).shape == (0,)
    x = nd.array([[1, 2], [3, 4], [5, 6]])
    assert np_random.shuffle(x) is None and sorted(x.tolist()) == [[1, 2], [3, 4], [5, 6]]
    assert np_random.choice(nd.array([[1, 2, 3]]), 5, axis=1).shape == (1, 5)


def test_generators_keep_a_state_of_their_own() -> None:
    random.seed(9)
    common = random.normal(shape=4).tolist()
    random.seed(9)
    g = np_random.default_rng(4)
    first = g.normal(size=6)
    assert random.normal(shape=4).tolist() == common  # what g drew did not move the common generator
    assert np_random.default_rng(4).normal(size=6).tolist() == first.tolist() != g.normal(size=6).tolist()
    random.seed(4)
    assert random.normal(shape=6).tolist() == first.tolist()
    state, twin = g.state, pickle.loads(pickle.dumps(g))
    after = g.gamma(2.0, 1.0, 5).tolist()
    assert (
        twin.gamma(2.0, 1.0, 5).tolist() == after and copy.deepcopy(twin).random(3).tolist() == twin.random(3).tolist()
    )
    g.state = state
    assert g.gamma(2.0, 1.0, 5).tolist() == after
    children = g.spawn(2) + g.spawn(1)
    assert len({c.state["seed"] for c in children}) == 3
    assert [c.state for c in np_random.Generator(4).spawn(3)] == [c.state for c in children]
    assert np_random.default_rng(g) is g and np_random.Generator().state["seed"] != np_random.Generator().state["seed"]
    x = nd.array([1, 2, 3, 4])
    g.shuffle(x)
    assert sorted(x.tolist()) == [1, 2, 3, 4] and g.integers(3, 3, endpoint=True).item() == 3
    with pytest.raises(RuntimeError, match="Generator.normal: a compiled function draws from the common generator"):
        jit(lambda x: x + g.normal(size=2))(nd.zeros((2,)))
    with pytest.raises(AttributeError, match="Generator has no method 'norml'"):
        g.norml()


def test_a_generator_serves_several_threads() -> None:
    g, common, parts = np_random.default_rng(8), random.get_state(), []
    workers = [threading.Thread(target=lambda: parts.extend(g.random(8).tolist() for _ in range(50))) for _ in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    want = np_random.default_rng(8)
    assert sorted(parts) == sorted(want.random(8).tolist() for _ in range(200)) and random.get_state() == common


def test_states() -> None:
    random.seed(3, ctx="cpu(0)")
    state = random.get_state()
    assert state == (3, 0)
    a = random.poisson(4.0, 9).tolist()
    random.set_state(state)
    assert random.poisson(4.0, 9).tolist() == a
    random.seed()
    assert random.get_state() != state
    with pytest.raises(TypeError, match="seed: expected a whole number, got 1.5"):
        random.seed(1.5)
    with pytest.raises(TypeError, match="set_state"):
        random.set_state(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Context"):
        random.seed(3, ctx="moon")


@pytest.mark.parametrize(
    ("draw", "slopes"),
    [
        (lambda a, b: random.normal(a, b, 1000), lambda y, a, b: (np.ones_like(y), (y - a) / b)),
        (lambda a, b: random.uniform(a, a + b, 1000), lambda y, a, b: (np.ones_like(y), (y - a) / b)),
        (lambda a, b: np_random.gumbel(a, b, 1000), lambda y, a, b: (np.ones_like(y), (y - a) / b)),
        (lambda a, b: np_random.laplace(a, b, 1000), lambda y, a, b: (np.ones_like(y), (y - a) / b)),
        (lambda a, b: random.exponential(b, 1000) + a, lambda y, a, b: (np.ones_like(y), (y - a) / b)),
        (lambda a, b: np_random.lognormal(a, b, 1000), lambda y, a, b: (y, y * (np.log(y) - a) / b)),
        (lambda a, b: np_random.weibull(b, 1000) + a, lambda y, a, b: (np.ones_like(y), -(y - a) * np.log(y - a) / b)),
        (lambda a, b: np_random.gamma(3.0, b, 1000) + a, lambda y, a, b: (np.ones_like(y), (y - a) / b)),
    ],
    ids=["normal", "uniform", "gumbel", "laplace", "exponential", "lognormal", "weibull", "gamma-scale"],
)
def test_gradients_flow_to_location_and_scale(draw, slopes) -> None:  # type: ignore[no-untyped-def]
    a, b = nd.array(np.array([0.5]), dtype="float32"), nd.array(np.array([2.0]), dtype="float32")
    for v in (a, b):
        v.attach_grad()
    with autograd.record():
        y = draw(a, b)
        total = y.sum()
    total.backward()
    want = [s.sum() for s in slopes(y.asnumpy().astype(np.float64), 0.5, 2.0)]
    np.testing.assert_allclose([a.grad.item(), b.grad.item()], want, rtol=2e-3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: random.normal(0, -1, 2), ValueError, "normal: scale must be at least 0, got -1"),
        (lambda: random.normal(0, nd.array([1.0, -2.0])), ValueError, "normal: scale must be at least 0, got -2"),
        (lambda: random.normal(0, float("nan"), 2), ValueError, "normal: scale must be at least 0, got nan"),
        (lambda: random.uniform(0, float("inf"), 2), ValueError, "low and high must be finite"),
        (lambda: random.gamma(-1, 1, 2), ValueError, "gamma: shape must be at least 0, got -1"),
        (lambda: np_random.beta(0, 1, 2), ValueError, "beta: a must be above 0, got 0"),
        (lambda: np_random.dirichlet([1.0, -1.0]), ValueError, "dirichlet: alpha must be above 0"),
        (lambda: np_random.binomial(2.5, 0.5), ValueError, "binomial: n must be a whole number"),
        (lambda: np_random.binomial(2, 1.5), ValueError, "binomial: p must be between 0 and 1, got 1.5"),
        (lambda: np_random.geometric(0.0), ValueError, "geometric: p must be above 0 and at most 1"),
        (lambda: random.poisson(-1), ValueError, "poisson: lam must be at least 0"),
        (lambda: np_random.randint(5, 5), ValueError, "high must be above low"),
        (lambda: np_random.randint(0, 300, dtype="int8"), ValueError, "low=0 and high=300 do not fit int8"),
        (lambda: np_random.randint(0.5, 3), ValueError, "randint: low must be a whole number"),
        (lambda: random.normal(0, 1, 2, "int32"), TypeError, "normal: dtype must be a floating-point dtype, got int32"),
        (lambda: random.normal(0, 1, -2), ValueError, "no negative lengths"),
        (lambda: random.normal(0, 1, 2.5), TypeError, "not iterable|whole numbers"),
        (lambda: np_random.normal(nd.zeros((3,)), 1, (2, 2)), ValueError, r"shapes \(3,\) and \(\) do not fit size"),
        (lambda: np_random.choice(3, p=[0.5, 0.2, 0.2]), ValueError, "the sum of p must be 1, got 0.9"),
        (lambda: np_random.choice(3, p=[0.5, 0.5]), ValueError, r"p must have shape \(3,\), got \(2,\)"),
        (lambda: np_random.choice(3, 2, False, [1.0, 0.0, 0.0]), ValueError, "fewer have a probability above 0"),
        (lambda: np_random.choice(0, 2), ValueError, r"at least one thing to draw \(2,\) from, got 0"),
        (lambda: np_random.multinomial(3, [0.9, 0.9, 0.1]), ValueError, "add up to more than 1"),
        (lambda: np_random.multivariate_normal([0.0], [[1.0, 0.0]]), ValueError, r"got \(1,\) and \(1, 2\)"),
        (lambda: np_random.multivariate_normal([0.0, 0.0], [[1.0, 3.0], [3.0, 1.0]]), ValueError, "semidefinite"),
        (lambda: np_random.shuffle([1, 2]), TypeError, "shuffle: needs an array to change in place, got list"),
        (lambda: np_random.triangular(0, 3, 2), ValueError, "triangular: left <= mode <= right"),
        (lambda: random.multinomial(nd.array([0.0, 0.0])), ValueError, "a row of zeros"),
    ],
)
def test_mistakes(call, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        call()
