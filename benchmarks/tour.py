"""The tour's network on all of MNIST: test accuracy after each epoch, with its seed.

    python benchmarks/tour.py                    5 epochs, seed 1
    python benchmarks/tour.py --seed 2 --epochs 3

Prints a table for benchmarks/results. Needs the real data set (60,000 + 10,000 images); with the subset that ships in
the package it stops, because the figure would be another one.
"""

from __future__ import annotations

import argparse
import sys

import dlcore as dl
from dlcore import gluon
from dlcore.gluon.data.vision import MNIST, transforms


def network() -> gluon.nn.HybridSequential:
    """The network of notebooks/01_tour.ipynb."""
    nn = gluon.nn
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(32, 3, padding=1, activation="relu"),
        nn.Conv2D(64, 3, padding=1, activation="relu"),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dense(128, activation="relu"),
        nn.Dense(10),
    )
    return net


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    train, test = (MNIST(train=part).transform_first(transforms.ToTensor()) for part in (True, False))
    if len(train) != 60000 or len(test) != 10000:
        print(f"needs all of MNIST, found {len(train):,} and {len(test):,} images")
        return 2
    settings = {"epochs": options.epochs, "batch": 64, "optimizer": "adam", "lr": 0.001}
    run = dl.run.train(network(), train, test, seed=options.seed, show=False, **settings)
    print(f"adam, learning rate 0.001, batch 64, seed {options.seed}; {run.seconds:.0f} s for {run.step:,} steps")
    print("| epoch | test loss | test accuracy |\n|---|---|---|")
    losses, scores = (run.history.series(name)[1] for name in ("val_loss", "val_accuracy"))
    for epoch, (loss, accuracy) in enumerate(zip(losses, scores, strict=True), 1):
        print(f"| {epoch} | {loss:.4f} | {100 * accuracy:.2f} % |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
