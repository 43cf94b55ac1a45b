"""Whether loading keeps up: a compiled training step fed by each loader, beside the same step on a batch at hand.

    python benchmarks/data.py                     two networks, all loaders
    python benchmarks/data.py mlp --rounds 50 --threads 1
    python benchmarks/data.py mlp --rounds 60 --first     before all other programs, which stand still meanwhile (root)

MNIST-sized work: 28 x 28 pictures in batches of 64. The step on one batch that stays, and the step fed by every loader,
take turns in short slices; of each the quickest slice counts, which is what it takes where nothing else runs, as long
as the machine is free now and then. The aim is 0.9 of the rate without loading. Pictures made up at random are as good
as digits here, but for PNG files, in which those hardly get smaller: there they are digits that ship with dlcore.
Files are decoded in the first pass and kept; what that pass costs is measured by keeping none.

Attainable is what no loader could pass. Without a function of one's own: steps on batches that are there already, 200
of them one after the other, so that a batch comes from memory as one that was just made does. With one: the same step
with nothing but the calls of that function before it takes so much longer; of that, all where the loop calls it, and
where a thread does, its share of the cores, all of which the step uses. For PNG, the decoding of 64 pictures, on all
cores.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, repeat
from pathlib import Path
from typing import Any

import numpy as np

BATCH, STEPS = 64, 8
Source = Callable[[], Iterator[tuple[Any, Any]]]
Calls = Callable[[], None]
THERE = "batches that are there already"


@dataclass(frozen=True)
class Feed:
    """A way of loading; what of it nobody could spare, and whether that has to wait for the step or goes beside it."""

    source: Source
    calls: Calls | None = None
    beside: bool = False


def networks() -> dict[str, Any]:
    """A perceptron, whose step is so short that loading is felt most, and the network of the tour's kind."""
    from dlcore.gluon import nn

    mlp = nn.HybridSequential(nn.Flatten(), nn.Dense(128, activation="relu"), nn.Dense(64, activation="relu"))
    mlp.add(nn.Dense(10))
    lenet = nn.HybridSequential(nn.Conv2D(6, 5, padding=2, activation="relu"), nn.MaxPool2D(2))
    lenet.add(nn.Conv2D(16, 5, activation="relu"), nn.MaxPool2D(2), nn.Flatten())
    lenet.add(nn.Dense(120, activation="relu"), nn.Dense(84, activation="relu"), nn.Dense(10))
    return {"mlp": mlp, "lenet": lenet}


def step_of(net: Any) -> Callable[[Any, Any], Any]:
    """One compiled step: forward, loss, gradients, update."""
    import dlcore as dl
    from dlcore import autograd, gluon

    net.initialize(dl.init.Xavier())
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01})

    @dl.jit
    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            value = loss(net(x), y).mean()
        value.backward()
        trainer.step(1)
        return value

    return step


def forever(batches: Callable[[], Any]) -> Iterator[Any]:
    """Pass after pass."""
    while True:
        yield from batches()


def in_turn(change: Callable[[Any], Any], pictures: Any, together: bool) -> Calls:
    """The calls of a function for one batch after another, with nothing around them."""
    order = np.random.default_rng(1).permutation(len(pictures)).reshape(-1, BATCH)
    chosen = cycle(list(order) if together else order.tolist())

    def call() -> None:
        if together:
            change(pictures[next(chosen)])
        else:
            for index in next(chosen):
                change(pictures[index])

    return call


def decoded(folder: Path) -> Calls:
    """The decoding of one batch after another, with nothing around it."""
    from dlcore import _core, io

    with io.recordio.MXIndexedRecordIO(f"{folder / 'pictures'}.idx", f"{folder / 'pictures'}.rec", "r") as file:
        places = np.array([file.idx[key] for key in file.keys])
    sizes, rows = np.full(BATCH, 600), np.arange(BATCH)
    chosen = cycle(list(np.random.default_rng(1).permutation(places).reshape(-1, BATCH)))
    pixels, labels = np.empty((BATCH, 28, 28, 1), np.uint8), np.empty((BATCH, 1), np.float32)
    records = open(folder / "pictures.rec", "rb", buffering=0)  # noqa: SIM115 (open as long as the program runs)
    return lambda: _core.fill_pictures(records.fileno(), next(chosen), sizes, rows, pixels, labels, False) and None


def feeds_of(folder: Path) -> dict[str, Feed]:
    """Every way of loading the same 12,800 pictures."""
    import dlcore as dl
    from dlcore import io
    from dlcore.gluon.data import ArrayDataset, DataLoader, vision
    from dlcore.gluon.data.vision import transforms

    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (12800, 28, 28, 1), dtype=np.uint8)
    labels = rng.integers(0, 10, 12800).astype(np.int32)
    floats = (pictures.transpose(0, 3, 1, 2) / np.float32(255)).astype(np.float32)
    raw = ArrayDataset(pictures, labels)
    tensors = raw.transform_first(transforms.ToTensor())
    mirrored = raw.transform_first(transforms.Compose([transforms.RandomFlipLeftRight(), transforms.ToTensor()]))

    def scaled(picture: np.ndarray) -> np.ndarray:
        return picture.transpose(2, 0, 1) / np.float32(255)

    class Scaled(transforms.Transform):
        """The same as a transform: of pictures or of stacks of them."""

        def _apply(self, array: np.ndarray) -> np.ndarray:
            return np.moveaxis(array, -1, -3) / np.float32(255)

    own, stacks = raw.transform_first(scaled), raw.transform_first(Scaled())
    digits = vision.MNIST()._data
    record = folder / "pictures"
    with io.recordio.MXIndexedRecordIO(f"{record}.idx", f"{record}.rec", "w") as file:
        for k in range(3200):
            header = io.recordio.IRHeader(0, float(labels[k]), k, 0)
            file.write_idx(k, io.recordio.pack_img(header, digits[k], img_fmt=".png"))

    def loader(data: Any, workers: int, calls: Calls | None = None) -> Feed:
        made = DataLoader(data, BATCH, shuffle=True, num_workers=workers, last_batch="discard")
        return Feed(lambda: forever(lambda: made), calls, beside=workers > 0)

    def iterator(made: Any, calls: Calls | None = None) -> Feed:
        def batches() -> Iterator[Any]:
            made.reset()
            for batch in made:
                yield batch.data[0], batch.label[0]

        return Feed(lambda: forever(batches), calls)

    def records(calls: Calls | None = None, **words: Any) -> Feed:
        made = io.ImageRecordIter(
            f"{record}.rec", (1, 28, 28), BATCH, path_imgidx=f"{record}.idx", shuffle=True, std_r=255.0, **words
        )
        for _ in made:  # what may be kept is kept now
            pass
        return iterator(io.PrefetchingIter(made), calls)

    def there() -> Iterator[tuple[Any, Any]]:
        return cycle([(x, y) for x, y in DataLoader(ArrayDataset(floats, labels), BATCH, last_batch="discard")])

    one_by_one, at_once = in_turn(scaled, pictures, False), in_turn(Scaled()._apply, pictures, True)

    return {
        THERE: Feed(there),
        "DataLoader, arrays": loader(ArrayDataset(floats, labels), 0),
        "DataLoader, arrays, 2 threads": loader(ArrayDataset(floats, labels), 2),
        "DataLoader, ToTensor of bytes": loader(tensors, 0),
        "DataLoader, ToTensor of bytes, 2 threads": loader(tensors, 2),
        "DataLoader, random flips": loader(mirrored, 0),
        "DataLoader, random flips, 1 thread": loader(mirrored, 1),
        "DataLoader, a function of one's own": loader(own, 0, one_by_one),
        "DataLoader, a function of one's own, 1 thread": loader(own, 1, one_by_one),
        "DataLoader, a transform of one's own": loader(stacks, 0, at_once),
        "DataLoader, a transform of one's own, 1 thread": loader(stacks, 1, at_once),
        "NDArrayIter": iterator(dl.io.NDArrayIter(floats, labels, BATCH, shuffle=True)),
        "ImageRecordIter (PNG), first pass": records(decoded(folder), keep_mb=0),
        "ImageRecordIter (PNG), later passes": records(),
        "ImageRecordIter (PNG), later passes, rand_mirror": records(rand_mirror=True),
    }


def seconds(step: Any, feed: Iterator[tuple[Any, Any]], steps: int) -> float:
    """The time of so many steps, the loading included."""
    for _ in range(2):
        step(*next(feed))
    begun = time.perf_counter()
    for _ in range(steps):
        value = step(*next(feed))
    float(value)
    return time.perf_counter() - begun


def after(calls: Calls, feed: Iterator[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """The same, each time behind these calls."""
    for pair in feed:
        calls()
        yield pair


@contextmanager
def before_all_others(asked: bool) -> Iterator[None]:
    """Within, no other program gets a processor that this one wants."""

    def all_threads(policy: int, priority: int) -> None:
        for task in os.listdir("/proc/self/task") if asked else ():
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setscheduler(int(task), policy, os.sched_param(priority))

    all_threads(os.SCHED_RR, 1)
    try:
        yield
    finally:
        all_threads(os.SCHED_OTHER, 0)


def measure(net: Any, feeds: dict[str, Feed], options: Any) -> tuple[float, dict[str, tuple[float, float]]]:
    """Steps a second without loading, and of that rate each loader's share and the one that none could pass."""
    step, cores = step_of(net), len(os.sched_getaffinity(0))
    shares: dict[str, tuple[float, float]] = {}
    rate = 0.0
    for name, given in feeds.items():
        feed = given.source()
        x, y = next(feed)
        kept = repeat((x.copy(), y.copy()))  # of the same kind: a step on zeros is a third quicker
        contestants = [kept, feed] + ([after(given.calls, kept)] if given.calls else [])
        seconds(step, feed, 10)  # the pass begins, threads start
        with before_all_others(options.first):
            slices = [[seconds(step, each, options.steps) for each in contestants] for _ in range(options.rounds)]
        plain, loaded, *called = (min(times) for times in zip(*slices, strict=True))
        if called:
            attainable = plain / (plain + (called[0] - plain) / (cores if given.beside else 1))
        else:
            attainable = shares[THERE][0] if shares else 1.0
        shares[name], rate = (plain / loaded, attainable), max(rate, options.steps / plain)
    return rate, shares


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", choices=["mlp", "lenet", []], help="default: both")
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=0, help="of the compiled step; default: all cores")
    parser.add_argument(
        "--first", action="store_true", help="with the priority of real time, as root: in a second or so"
    )
    options = parser.parse_args()
    if options.threads:
        os.environ["DLCORE_NUM_THREADS"] = str(options.threads)
    found = networks()
    chosen = options.networks or list(found)
    with tempfile.TemporaryDirectory() as folder:
        feeds = feeds_of(Path(folder))
        results = {name: measure(found[name], feeds, options) for name in chosen}
    print(f"| share of the rate without loading | {' | '.join(f'{n} | attainable' for n in chosen)} |")
    print(f"|---|{'---|---|' * len(chosen)}")
    print("| steps a second without loading | " + " | ".join(f"{results[n][0]:.0f} |" for n in chosen) + " |")
    for feed in feeds:
        print(f"| {feed} | " + " | ".join("{:.2f} | {:.2f}".format(*results[n][1][feed]) for n in chosen) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
