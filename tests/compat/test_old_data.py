"""Iterators that old programs derive from NDArrayIter, and values written into parameters in a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, io, mod, nd, sym

X, Y = np.arange(12, dtype="f").reshape(4, 3), np.array([0, 1, 0, 1], "f")


def rows(batches: Any) -> list[Any]:
    return [batch.data[0].asnumpy().tolist() for batch in batches]


def test_data_and_labels_that_are_overwritten() -> None:
    class Doubled(io.NDArrayIter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.data = [(name, values * 2) for name, values in self.data]
            self.label = []

    batches = Doubled(nd.array(X), nd.array(Y), 2)
    assert rows(batches) == (X * 2).reshape(2, 2, 3).tolist() and batches.provide_label == []
    batches.reset()
    batches.data = [("data", nd.ones((4, 3)))]
    assert rows(batches) == np.ones((2, 2, 3)).tolist()
    other = io.NDArrayIter(X.copy(), Y, 2)
    other.data[0][1][:] = 5
    assert rows(other) == np.full((2, 2, 3), 5).tolist()


def test_names_and_batches_that_are_overwritten_train_a_module() -> None:
    class Named(io.NDArrayIter):
        @property
        def provide_data(self) -> list[Any]:
            return [io.DataDesc("x", (2, 3))]

        @property
        def provide_label(self) -> list[Any]:
            return [("y", (2,))]

        def getdata(self) -> list[Any]:
            return [array / 12 for array in super().getdata()]

    net = sym.SoftmaxOutput(sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc"), sym.var("y"), name="softmax")
    module, plain = (mod.Module(net, data_names=["x"], label_names=["y"]) for _ in range(2))
    for one, batches in (
        (module, Named(X, Y, 2)),
        (plain, io.NDArrayIter({"x": X / 12}, {"y": Y}, 2)),
    ):
        one.fit(batches, num_epoch=2, initializer=dl.init.One(), optimizer_params={"learning_rate": 0.5})
    for name, array in plain.get_params()[0].items():
        np.testing.assert_allclose(module.get_params()[0][name].asnumpy(), array.asnumpy(), rtol=1e-5)


def test_an_iterator_of_anything() -> None:
    """A class of its own with provide_data as pairs, whose batches are no DataBatch."""

    class Batch:
        def __init__(self) -> None:
            self.data, self.label, self.pad = [nd.array(X[:2])], [nd.array(Y[:2])], 0

    class Own:
        batch_size, provide_data, provide_label = 2, [("data", (2, 3))], [("softmax_label", (2,))]

        def __iter__(self) -> Any:
            return iter([Batch(), Batch()])

        def reset(self) -> None:
            pass

    module = mod.Module(sym.SoftmaxOutput(sym.FullyConnected(sym.var("data"), num_hidden=2), name="softmax"))
    module.fit(Own(), num_epoch=1, initializer=dl.init.One())
    assert module.score(Own(), "acc")[0][0] == "accuracy" and module.predict(Own()).shape == (4, 2)


@pytest.mark.parametrize("hybrid", [False, True])
def test_values_are_not_written_into_parameters_in_a_recording(hybrid: bool) -> None:
    """MXNet 1.9.1 refuses it too; outside of the recording, or paused, it is done."""
    net = gluon.nn.Dense(2, in_units=3)
    net.initialize(dl.init.One())
    net.hybridize(hybrid)
    x = nd.ones((1, 3))
    x.attach_grad()
    with autograd.record():
        with pytest.raises(RuntimeError, match=r"while recording; use autograd\.pause\(\)"):
            net.weight.set_data(nd.ones((2, 3)) * 2)
        with autograd.pause():
            net.weight.set_data(nd.ones((2, 3)) * 2)
        y = net(x)
    y.backward()
    assert y.tolist() == [[6, 6]] and x.grad.tolist() == [[4, 4, 4]] and net.weight.grad().tolist() == [[1, 1, 1]] * 2
