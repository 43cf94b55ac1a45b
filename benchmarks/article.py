"""The network of an old article on MXNet, trained as it says, on all of MNIST: test accuracy after each epoch.

    python benchmarks/article.py                 10 epochs, batch 64, Adam at 0.001, seed 1
    python benchmarks/article.py --seed 2 --threads 1

The article's own loop in its right form (notebooks/articles/01_large_scale_data.ipynb shows what was wrong in it): the
accuracy is that of the 10,000 test images. Needs the real data set; with the subset that ships in the package it stops.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import dlcore as mx
from dlcore import autograd, gluon
from dlcore.gluon import nn
from dlcore.gluon.data import DataLoader
from dlcore.gluon.data.vision import MNIST, transforms


class SimpleCNN(nn.HybridBlock):
    """The article's class, word for word but for its base, which lets it be compiled."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.HybridSequential()
        self.net.add(nn.Conv2D(32, kernel_size=3, padding=1))
        self.net.add(nn.ReLU())
        self.net.add(nn.Conv2D(64, kernel_size=3, padding=1))
        self.net.add(nn.ReLU())
        self.net.add(nn.MaxPool2D(pool_size=2, strides=2))
        self.net.add(nn.Flatten())
        self.net.add(nn.Dense(128))
        self.net.add(nn.ReLU())
        self.net.add(nn.Dense(10))

    def forward(self, x: mx.NDArray) -> mx.NDArray:
        return self.net(x)


def evaluate(model: gluon.Block, loader: DataLoader) -> float:
    """The share of right answers, in percent."""
    right = total = 0
    for x, y in loader:
        right += int((model(x).argmax(axis=1) == y).sum().asscalar())
        total += y.shape[0]
    return 100 * right / total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="default: all cores")
    options = parser.parse_args()
    if options.threads:
        os.environ["DLCORE_NUM_THREADS"] = str(options.threads)
    train, test = (MNIST(train=part).transform_first(transforms.ToTensor()) for part in (True, False))
    if len(train) != 60000 or len(test) != 10000:
        print(f"needs all of MNIST, found {len(train):,} and {len(test):,} images")
        return 2
    mx.random.seed(options.seed)
    train_loader, test_loader = DataLoader(train, batch_size=64, shuffle=True), DataLoader(test, batch_size=500)
    model = SimpleCNN()
    model.initialize(mx.init.Xavier())
    model.hybridize()
    loss_fn = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(model.collect_params(), "adam", {"learning_rate": 0.001})
    print(f"seed {options.seed}, batch 64, adam, learning rate 0.001\n")
    print("| epoch | mean training loss | test accuracy | seconds so far |\n|---|---|---|---|")
    start = time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        total_loss = 0.0
        for x, y in train_loader:
            with autograd.record():
                loss = loss_fn(model(x), y)
            loss.backward()
            trainer.step(x.shape[0])
            total_loss += float(loss.mean().asscalar())
        row = f"{total_loss / len(train_loader):.4f} | {evaluate(model, test_loader):.2f} %"
        print(f"| {epoch} | {row} | {time.perf_counter() - start:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
