"""A network called with a Symbol: the same numbers as with arrays, under the names that MXNet gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon, nd
from dlcore.gluon import nn

PICTURE, ROW = (2, 4, 9, 9), (2, 6)

LAYERS = [
    (nn.Dense(3, activation="relu"), PICTURE),
    (nn.Dense(3, flatten=False, use_bias=False), (2, 5, 6)),
    (nn.Conv1D(3, 3, padding=1), (2, 4, 9)),
    (nn.Conv2D(6, (3, 2), strides=2, dilation=(1, 2), groups=2, activation="tanh"), PICTURE),
    (nn.Conv3D(2, 2, use_bias=False), (1, 2, 4, 4, 4)),
    (nn.Conv2DTranspose(4, 3, strides=2, padding=1, output_padding=1, groups=2), PICTURE),
    (nn.MaxPool2D(3, 2, 1, ceil_mode=True), PICTURE),
    (nn.AvgPool2D(3, 2, 1, count_include_pad=False), PICTURE),
    (nn.AvgPool1D(2), (2, 4, 9)),
    (nn.GlobalMaxPool2D(), PICTURE),
    (nn.GlobalAvgPool3D(), (1, 2, 4, 4, 4)),
    (nn.BatchNorm(), PICTURE),
    (nn.BatchNorm(scale=False, axis=3, epsilon=1e-2), PICTURE),
    (nn.BatchNormReLU(), PICTURE),
    (nn.LayerNorm(), ROW),
    (nn.GroupNorm(2), PICTURE),
    (nn.InstanceNorm(), PICTURE),
    (nn.Flatten(), PICTURE),
    (nn.Identity(), ROW),
    (nn.Dropout(0.5), ROW),
    (nn.Softmax(axis=1), ROW),
    (nn.LeakyReLU(0.3), ROW),
    (nn.PReLU(), ROW),
    (nn.ELU(0.7), ROW),
    (nn.SELU(), ROW),
    (nn.GELU(), ROW),
    (nn.GELU("tanh"), ROW),
    (nn.Swish(1.5), ROW),
    (nn.ReLU(), ROW),
    (nn.SiLU(), ROW),
    (nn.HybridLambda("tanh"), ROW),
    (nn.HybridLambda(lambda F, x: F.relu(x) + 1), ROW),
    *[(nn.Activation(name), ROW) for name in "relu sigmoid tanh gelu silu softplus softsign elu leaky_relu mish selu "
      "relu6 hard_sigmoid hard_swish log_sigmoid softrelu swish".split()],
]  # fmt: skip


def values(symbol: Any, net: Any, x: Any) -> np.ndarray:
    given = {p.name: p.data() for p in net.collect_params().values()}
    wanted = {*symbol.list_arguments(), *symbol.list_auxiliary_states()}
    return symbol.eval(data=x, **{name: value for name, value in given.items() if name in wanted})[0].asnumpy()


@pytest.mark.parametrize("layer, shape", LAYERS, ids=lambda v: repr(v)[:40])
def test_layers_compute_the_same(layer: Any, shape: tuple[int, ...]) -> None:
    x = nd.array(np.random.default_rng(0).standard_normal(shape))
    symbol = layer(dl.sym.var("data"))  # before there are values
    layer.initialize(dl.init.Normal(0.5))
    expected = layer(x).asnumpy()
    np.testing.assert_allclose(values(symbol, layer, x), expected, rtol=1e-5, atol=1e-6)
    assert symbol.infer_shape(data=shape)[1] == [expected.shape]


def test_words_are_embedded_the_same() -> None:
    layer = nn.Embedding(7, 3)
    layer.initialize()
    x = nd.array([[0, 6], [2, 2]])
    np.testing.assert_array_equal(values(layer(dl.sym.var("data")), layer, x), layer(x).asnumpy())


class Halves(gluon.HybridBlock):
    """Its children have no names of their own, so what they compute is counted together."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.both = [Clipped(prefix=""), Clipped(prefix="")]
            for number, child in enumerate(self.both):
                self.register_child(child, str(number))

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.both[1](self.both[0](x))


class Clipped(gluon.HybridBlock):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.Activation(x - 1, act_type="relu")


def test_blocks_without_a_name_count_with_their_parent() -> None:
    outputs = Halves(prefix="net_")(dl.sym.var("data")).get_internals().list_outputs()
    assert [name for name in outputs if "activation" in name] == ["net_activation0_output", "net_activation1_output"]


class Residual(gluon.HybridBlock):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.body = nn.HybridSequential(prefix="")
            with self.body.name_scope():
                self.body.add(nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"))
            self.scale = self.params.get("scale", shape=(1,), init="ones")

    def hybrid_forward(self, F: Any, x: Any, scale: Any) -> Any:
        return F.broadcast_mul(self.body(x) + x, scale)


def test_blocks_of_ones_own_become_symbols_with_the_old_names() -> None:
    net = Residual(prefix="stage1_")
    symbol = net(dl.sym.var("data"))
    outputs = symbol.get_internals().list_outputs()
    assert {"stage1_conv0_fwd_output", "stage1_batchnorm0_fwd_output", "stage1_relu0_fwd_output"} <= set(outputs)
    assert "stage1_scale" in symbol.list_arguments()
    net.initialize()
    x = nd.array(np.random.default_rng(0).standard_normal(PICTURE))
    expected = net(x).asnumpy()
    np.testing.assert_allclose(values(symbol, net, x), expected, rtol=1e-5, atol=1e-6)


def test_features_of_a_network_become_another_one() -> None:
    """What tutorials on transfer learning do: cut a network at an inner output, and train what follows."""
    net = gluon.model_zoo.vision.resnet18_v1(classes=5)
    net.initialize()
    x = nd.array(np.random.default_rng(0).standard_normal((1, 3, 32, 32)))
    net(x)
    data = dl.sym.var("data")
    inner = net(data).get_internals()
    pooled = [name for name in inner.list_outputs() if "pool" in name][-1]
    features = gluon.SymbolBlock(inner[pooled], data, params=net.collect_params())
    np.testing.assert_allclose(
        features(x).asnumpy().reshape(1, -1), net.features(x).asnumpy().reshape(1, -1), rtol=1e-4, atol=1e-5
    )
    assert {id(p) for p in features.collect_params().values()} < {id(p) for p in net.collect_params().values()}
    again = features(dl.sym.var("picture"))
    assert again.list_arguments()[0] == "picture"
    dl.visualization.print_summary(net(data), shape={"data": (1, 3, 32, 32)})


def test_a_module_trains_a_network() -> None:
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Dense(8, activation="relu"), nn.Dense(3))
    model = dl.mod.Module(dl.sym.SoftmaxOutput(net(dl.sym.var("data")), name="softmax"))
    x = np.random.default_rng(0).standard_normal((60, 4)).astype("float32")
    fed = dl.io.NDArrayIter(x, x[:, :3].argmax(1).astype("float32"), 20, label_name="softmax_label")
    model.fit(fed, num_epoch=60, optimizer_params={"learning_rate": 0.5}, initializer=dl.init.Xavier())
    assert dict(model.score(fed, "acc"))["accuracy"] > 0.9
    assert "net_dense0_weight" in model.get_params()[0]


def test_what_has_no_form_as_a_symbol_says_so() -> None:
    with pytest.raises(NotImplementedError, match="RMSNorm has no form as a Symbol"):
        nn.RMSNorm()(dl.sym.var("x"))
    with pytest.raises(NotImplementedError, match="only layouts with channels first"):
        nn.Conv2D(2, 3, layout="NHWC")(dl.sym.var("x"))


def test_layers_are_called_as_in_mxnet() -> None:
    names = [layer.name for layer in (nn.Conv2D(1, 1), nn.MaxPool2D(), nn.GlobalAvgPool2D(), nn.Activation("relu"))]
    assert [name.rstrip("0123456789") for name in names] == ["conv", "pool", "pool", "relu"]
    assert gluon.rnn.LSTMCell(3).name.startswith("lstm") and gluon.rnn.LSTM(3).name.startswith("lstm")
