"""One training step of LeNet on 28x28 pictures, batch 64, Adam: dlcore compiled and imperative beside PyTorch eager.

    python benchmarks/step.py [--rounds 15] [--steps 4] [--threads 2] [--json FILE]

The three take turns, round by round, so that a busy neighbour slows all of them; printed are the median over the rounds
of the time of one step, and ratios of medians. The data are random: time does not depend on them.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np

BATCH = 64
Step = Callable[[], float]


def data() -> tuple[np.ndarray, np.ndarray]:
    """Pictures (64, 1, 28, 28) float32 and labels (64,) int64."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(BATCH, 1, 28, 28)).astype(np.float32), rng.integers(0, 10, BATCH)


def torch_step(threads: int) -> Step:
    """PyTorch, eager, as people write it."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 14 * 14, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    x, y = (torch.from_numpy(a) for a in data())

    def step() -> float:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def dlcore_step(threads: int, compiled: bool) -> Step:
    """dlcore, the same network; `compiled` puts the whole step through dl.jit."""
    import dlcore as dl
    from dlcore import _core, autograd, gluon
    from dlcore.gluon import nn

    _core.set_num_threads(threads)
    _core.seed(0)
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(32, 3, padding=1, activation="relu"), nn.Conv2D(64, 3, padding=1, activation="relu"), nn.MaxPool2D(2),
        nn.Flatten(), nn.Dense(128, activation="relu"), nn.Dense(10),
    )  # fmt: skip
    net.initialize(init=dl.init.Xavier())
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 1e-3})
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    x, y = (dl.nd.array(a, dtype=a.dtype) for a in data())

    def train(x: object, y: object) -> object:
        with autograd.record():
            loss = criterion(net(x), y).mean()
        loss.backward()
        trainer.step(1)
        return loss

    run = dl.jit(train) if compiled else train
    return lambda: float(run(x, y).item())


def measure(contestants: dict[str, Step], rounds: int, steps: int) -> dict[str, list[float]]:
    """Seconds of one step, per round."""
    for step in contestants.values():
        step()
        step()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, step in contestants.items():
            start = time.perf_counter()
            for _ in range(steps):
                step()
            seconds[name].append((time.perf_counter() - start) / steps)
    return seconds


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=4, help="steps in each round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", help="also write the figures to this file")
    arguments = parser.parse_args()
    contestants = {
        "PyTorch eager": torch_step(arguments.threads),
        "dlcore compiled": dlcore_step(arguments.threads, True),
        "dlcore imperative": dlcore_step(arguments.threads, False),
    }
    seconds = measure(contestants, arguments.rounds, arguments.steps)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"LeNet training step, batch {BATCH}, Adam, float32, {arguments.threads} threads, {platform.machine()}")
    print(f"{'':18} {'median':>10} {'fastest':>10} {'slowest':>10} {'against PyTorch':>16}")
    for name, times in seconds.items():
        ratio = medians[name] / medians["PyTorch eager"]
        figures = " ".join(f"{value * 1e3:7.2f} ms" for value in (medians[name], min(times), max(times)))
        print(f"{name:18} {figures} {ratio:15.2f}x")
    per_round = [a / b for a, b in zip(seconds["dlcore compiled"], seconds["PyTorch eager"], strict=True)]
    print(f"compiled / PyTorch, median of the rounds' own ratios: {statistics.median(per_round):.2f}")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"seconds": seconds, "medians": medians}, file, indent=1)


if __name__ == "__main__":
    main()
