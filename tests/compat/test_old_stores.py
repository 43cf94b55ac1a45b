"""Key-value stores as old programs have them beside a Module, rows of sparse arrays, and words nobody listened to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import io, kv, mod, nd, sym
from dlcore.comm import Communicator


def rows(array: Any) -> list[list[float]]:
    return array.asnumpy().tolist()


def test_rows_of_sparse_arrays_go_in_and_out() -> None:
    store = kv.create("local")
    table = nd.array([[1.0, 1], [2, 2], [3, 3]])
    store.init("t", table.tostype("row_sparse"))
    out = nd.sparse.zeros("row_sparse", (3, 2))
    store.row_sparse_pull("t", out=out, row_ids=nd.array([2, 0, 2]))
    assert out.indices.tolist() == [0, 2] and rows(out) == [[1, 1], [0, 0], [3, 3]]
    two = [nd.sparse.zeros("row_sparse", (3, 2)), nd.zeros((3, 2))]
    found = store.row_sparse_pull("t", out=two, row_ids=[nd.array([1]), nd.array([0])])
    assert rows(two[0]) == [[0, 0], [2, 2], [0, 0]] and rows(two[1]) == [[1, 1], [0, 0], [0, 0]] and len(found) == 2
    store.push("t", nd.sparse.row_sparse_array(([[5.0, 5]], [1]), shape=(3, 2)))
    store.pull("t", out=out)  # passes over sparse arrays
    assert out.indices.tolist() == [0, 2]
    store.pull("t", out=out, ignore_sparse=False)
    assert rows(out) == [[0, 0], [5, 5], [0, 0]]
    with pytest.raises(ValueError, match="2 keys, 3 row_ids and 2 arrays"):
        store.row_sparse_pull(["t", "t"], out=two, row_ids=[nd.array([1])] * 3)


def linear() -> Any:
    weight = sym.Variable("w", stype="row_sparse", shape=(4, 2))
    product = sym.sparse.dot(sym.Variable("data", stype="csr"), weight)
    return sym.SoftmaxOutput(sym.broadcast_add(product, sym.Variable("b", shape=(2,))), name="softmax")


def test_a_store_beside_a_module_gives_the_weights_as_they_are() -> None:
    batches = io.NDArrayIter(nd.array(np.eye(4)).tostype("csr"), nd.array([0, 1, 0, 1]), 2, last_batch_handle="discard")
    store, module = kv.create("local"), mod.Module(linear())
    module.bind(batches.provide_data, batches.provide_label)
    module.init_params(dl.init.Zero())
    module.init_optimizer(kvstore=store, optimizer_params={"learning_rate": 1.0})
    for batch in batches:
        module.prepare(batch, sparse_row_id_fn=lambda batch: {"w": batch.data[0].indices})
        module.forward_backward(batch)
        module.update()
    pulled = nd.sparse.zeros("row_sparse", (4, 2))
    store.row_sparse_pull("w", out=pulled, row_ids=nd.arange(4))
    learned = module.get_params()[0]["w"].asnumpy()
    assert np.abs(learned).sum() > 0 and (pulled.asnumpy() == learned).all()


class Two(Communicator):
    """One of two workers in threads."""

    def __init__(self, rank: int, barrier: threading.Barrier, board: dict[int, Any]) -> None:
        self.rank, self.size, self._barrier, self._board = rank, 2, barrier, board

    def _all(self, arrays: Sequence[Any]) -> list[list[np.ndarray]]:
        self._board[self.rank] = [array.asnumpy() for array in arrays]
        self._barrier.wait()
        seen = [self._board[rank] for rank in range(2)]
        self._barrier.wait()
        return seen

    def allreduce(self, arrays: Sequence[Any], op: str = "sum") -> None:
        for array, *given in zip(arrays, *self._all(arrays), strict=True):
            array[:] = nd.array(sum(given))

    def broadcast(self, arrays: Sequence[Any], root: int = 0) -> None:
        for array, value in zip(arrays, self._all(arrays)[root], strict=True):
            array[:] = nd.array(value)

    def barrier(self) -> None:
        self._barrier.wait()


def test_modules_of_two_workers_train_as_one_on_both_halves() -> None:
    X, y = np.random.default_rng(0).normal(size=(8, 3)).astype("f"), np.arange(8) % 2

    def train(halves: Any, batch: int, store: Any, first: float) -> dict[str, Any]:
        net = sym.SoftmaxOutput(sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc"), name="softmax")
        module = mod.Module(net)
        module.fit(
            io.NDArrayIter(X[halves], y[halves], batch), kvstore=store, optimizer_params={"learning_rate": 0.5},
            initializer=dl.init.Constant(first), num_epoch=2,
        )  # fmt: skip
        return {name: array.asnumpy() for name, array in module.get_params()[0].items()}

    alone = train(slice(None), 8, "local", 0.1)
    barrier, board, found = threading.Barrier(2, timeout=60), {}, {}

    def work(rank: int) -> None:
        store = kv.create("dist_sync", Two(rank, barrier, board))
        found[rank] = train(slice(4 * rank, 4 * rank + 4), 4, store, 0.1 + rank)  # the second gets the first's values

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, values in alone.items():
        np.testing.assert_allclose(found[0][name], values, rtol=1e-5, atol=1e-7)
        assert (found[0][name] == found[1][name]).all()


def test_trainers_of_two_workers_add_up_what_their_store_joins() -> None:
    X, y = np.random.default_rng(1).normal(size=(8, 3)).astype("f"), np.arange(8) % 2

    def train(part: Any, store: Any, first: float) -> list[np.ndarray]:
        net, loss = (
            dl.gluon.nn.Dense(2),
            dl.gluon.loss.SoftmaxCrossEntropyLoss(),
        )
        net.initialize(dl.init.Constant(first))
        trainer = dl.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1}, kvstore=store)
        for _ in range(3):
            with dl.autograd.record():
                l = loss(net(nd.array(X[part])), nd.array(y[part]))  # noqa: E741
            l.backward()
            trainer.step(8)
        return [parameter.data().asnumpy() for parameter in net.collect_params().values()]

    barrier, board, found = threading.Barrier(2, timeout=60), {}, {}

    def work(rank: int) -> None:
        store = kv.create("dist_sync", Two(rank, barrier, board))
        found[rank] = train(slice(4 * rank, 4 * rank + 4), store, 0.1)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, two, alone in zip(found[0], found[1], train(slice(None), "device", 0.1), strict=True):
        assert (one == two).all()
        np.testing.assert_allclose(one, alone, rtol=1e-4, atol=1e-6)


def test_a_module_on_a_list_of_devices_runs_whole_batches_on_the_first() -> None:
    net = sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc")
    with pytest.warns(UserWarning, match=r"run on cpu\(0\), and the other 1 devices are not used"):
        module = mod.Module(net, label_names=None, context=[dl.cpu(0), dl.cpu(1)])
    module.bind([("data", (4, 3))], inputs_need_grad=True)
    module.init_params(dl.init.One())
    assert module.inputs_need_grad and module.predict(np.ones((4, 3))).tolist() == [[3, 3]] * 4
    assert mod.Module(net, label_names=None, context=[dl.cpu(1)])._context == dl.cpu(1)


def test_words_that_functions_of_arrays_alone_do_not_know(mx: Any) -> None:
    a, b = nd.ones((2, 3)), nd.array([[1.0], [2.0]])
    with pytest.warns(UserWarning, match="broadcast_mul: there is no argument 'axis'; it is passed over"):
        assert mx.nd.broadcast_mul(a, b, axis=1).tolist() == [[1, 1, 1], [2, 2, 2]]
    with pytest.warns(UserWarning, match="broadcast_add .*: there is no argument 'axis'"):
        assert mx.sym.broadcast_add(mx.sym.var("a"), mx.sym.var("b"), axis=0).list_arguments() == ["a", "b"]
    with pytest.raises(TypeError, match="nd.FullyConnected: there is no argument 'foo'"):
        mx.nd.FullyConnected(a, nd.ones((4, 3)), nd.ones((4,)), num_hidden=4, foo=3)


def test_the_same_words_are_errors_elsewhere() -> None:
    with pytest.raises(TypeError, match="there is no argument 'axis'"):
        nd.broadcast_mul(nd.ones((2,)), nd.ones((2,)), axis=1)


def test_batches_say_their_shapes_by_pairs_and_labels_of_one_number_have_one_axis(tmp_path: Any) -> None:
    batch = io.DataBatch([nd.ones((2, 4))], [nd.zeros((2,))], provide_data=[("data", (2, 4))], bucket_key=4)
    assert batch.provide_data == [("data", (2, 4))]
    for name, values in (("d.csv", np.arange(6).reshape(3, 2)), ("l.csv", np.arange(3))):
        np.savetxt(tmp_path / name, values, delimiter=",")
    read = io.CSVIter(tmp_path / "d.csv", (2,), tmp_path / "l.csv", batch_size=3)
    assert next(read).label[0].tolist() == [0, 1, 2]
    assert dl.init.Xavier().dumps() == '["xavier", {"rnd_type": "uniform", "factor_type": "avg", "magnitude": 3}]'
