"""Layers with a `hybrid_forward` of one's own, as old programs derive them; checked against MXNet 1.9.1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dlcore import compat


@pytest.fixture
def mx() -> Iterator[Any]:
    compat.install()
    import mxnet

    yield mxnet
    compat.uninstall()


@pytest.mark.parametrize("compiled", [False, True])
def test_a_layer_whose_hybrid_forward_is_ones_own(mx: Any, compiled: bool) -> None:
    nn, nd = mx.gluon.nn, mx.nd

    class Doubled(nn.Dense):
        def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
            return super().hybrid_forward(F, x, weight * 2, bias)

    class Same(nn.Conv2D):
        def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
            return (
                F.Convolution(x, weight, **self._kwargs)
                if bias is None
                else F.Convolution(x, weight, bias, **self._kwargs)
            )

    class Norm(nn.BatchNorm):
        def hybrid_forward(self, F: Any, x: Any, **arrays: Any) -> Any:
            return super().hybrid_forward(F, x, **arrays) + 1

    x, image = nd.ones((2, 3)), nd.arange(2 * 3 * 25).reshape((2, 3, 5, 5)) / 50
    pairs: list[tuple[Any, Any, Any, Any]] = [
        (Doubled(4, activation="relu"), nn.Dense(4, activation="relu"), x, lambda y: y * 2),
        (Doubled(4, use_bias=False), nn.Dense(4, use_bias=False), x, lambda y: y * 2),
        (Same(4, 3, strides=2, padding=1), nn.Conv2D(4, 3, strides=2, padding=1), image, lambda y: y),
        (Same(4, 3, use_bias=False), nn.Conv2D(4, 3, use_bias=False), image, lambda y: y),
        (Norm(), nn.BatchNorm(), image, lambda y: y + 1),
    ]
    for own, plain, data, expected in pairs:
        for net in (own, plain):
            net.initialize(mx.init.One())
            net.hybridize(compiled)
        for _ in range(2):
            with mx.autograd.record():
                found, wanted = own(data), expected(plain(data))
            found.backward()
            np.testing.assert_allclose(found.asnumpy(), wanted.asnumpy(), rtol=1e-5)
    assert own.running_mean.data().asnumpy().any() and own._kwargs["axis"] == 1


def test_what_a_layer_does_is_asked_of_it(mx: Any) -> None:
    nn, nd, rnn, losses = mx.gluon.nn, mx.nd, mx.gluon.rnn, mx.gluon.loss
    x = nd.arange(8).reshape((1, 2, 4))

    def derived(layer: Any, change: Any) -> Any:
        def hybrid_forward(self: Any, F: Any, *args: Any, **params: Any) -> Any:
            return change(super(made, self).hybrid_forward(F, *args, **params))

        made = type(layer.__name__, (layer,), {"hybrid_forward": hybrid_forward})
        return made

    def plus_one(found: Any) -> Any:
        return (found[0] + 1, found[1]) if isinstance(found, tuple) else found + 1

    cases: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = [
        (nn.Activation, ("relu",), (x - 3,)),
        (nn.MaxPool1D, (), (x,)),
        (nn.Dropout, (0.5,), (x,)),
        (nn.PReLU, (), (x - 3,)),
        (nn.InstanceNorm, (), (x,)),
        (nn.LayerNorm, (), (x,)),
        (nn.Embedding, (3, 2), (nd.array([1, 2]),)),
        (losses.L2Loss, (), (x, x * 0)),
        (losses.SoftmaxCrossEntropyLoss, (), (nd.ones((2, 3)), nd.zeros((2,)))),
        (rnn.GRUCell, (3,), (nd.ones((1, 2)), [nd.ones((1, 3))])),
        (rnn.LSTMCell, (3,), (nd.ones((1, 2)), [nd.ones((1, 3)), nd.ones((1, 3))])),
    ]
    for layer, made_with, data in cases:
        own, plain = derived(layer, plus_one)(*made_with), layer(*made_with)
        for net in (own, plain):
            net.initialize(mx.init.One())
        found, expected = own(*data), plus_one(plain(*data))
        if isinstance(found, tuple):
            found, expected = found[0], expected[0]
        np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-6, err_msg=layer.__name__)


def test_arrays_in_the_place_of_parameters_are_used_for_that_call(mx: Any) -> None:
    nd = mx.nd

    class Stronger(mx.gluon.nn.LayerNorm):
        def hybrid_forward(self, F: Any, data: Any, gamma: Any, beta: Any) -> Any:
            return super().hybrid_forward(F, data, gamma * 2, beta)

    class Far(mx.gluon.nn.Embedding):
        def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
            return super().hybrid_forward(F, x, weight=weight * 3)

    x, places = nd.arange(8).reshape((2, 4)), nd.array([0, 2])
    plain, own, far = mx.gluon.nn.LayerNorm(), Stronger(), Far(3, 2)
    for net in (plain, own, far):
        net.initialize(mx.init.One())
    np.testing.assert_allclose(own(x).asnumpy(), plain(x).asnumpy() * 2, rtol=1e-6)
    gamma = own.gamma
    assert own.gamma is gamma and isinstance(gamma, mx.gluon.Parameter) and gamma.data().tolist() == [1] * 4
    with mx.autograd.record():
        y = far(places)
    y.backward()
    assert y.tolist() == [[3, 3], [3, 3]] and far.weight.grad().tolist() == [[3, 3], [0, 0], [3, 3]]


def test_a_stack_and_a_cell_of_ones_own(mx: Any) -> None:
    nd = mx.nd

    class Twice(mx.gluon.nn.HybridSequential):
        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return super().hybrid_forward(F, x) * 2

    net = Twice()
    net.add(mx.gluon.nn.Dense(2), mx.gluon.nn.Activation("relu"))
    net.initialize(mx.init.One())
    assert net(nd.ones((1, 2))).tolist() == [[4, 4]]
    net.hybridize()
    assert [net(nd.ones((1, 2))).tolist() for _ in range(2)] == [[[4, 4]]] * 2

    class Nothing(mx.gluon.HybridBlock):
        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return super().hybrid_forward(F, x)

    with pytest.raises(NotImplementedError, match="has no hybrid_forward"):
        Nothing()(nd.ones((1,)))
