"""A small network trained on scikit-learn's digits (1797 images of 8 x 8), for the tests of this folder."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import dlcore as dl


@functools.cache
def digits() -> tuple[np.ndarray, ...]:
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[:1297], order[1297:]
    return images[train], labels[train], images[test], labels[test]


def train(net: Any, epochs: int, after_step: Any = None) -> None:
    x, y, _, _ = digits()
    trainer = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 1e-4})
    loss = dl.gluon.loss.SoftmaxCrossEntropyLoss()
    for _ in range(epochs):
        for batch in dl.io.NDArrayIter(x, y, batch_size=64, shuffle=True):
            with dl.autograd.record():
                value = loss(net(batch.data[0]), batch.label[0])
            value.backward()
            trainer.step(64)
            if after_step:
                after_step()


def trained(hybrid: bool = True) -> Any:
    dl.random.seed(0)
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Dense(64, activation="relu"), dl.gluon.nn.Dense(10))
    net.initialize("xavier")
    if hybrid:
        net.hybridize()
    train(net, 15)
    return net


def accuracy(net: Any) -> float:
    _, _, x, y = digits()
    return float((net(dl.nd.array(x)).asnumpy().argmax(1) == y).mean())
