"""Custom layers in the older style, with lengths that the operators tell."""

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon
from dlcore.gluon import nn


class MyDense(gluon.HybridBlock):
    def __init__(self, units, in_units=0, **kwargs):
        super().__init__(**kwargs)
        self._units = units
        with self.name_scope():
            self.weight = self.params.get("weight", init="ones", shape=(units, in_units), allow_deferred_init=True)
            self.bias = self.params.get("bias", init="ones", shape=(0,), allow_deferred_init=True)

    def hybrid_forward(self, F, x, weight, bias):
        return F.Activation(F.FullyConnected(x, weight, bias, num_hidden=self._units), act_type="relu")


class MyConv(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.w = self.params.get("w", shape=(6, 0, 3, 3), allow_deferred_init=True)
        self.gamma = self.params.get("gamma", shape=(0,), allow_deferred_init=True)
        self.beta = self.params.get("beta", shape=(0,), allow_deferred_init=True)
        self.scale = self.params.get("scale", shape=(1, 0, 1, 1), init="ones", allow_deferred_init=True)

    def hybrid_forward(self, F, x, w, gamma, beta, scale):
        y = F.Convolution(x, w, num_filter=6, kernel=(3, 3), num_group=2, no_bias=True)
        return F.LayerNorm(F.broadcast_mul(y, scale), gamma, beta)


class Projection(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.w = self.params.get("w", shape=(0, 3), allow_deferred_init=True)

    def hybrid_forward(self, F, x, w):
        return F.dot(x, w)


@pytest.mark.parametrize("hybrid", [False, True])
def test_lengths_are_learned_from_the_operators(hybrid):
    for block, shape, expected in [
        (MyDense(3), (2, 4, 5), {"weight": (3, 20), "bias": (3,)}),
        (MyConv(), (2, 4, 8, 9), {"w": (6, 2, 3, 3), "gamma": (7,), "beta": (7,), "scale": (1, 6, 1, 1)}),
        (Projection(), (5, 4), {"w": (4, 3)}),
    ]:
        block.initialize()
        if hybrid:
            block.hybridize()
        block(dl.nd.ones(shape))
        assert {name: p.shape for name, p in block.collect_params().items()} == expected


def test_the_first_call_counts_like_any_other():
    net = nn.HybridSequential(MyDense(3), MyDense(2))
    net.initialize()
    assert net(dl.nd.ones((1, 4))).asnumpy().tolist() == [[16, 16]]
    with dl.autograd.record():
        out = net(dl.nd.ones((1, 4)))
    out.backward()
    np.testing.assert_array_equal(net[1].weight.grad().asnumpy(), np.full((2, 3), 5.0))


def test_what_cannot_be_learned_is_said():
    class Odd(Projection):
        def hybrid_forward(self, F, x, w):
            return F.concat(F.reshape(x, (1, 2, 2)), w)

    odd = Odd()
    odd.initialize()
    with pytest.raises(
        ValueError, match=r"concat does not tell the shape of .*w \(0, 3\); give it, or define infer_sh"
    ):
        odd(dl.nd.ones((4,)))

    class Method(Projection):
        def hybrid_forward(self, F, x, w):
            return w.reshape((3, -1))

    method = Method()
    method.initialize()
    with pytest.raises(ValueError, match="shape of w could not be learned from hybrid_forward .*define infer_shape"):
        method(dl.nd.ones((4,)))
