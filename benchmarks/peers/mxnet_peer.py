"""The workloads in MXNet 1.9.1: Gluon, hybridized with static memory, which is its quickest form.

It needs an environment of its own with NumPy 1.23.5 (later ones lack names that it uses).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .sizes import CLASSES, data


def network(base: str) -> Any:
    """The network of a workload."""
    from mxnet.gluon import nn

    net: Any = nn.HybridSequential()
    if base == "mlp":
        net.add(nn.Dense(128, activation="relu"), nn.Dense(64, activation="relu"), nn.Dense(10))
    elif base == "autoencoder":
        net.add(*(nn.Dense(units, activation="relu") for units in (256, 64, 256)), nn.Dense(784))
    elif base == "lenet":
        net.add(
            nn.Conv2D(32, 3, padding=1, activation="relu"), nn.Conv2D(64, 3, padding=1, activation="relu"),
            nn.MaxPool2D(2), nn.Dense(128, activation="relu"), nn.Dense(10),
        )  # fmt: skip
    elif base == "resnet18":
        from mxnet.gluon.model_zoo.vision import BasicBlockV1, ResNetV1

        net = ResNetV1(BasicBlockV1, [2, 2, 2, 2], [64, 64, 128, 256, 512], classes=10, thumbnail=True)
    else:
        net = {"lstm": _lstm, "gpt": _gpt}[base]()
    return net


def _lstm() -> Any:
    from mxnet.gluon import nn, rnn

    net = nn.HybridSequential()
    lstm = rnn.LSTM(256, layout="NTC", input_size=64)
    net.add(nn.Embedding(CLASSES, 64), lstm, nn.Dense(CLASSES, flatten=False))
    return net


def _gpt() -> Any:
    import numpy as np
    from mxnet import gluon, init
    from mxnet.gluon import nn

    class Cell(gluon.HybridBlock):
        def __init__(self) -> None:
            super().__init__()
            with self.name_scope():
                self.norm1, self.norm2 = nn.LayerNorm(), nn.LayerNorm()
                self.into = nn.Dense(384, flatten=False, in_units=128)
                self.out = nn.Dense(128, flatten=False, in_units=128)
                self.up = nn.Dense(512, flatten=False, in_units=128)
                self.down = nn.Dense(128, flatten=False, in_units=512)
                hidden = np.triu(np.full((128, 128), -1e9, np.float32), 1)[None]
                self.mask = self.params.get_constant("mask", hidden)

        def hybrid_forward(self, F: Any, x: Any, mask: Any) -> Any:
            split = F.transpose(F.reshape(self.into(self.norm1(x)), (0, 0, 3, 4, 32)), (2, 0, 3, 1, 4))
            q, k, v = (F.reshape(part, (-3, 0, 0)) for part in F.split(split, 3, axis=0, squeeze_axis=True))
            scores = F.batch_dot(q, k, transpose_b=True) * 32**-0.5
            seen = F.batch_dot(F.softmax(F.broadcast_add(scores, mask)), v)
            seen = F.reshape(F.transpose(F.reshape(seen, (-4, -1, 4, 0, 0)), (0, 2, 1, 3)), (0, 0, -3))
            x = x + self.out(seen)
            return x + self.down(F.LeakyReLU(self.up(self.norm2(x)), act_type="gelu"))

    class Model(gluon.HybridBlock):
        def __init__(self) -> None:
            super().__init__()
            with self.name_scope():
                self.table = nn.Embedding(CLASSES, 128)
                self.places = self.params.get("places", shape=(1, 128, 128), init=init.Normal(0.02))
                self.cells = nn.HybridSequential()
                self.cells.add(*(Cell() for _ in range(4)))
                self.norm, self.out = nn.LayerNorm(), nn.Dense(CLASSES, use_bias=False, flatten=False)

        def hybrid_forward(self, F: Any, tokens: Any, places: Any) -> Any:
            return self.out(self.norm(self.cells(F.broadcast_add(self.table(tokens), places))))

    return Model()


OPTIMIZERS = {
    "mlp": ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    "resnet18": ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 5e-4}),
}


def make(workload: str, threads: int) -> Callable[[], float]:
    """One step of `workload`. `threads` came with the environment, before MXNet was loaded. AdamW is Adam here."""
    import mxnet as mx
    from mxnet import autograd, gluon

    base, _, kind = workload.partition("-")
    if kind == "bf16":
        raise ValueError("only single precision")
    mx.random.seed(0)
    net, (inputs, labels) = network(base), data(workload)
    net.initialize(mx.init.Xavier() if base not in ("lstm", "gpt") else mx.init.Uniform(0.07))
    net.hybridize(static_alloc=True, static_shape=True)
    x, y = mx.nd.array(inputs), mx.nd.array(labels)
    if kind.startswith("infer"):
        return lambda: float(net(x).asnumpy().ravel()[0])
    optimizer, knobs = OPTIMIZERS.get(base, ("adam", {"learning_rate": 1e-3}))
    trainer = gluon.Trainer(net.collect_params(), optimizer, knobs)
    criterion = gluon.loss.L2Loss() if base == "autoencoder" else gluon.loss.SoftmaxCrossEntropyLoss()
    criterion.hybridize(static_alloc=True, static_shape=True)

    def train() -> float:
        with autograd.record():
            loss = criterion(net(x), y)
        loss.backward()
        trainer.step(x.shape[0])
        mx.nd.waitall()  # the loss alone is there before gradients and weights are
        return float(loss.mean().asscalar())

    return train
