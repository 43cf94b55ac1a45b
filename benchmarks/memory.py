"""Memory of compiled networks, exact and the same on every machine; and what recomputation saves and costs.

    python benchmarks/memory.py                 # arena and naive sum of four networks, batch 64
    python benchmarks/memory.py --deep 1000     # 1000 residual layers under a budget: memory, time, equality

Planned is the arena of the compiled graph. Naive is every output of the forward part once for inference, and twice for
training (forward, loss and gradients), as MXNet's own planner is measured. Nothing is run for the first table: the
graphs come from shapes alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import Any

import numpy as np

import dlcore as dl
from dlcore import _core, autograd, gluon
from dlcore.gluon import nn
from dlcore.gluon.model_zoo import vision
from dlcore.graph._lifetimes import forward_bytes
from dlcore.graph._trace import trace
from dlcore.graph.passes import optimize
from dlcore.graph.passes.plan import plan, settle

# name, size of the images, and the ratios naive / planned of MXNet's planner for training and inference.
NETWORKS = (
    ("alexnet", 224, 2.5, 3.7),
    ("vgg16", 224, 2.9, 3.8),
    ("inceptionv3", 299, 2.5, 11.7),
    ("resnet50_v1", 224, 3.2, 17.5),
)


def planned(net: Any, batch: int, size: int, train: bool) -> tuple[int, int]:
    """Bytes of the arena and of the naive sum. `net` must have been called once, so that its shapes are known."""
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    x = _core.empty((batch, 3, size, size), "float32", "cpu(0)")
    y = _core.empty((batch,), "int64", "cpu(0)")

    def step(given: list[Any]) -> tuple[None, list[Any]]:
        with autograd.record():
            loss = criterion(net(given[0]), given[1])
        loss.backward()
        return None, [loss]

    training = trace(step, [x, y], "step").graph
    naive = forward_bytes(training)
    if train:
        return plan(settle(optimize(training))).arena_bytes, 2 * naive
    inference = trace(lambda given: (None, [net(given[0])]), [x], "inference").graph
    return plan(settle(optimize(inference))).arena_bytes, naive


def table(batch: int) -> None:
    """The ratios of the four networks, beside MXNet's."""
    print(f"{'network':14}{'':10}{'naive MB':>10}{'planned MB':>12}{'ratio':>8}{'MXNet':>8}")
    for name, size, *wanted in NETWORKS:
        net = vision.get_model(name)
        net.initialize("zeros")
        net(dl.nd.zeros((1, 3, size, size)))
        for train, reach in zip((True, False), wanted, strict=True):
            arena, naive = planned(net, batch, size, train)
            kind = "training" if train else "inference"
            print(
                f"{name:14}{kind:10}{naive / 1e6:10.1f}{arena / 1e6:12.1f}{naive / arena:8.2f}{reach:8.1f}", flush=True
            )


class Deep:
    """A residual network of `depth` convolutions, and its compiled training step."""

    def __init__(self, depth: int, **options: Any) -> None:
        _core.seed(0)
        width, batch, size = 16, 8, 16
        self.net = nn.HybridSequential(nn.Conv2D(width, 3, 1, 1, use_bias=False, in_channels=3))
        self.net.add(*(vision.BasicBlockV1(width, 1, in_channels=width) for _ in range((depth - 2) // 2)))
        self.net.add(nn.GlobalAvgPool2D(), nn.Dropout(0.5), nn.Dense(10, in_units=width))
        self.net.initialize()
        criterion = gluon.loss.SoftmaxCrossEntropyLoss()
        trainer = gluon.Trainer(self.net.collect_params(), "sgd", {"learning_rate": 0.01, "momentum": 0.9})
        draw = np.random.default_rng(0)
        self.x = dl.nd.array(draw.normal(size=(batch, 3, size, size)).astype(np.float32))
        self.y = dl.nd.array(draw.integers(0, 10, batch))

        def step(x: Any, y: Any) -> Any:
            with autograd.record():
                loss = criterion(self.net(x), y).mean()
            loss.backward()
            trainer.step(1)
            return loss

        self.step = dl.jit(step, **options)
        start, busy = time.perf_counter(), time.thread_time()
        self.step.program(self.x, self.y).plain.prepare()
        self.compiling = time.thread_time() - busy  # this thread's share, which other processes do not slow much
        self.losses = [self.loss()]
        self.first = time.perf_counter() - start
        self.losses.append(self.loss())
        self.arena = self.step.entries()[0].plain.plan.arena_bytes
        self.weights = [p.data().asnumpy() for p in self.net.collect_params().values()]

    def loss(self) -> float:
        """Runs one step."""
        return float(self.step(self.x, self.y).item())

    def seconds(self) -> float:
        """Of one step."""
        start = time.perf_counter()
        self.loss()
        return time.perf_counter() - start

    def equals(self, other: Deep) -> bool:
        """Whether losses and weights are the same to the last bit."""
        return self.losses == other.losses and all(map(np.array_equal, self.weights, other.weights))


def deep(depth: int, rounds: int) -> None:
    """Memory and time of a step with everything kept, in half, a seventh and the least memory."""
    kept = Deep(depth)
    rows = {"everything kept": kept}
    for part in (2, 7):
        rows[f"a budget of 1/{part}"] = Deep(depth, memory_budget=kept.arena // part)
    rows["remat=True"] = Deep(depth, remat=True)
    times: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, row in rows.items():
            times[name].append(row.seconds())
    print(f"{depth} layers{'':8}{'planned MB':>12}{'saved':>8}{'time':>8}{'first step s':>14}  same bits")
    for name, row in rows.items():
        slower = statistics.median(a / b for a, b in zip(times[name], times["everything kept"], strict=True))
        saved = f"{kept.arena / row.arena:.2f}x"
        print(f"{name:19}{row.arena / 1e6:12.2f}{saved:>8}{slower:8.2f}{row.first:14.2f}  {row.equals(kept)}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--deep", type=int, metavar="LAYERS", help="the residual network instead of the table")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    _core.set_num_threads(arguments.threads)
    warnings.simplefilter("error")
    if arguments.deep:
        deep(arguments.deep, arguments.rounds)
    else:
        table(arguments.batch)


if __name__ == "__main__":
    main()
