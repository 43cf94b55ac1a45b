"""What libraries built on MXNet's Gluon do with its parameters, blocks, losses and loaders."""

from __future__ import annotations

import pickle
import subprocess
from multiprocessing.pool import ThreadPool
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd
from dlcore.gluon import nn


class Dropped(gluon.Parameter):
    """Another parameter, of which half is left out in training: made as such classes are, out of its attributes."""

    def __init__(self, other: Any, rate: float) -> None:
        self._deferred_init = other._deferred_init
        super().__init__(
            name=other.name, grad_req=other.grad_req, shape=other._shape, dtype=other.dtype, lr_mult=other.lr_mult,
            wd_mult=other.wd_mult, init=other.init, allow_deferred_init=other._allow_deferred_init,
            differentiable=other._differentiable,
        )  # fmt: skip
        self._rate, self._var, self._data, self._grad = rate, other._var, other._data, other._grad
        self._ctx_list, self._ctx_map, self._trainer = other._ctx_list, other._ctx_map, other._trainer

    def data(self, ctx: Any = None) -> Any:
        return nd.Dropout(self._check_and_get(self._data, ctx), self._rate)


def drop(block: Any, ending: str, rate: float) -> None:
    for name, parameter in list(block._reg_params.items()):
        if name.endswith(ending):
            block._reg_params[name] = Dropped(parameter, rate)
            super(gluon.Block, block).__setattr__(name, block._reg_params[name])


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_weights_with_parts_left_out_train_and_are_saved_whole(compiled: bool, late: bool, tmp_path: Any) -> None:
    net = gluon.rnn.LSTM(6, num_layers=2, input_size=4)
    if late:
        net.initialize(dl.init.One())
    drop(net, "h2h_weight", 0.5)
    if not late:
        net.initialize(dl.init.One())
    if compiled:
        net.hybridize()
    x = nd.random.normal(shape=(5, 2, 4))
    assert np.array_equal(net(x).asnumpy(), net(x).asnumpy())
    with autograd.train_mode():
        assert not np.array_equal(net(x).asnumpy(), net(x).asnumpy())
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    with autograd.record():
        loss = net(x).sum()
    loss.backward()
    weight, before = net.l0_h2h_weight, net.l0_h2h_weight.held().asnumpy()
    assert (before == 1).all() and weight._check_and_get(weight._data, list)[0] is weight.held()
    gradient = weight.grad().asnumpy()
    assert 0.2 < (gradient == 0).mean() < 0.8 and weight._grad[0].shape == gradient.shape
    trainer.step(1)
    np.testing.assert_allclose(weight.held().asnumpy(), before - 0.1 * gradient, rtol=1e-6)
    net.save_parameters(tmp_path / "w")
    assert np.array_equal(dl.io.load_arrays(tmp_path / "w")["l0_h2h_weight"], weight.held().asnumpy())


class Two(gluon.Block):
    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        with self.name_scope():
            self.first = nn.Dense(3, in_units=3)
            self.rest = nn.HybridSequential(prefix="rest_")
            with self.rest.name_scope():
                self.rest.add(nn.Dense(3, in_units=3))

    def forward(self, x: Any) -> Any:
        return self.rest(self.first(x))


def test_a_network_shares_another_ones_parameters_however_deep_they_are() -> None:
    one = Two(prefix="one_")
    two = Two(prefix="two_", params=one.collect_params())
    names = [parameter.name for parameter in two.collect_params().values()]
    assert names == ["one_dense0_weight", "one_dense0_bias", "one_rest_dense0_weight", "one_rest_dense0_bias"]
    assert all(two.collect_params()[path] is parameter for path, parameter in one.collect_params().items())
    assert two.first.prefix == "two_dense0_"
    alone = Two(prefix="one_")
    assert not set(map(id, alone.collect_params().values())) & set(map(id, one.collect_params().values()))


def test_blocks_without_a_prefix_are_counted_where_they_are_made() -> None:
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        for _ in range(2):
            part = nn.HybridSequential(prefix="")
            with part.name_scope():
                part.add(nn.Dense(1), nn.Dense(1))
            net.add(part)
    names = [p.name for p in net.collect_params(".*weight").values()]
    assert names == [f"net_dense{k}_weight" for k in range(4)]


def test_sequences_take_a_prefix_where_mxnet_has_it() -> None:
    for kind in (nn.Sequential, nn.HybridSequential):
        assert kind("base").prefix == "base" and kind(None, None).prefix and kind(prefix="a_").prefix == "a_"
        shared = nn.Dense(1)
        assert kind("a_", shared.params).params._shared is shared.params
        assert len(kind("b_", nn.Dense(1))) == 1
        with pytest.raises(TypeError, match="blocks must be"):
            kind(3)


def test_losses_may_do_without_an_axis_of_samples() -> None:
    class Squares(gluon.loss.Loss):
        def __init__(self) -> None:
            super().__init__(None, None)

        def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803
            return F.mean(F.square(x), axis=self._batch_axis, exclude=True) if self._batch_axis else F.sum(x)

    assert Squares()(nd.ones((2, 3))).asscalar() == 6


def test_a_table_that_is_asked_for_by_rows_is_trained() -> None:
    table = gluon.Parameter("table", shape=(5, 2), stype="row_sparse", grad_stype="row_sparse", init="ones")
    table.initialize()
    rows = nd.array([1, 3])
    with autograd.record():
        loss = nd.Embedding(rows, table.row_sparse_data(rows), input_dim=5, output_dim=2).sum()
    loss.backward()
    assert table.grad().asnumpy()[:, 0].tolist() == [0, 1, 0, 1, 0]
    gluon.Trainer([table], "sgd", {"learning_rate": 0.5}).step(1)
    assert table.list_row_sparse_data(rows)[0].asnumpy()[:, 1].tolist() == [1, 0.5, 1, 0.5, 1]
    with pytest.raises(ValueError, match="stype must be 'default' or 'row_sparse', got 'csr'"):
        gluon.Parameter("t", shape=(5, 2), stype="csr")


def _sum_of(samples: list[int], batchify_fn: Any, dataset: Any) -> bytes:
    return bytes(ForkingPickler.dumps(batchify_fn([10 * k for k in samples])))


def test_a_loader_derives_from_the_one_with_workers_of_its_own() -> None:
    from dlcore.compat.dataloader import _MultiWorkerIter

    loader = gluon.data.DataLoader(list(range(5)), batch_size=2, pin_memory=True)
    assert loader._dataset is loader.dataset and loader._batch_sampler is loader.batch_sampler and loader._pin_memory
    with ThreadPool(2) as pool:
        sums = _MultiWorkerIter(pool, sum, loader._batch_sampler, worker_fn=_sum_of, prefetch=2)
        assert len(sums) == 3 and list(sums) == [10, 50, 40]
        arrays = [
            {"a": (np.float32(2), [np.eye(2, dtype=kind), dl.nd.ones((2,), dtype=kind)], "text")}
            for kind in ("float32", "int32")
        ]
        made = _MultiWorkerIter(pool, None, [[k] for k in arrays], worker_fn=lambda k, *_: ForkingPickler.dumps(k[0]))
        for one, other in zip(made, arrays, strict=True):
            assert repr(one) == repr(other) and one["a"][1][1].dtype == other["a"][1][1].dtype
        made = _MultiWorkerIter(pool, None, [[1]], worker_fn=lambda *_: ForkingPickler.dumps(subprocess.Popen))
        with pytest.raises(pickle.UnpicklingError, match=r"holds subprocess.Popen, which is no array"):
            next(made)
        plain = _MultiWorkerIter(pool, sum, [[0, 1], [4]], dataset=[3, 4, 5, 6, 7])
        assert [plain.next(), next(plain)] == [7, 7]
        with pytest.raises(StopIteration):
            next(plain)


def test_nested_inputs_are_taken_apart_and_put_together() -> None:
    """As libraries count the inputs of a network before they write it down."""
    from dlcore.gluon import _flatten, _regroup

    a, b, c = (nd.ones((k,)) for k in (1, 2, 3))
    flat, form = _flatten([a, (b, None), [c]], "input")
    assert [None if x is None else x.shape for x in flat] == [(1,), (2,), None, (3,)] and form == [0, [0, -1], [0]]
    again, rest = _regroup([*flat, "left"], form)
    assert again[0] is a and again[1] == [b, None] and again[2][0] is c and rest == ["left"]
    assert _flatten(dl.sym.var("x"), "input")[1] == 0
    with pytest.raises(ValueError, match="output: expected arrays, None, or nested lists of them, got dict"):
        _flatten({"a": a}, "output")
