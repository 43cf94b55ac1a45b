"""Small problems and networks for tests of runs, and the loop that people write by hand."""

import numpy as np

import dlcore as dl
from dlcore import autograd, gluon
from dlcore.gluon import nn

CLASSES = 3


def points(count=90, seed=0):
    """Float points and the class (0, 1, 2) that each belongs to."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)).astype("float32")
    return x, x[:, :CLASSES].argmax(axis=1).astype("int32")


def network(seed=0, units=16):
    net = nn.HybridSequential()
    net.add(nn.Dense(units, activation="tanh", in_units=4), nn.Dense(CLASSES, in_units=units))
    net.initialize()
    rng = np.random.default_rng(seed)
    for parameter in net.collect_params().values():
        parameter.set_data(dl.nd.array(rng.normal(size=parameter.shape, scale=0.3).astype("float32")))
    return net


def weights(net):
    return [parameter.data().asnumpy() for parameter in net.collect_params().values()]


def by_hand(net, batches, epochs, optimizer="sgd", **settings):
    """The loop as people write it, uncompiled; returns the losses."""
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), optimizer, settings)
    losses = []
    for _ in range(epochs):
        for x, y in batches:
            with autograd.record():
                loss = criterion(net(x), y).mean()
            loss.backward()
            trainer.step(1)
            losses.append(float(loss))
    return losses


def in_order(x, y, batch):
    return [
        (dl.nd.array(x[i : i + batch]), dl.nd.array(y[i : i + batch], dtype="int32")) for i in range(0, len(x), batch)
    ]


class Loader:
    """Batches in order, the last one short, as a loader that is no DataLoader."""

    def __init__(self, batches):
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)
