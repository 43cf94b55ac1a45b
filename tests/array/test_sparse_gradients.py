"""Row-sparse gradients of embeddings, and optimizers that change only the rows they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd, optim
from dlcore.array.sparse import RowSparseNDArray
from dlcore.gluon import nn

ROWS, WIDTH = 12, 3
BATCHES = [[1, 2, 2, 7], [0, 7, 7, 7], [11, 1, 4, 4], [7, 7, 7, 7], [2, 1, 0, -1]]


def layer(sparse: bool, dtype: str = "float64") -> nn.Embedding:
    made = nn.Embedding(ROWS, WIDTH, dtype=dtype, sparse_grad=sparse)
    made.initialize()
    made.weight.set_data(np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(dtype))
    return made


def loss(net: Any, batch: Any) -> Any:
    y = net(dl.np.array(batch))
    return (y * y * y + y).sum()


def train(net: Any, trainer: Any, batches: list = BATCHES) -> np.ndarray:
    for batch in batches:
        with autograd.record():
            value = loss(net, batch)
        value.backward()
        trainer.step(2)
    return net.weight.data().asnumpy()


def test_the_gradient_is_the_dense_one_without_its_empty_rows() -> None:
    dense, sparse = layer(False), layer(True)
    for net in (dense, sparse):
        with autograd.record():
            value = loss(net, BATCHES[0]) + 2 * loss(net, [[3], [7]])  # two look-ups in one pass
        value.backward()
    found = sparse.weight.grad()
    assert isinstance(found, RowSparseNDArray) and found.indices.tolist() == [1, 2, 3, 7]
    found.check_format()
    np.testing.assert_allclose(found.asnumpy(), dense.weight.grad().asnumpy(), rtol=1e-14)


def test_write_replaces_add_adds_and_zero_clears() -> None:
    net = layer(True)

    def run(batch: list) -> RowSparseNDArray:
        with autograd.record():
            value = loss(net, batch)
        value.backward()
        return net.weight.grad()

    one, other = run([1, 2]), run([2, 3])
    assert one.indices.tolist() == [1, 2] and other.indices.tolist() == [2, 3]
    net.weight.zero_grad()
    assert net.weight.grad().indices.size == 0
    net.weight.grad_req = "add"
    run([1, 2])
    np.testing.assert_allclose(run([2, 3]).asnumpy(), one.asnumpy() + other.asnumpy())
    net.weight.grad_req = "null"
    with autograd.record():
        loss(net, [1])
    with pytest.raises(RuntimeError, match="grad_req is 'null'"):
        net.weight.grad()


# The rules again, for the rows of one step; s is the state, t the step.
def sgd(w: Any, g: Any, s: list, t: int) -> Any:
    return w - 0.1 * g


def momentum(w: Any, g: Any, s: list, t: int) -> Any:
    s[0][:] = 0.9 * s[0] - 0.1 * g
    return w + s[0]


def adam(w: Any, g: Any, s: list, t: int) -> Any:
    s[0][:] = 0.9 * s[0] + 0.1 * g
    s[1][:] = 0.999 * s[1] + 0.001 * g * g
    return w - 0.1 * (s[0] / (1 - 0.9**t)) / (np.sqrt(s[1] / (1 - 0.999**t)) + 1e-8)


def adagrad(w: Any, g: Any, s: list, t: int) -> Any:
    s[0][:] += g * g
    return w - 0.1 * g / (np.sqrt(s[0]) + 1e-7)


def rmsprop(w: Any, g: Any, s: list, t: int) -> Any:
    s[0][:] = 0.9 * s[0] + 0.1 * g * g
    return w - 0.1 * g / np.sqrt(s[0] + 1e-8)


RULES = [("sgd", {}, sgd), ("sgd", {"momentum": 0.9}, momentum), ("adam", {}, adam), ("adagrad", {}, adagrad),
         ("rmsprop", {}, rmsprop)]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "rule"), RULES, ids=lambda v: getattr(v, "__name__", ""))
def test_only_the_rows_of_a_batch_are_trained(name: str, options: dict, rule: Callable[..., Any]) -> None:
    net = layer(True)
    before = net.weight.data().asnumpy()
    trainer = gluon.Trainer(net.collect_params(), name, {"learning_rate": 0.1, "wd": 0.01, **options})
    got = train(net, trainer)
    want, state = before.copy(), [np.zeros((ROWS, WIDTH)) for _ in range(2)]
    for t, batch in enumerate(BATCHES, 1):
        g = np.zeros((ROWS, WIDTH))
        for i in batch:
            g[i] += (3 * want[i] ** 2 + 1) / 2
        rows = sorted({i % ROWS for i in batch})
        part = [s[rows] for s in state]
        want[rows] = rule(want[rows], g[rows] + 0.01 * want[rows], part, t)
        for s, p in zip(state, part, strict=True):
            s[rows] = p
    np.testing.assert_allclose(got, want, rtol=1e-6)  # lr and the like are float32
    untouched = [3, 5, 6, 8, 9, 10]
    np.testing.assert_array_equal(got[untouched], before[untouched])
    assert (got != before).any(1).sum() == ROWS - len(untouched)


ALL = sorted({one for one in vars(optim).values() if isinstance(one, type) and issubclass(one, optim.Optimizer)}
             - {optim.Optimizer}, key=lambda one: one.__name__)  # fmt: skip
WHOLE = {"LAMB", "LARS", "Muon", "SGLD"}  # a step depends on the whole weight, or every number moves


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_every_optimizer_changes_the_rows_it_was_given(kind: type[optim.Optimizer], dtype: str) -> None:
    """As if the weight had only the rows of the batches; untouched ones stay, in weight and states, with decay too."""
    options: dict[str, Any] = {"learning_rate": 0.05, "multi_precision": dtype == "float16"}
    options.update({} if kind is optim.GroupAdaGrad else {"wd": 0.1})
    start = np.random.default_rng(2).normal(size=(6, WIDTH)).astype(dtype)
    rows = [1, 4]
    lazy, dense, small = (kind(**options, **more) for more in ({}, {"lazy_update": False}, {}))
    assert lazy.lazy_update == (kind.__name__ not in WHOLE) and not dense.lazy_update
    full, other, part = nd.array(start, dtype=dtype), nd.array(start, dtype=dtype), nd.array(start[rows], dtype=dtype)
    third = nd.array(start, dtype=dtype)
    plain = kind(**options)
    states = [o.create_state(0, w) for o, w in ((lazy, full), (dense, other), (small, part), (plain, third))]
    for t in range(3):
        g = np.random.default_rng(t).normal(size=(2, WIDTH)).astype(dtype)
        wide = np.zeros_like(start)
        wide[rows] = g
        dl.random.seed(t)
        lazy.update(0, full, RowSparseNDArray(nd.array(g, dtype=dtype), rows, start.shape), states[0])
        dl.random.seed(t)
        dense.update(0, other, RowSparseNDArray(nd.array(g, dtype=dtype), rows, start.shape), states[1])
        small.update(0, part, nd.array(g, dtype=dtype), states[2])
        dl.random.seed(t)
        plain.update(0, third, nd.array(wide, dtype=dtype), states[3])
    np.testing.assert_array_equal(other.asnumpy(), third.asnumpy())  # lazy_update=False: as with a dense gradient
    if kind.__name__ in WHOLE:
        np.testing.assert_array_equal(full.asnumpy(), third.asnumpy())
        return
    want = start.copy()
    want[rows] = part.asnumpy()
    np.testing.assert_array_equal(full.asnumpy(), want)
    fresh = kind(**options).create_state(0, nd.array(start, dtype=dtype))
    for array, own, before in zip(states[0], states[2], fresh, strict=True):
        kept = before.asnumpy()
        kept[rows] = own.asnumpy()
        np.testing.assert_array_equal(array.asnumpy(), kept)


@pytest.mark.parametrize(("name", "options"), [("sgd", {}), ("nag", {"lazy_update": False}), ("lamb", {"wd": 0.01})])
def test_the_same_as_with_dense_gradients(name: str, options: dict) -> None:
    results = []
    for sparse in (False, True):
        net = layer(sparse)
        results.append(train(net, gluon.Trainer(net.collect_params(), name, {"learning_rate": 0.1, **options})))
    np.testing.assert_allclose(results[1], results[0], rtol=1e-12)


def test_a_parameter_beside_dense_ones_hybridized_in_half_precision() -> None:
    results = []
    for sparse, hybrid in ((False, False), (True, False), (True, True)):
        dl.random.seed(1)
        net = nn.HybridSequential()
        net.add(
            nn.Embedding(ROWS, WIDTH, dtype="float16", sparse_grad=sparse), nn.Dense(1, in_units=WIDTH, flatten=False)
        )
        net.initialize(init="xavier")
        net.cast("float16")
        if hybrid:
            net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05, "multi_precision": True})
        for batch in BATCHES:
            with autograd.record():
                value = (net(dl.np.array(batch)) ** 2).sum()
            value.backward()
            trainer.step(1)
        results.append(net[0].weight.data().asnumpy().astype(np.float64))
    np.testing.assert_allclose(results[1], results[0], atol=2e-3)
    np.testing.assert_allclose(results[2], results[1], atol=2e-3)


def test_stale_gradients_and_saved_states(tmp_path: Any) -> None:
    net = layer(True)
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
    train(net, trainer, BATCHES[:2])
    with pytest.raises(UserWarning, match="not been renewed"):
        trainer.step(1)
    trainer.save_states(tmp_path / "s")
    again = layer(True)
    again.weight.set_data(net.weight.data())
    other = gluon.Trainer(again.collect_params(), "adam", {"learning_rate": 0.1})
    other.load_states(tmp_path / "s")
    np.testing.assert_array_equal(train(net, trainer, BATCHES[2:]), train(again, other, BATCHES[2:]))


def test_bare_arrays_say_that_their_gradients_are_dense() -> None:
    w = nd.ones((4, 2))
    with pytest.warns(UserWarning, match="gradient of an array is dense, not row_sparse; gluon.nn.Embedding") as told:
        w.attach_grad(stype="row_sparse")
    assert told[0].filename == __file__ and w.grad.shape == (4, 2)
    w.attach_grad(stype="default")
    with pytest.raises(ValueError, match="attach_grad: stype must be 'default', 'row_sparse' or 'csr', got 'rows'"):
        w.attach_grad(stype="rows")


def test_errors_and_single_rows() -> None:
    net = layer(True)
    with autograd.record(), pytest.raises(IndexError, match="index 12 is out of range for axis 0 of size 12"):
        net(dl.np.array([0, 12]))

    @dl.jit
    def step(x: Any) -> Any:
        with autograd.record():
            value = loss(net, x)
        value.backward()
        return value

    with pytest.raises(RuntimeError, match="compile the network but not the whole step"):
        step(dl.np.array([1, 2]))
    part = net.weight.row_sparse_data(dl.nd.array([3, 1, 3]))
    assert part.indices.tolist() == [1, 3]
    np.testing.assert_array_equal(part.data.asnumpy(), net.weight.data().asnumpy()[[1, 3]])
    with pytest.raises(ValueError, match="'default' or 'row_sparse'"):
        gluon.Parameter("w", shape=(2, 2), grad_stype="csr")


def test_workers_average_their_rows() -> None:
    class Pair:
        """A communicator whose other worker has the gradients of another batch."""

        rank, size = 0, 2

        def __init__(self, other: np.ndarray) -> None:
            self.other = other

        def allreduce(self, arrays: list, op: str) -> None:
            for a in arrays:
                a[:] = (a + dl.np.array(self.other)) / 2

    net, theirs = layer(True), layer(False)
    with autograd.record():
        value = loss(theirs, [5, 7])
    value.backward()
    other = theirs.weight.grad().asnumpy()
    before = net.weight.data().asnumpy()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1}, comm=Pair(other))
    with autograd.record():
        value = loss(net, [1, 7])
    value.backward()
    mine = net.weight.grad().asnumpy()
    trainer.step(1)
    np.testing.assert_allclose(net.weight.data().asnumpy(), before - 0.05 * (mine + other), rtol=1e-6)
