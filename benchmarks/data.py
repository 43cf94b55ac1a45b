"""Whether loading keeps up: a compiled training step fed by each loader, beside the same step on a batch at hand.

    python benchmarks/data.py                     two networks, all loaders
    python benchmarks/data.py mlp --rounds 50 --threads 1

MNIST-sized work: 28 x 28 pictures in batches of 64. The step on one batch that stays, and the step fed by every loader,
take turns in short slices; of each the quickest slice counts, which is what it takes where nothing else runs, as long
as the machine is free now and then. The aim is 0.9 of the rate without loading. Pictures made up at random are as good
as digits here, but for PNG files, in which those hardly get smaller: there they are digits that ship with dlcore.
Files are decoded in the first pass and kept; what that pass costs is measured by keeping none.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

BATCH, STEPS = 64, 8
Source = Callable[[], Iterator[tuple[Any, Any]]]


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


def sources(folder: Path) -> dict[str, Source]:
    """Every way of loading the same 12,800 pictures, each as a function that begins to."""
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
    own = raw.transform_first(lambda picture: picture.transpose(2, 0, 1) / np.float32(255))

    class Scaled(transforms.Transform):
        """The same as a transform: of pictures or of stacks of them."""

        def _apply(self, array: np.ndarray) -> np.ndarray:
            return np.moveaxis(array, -1, -3) / np.float32(255)

    stacks = raw.transform_first(Scaled())
    digits = vision.MNIST()._data
    record = folder / "pictures"
    with io.recordio.MXIndexedRecordIO(f"{record}.idx", f"{record}.rec", "w") as file:
        for k in range(3200):
            header = io.recordio.IRHeader(0, float(labels[k]), k, 0)
            file.write_idx(k, io.recordio.pack_img(header, digits[k], img_fmt=".png"))

    def loader(data: Any, workers: int) -> Source:
        made = DataLoader(data, BATCH, shuffle=True, num_workers=workers, last_batch="discard")
        return lambda: forever(lambda: made)

    def iterator(made: Any) -> Source:
        def batches() -> Iterator[Any]:
            made.reset()
            for batch in made:
                yield batch.data[0], batch.label[0]

        return lambda: forever(batches)

    def records(**words: Any) -> Source:
        made = io.ImageRecordIter(
            f"{record}.rec", (1, 28, 28), BATCH, path_imgidx=f"{record}.idx", shuffle=True, std_r=255.0, **words
        )
        for _ in made:  # what may be kept is kept now
            pass
        return iterator(io.PrefetchingIter(made))

    return {
        "DataLoader, arrays": loader(ArrayDataset(floats, labels), 0),
        "DataLoader, ToTensor of bytes": loader(tensors, 0),
        "DataLoader, ToTensor of bytes, 2 threads": loader(tensors, 2),
        "DataLoader, random flips": loader(mirrored, 0),
        "DataLoader, random flips, 1 thread": loader(mirrored, 1),
        "DataLoader, a function of one's own, 1 thread": loader(own, 1),
        "DataLoader, a transform of one's own, 1 thread": loader(stacks, 1),
        "NDArrayIter": iterator(dl.io.NDArrayIter(floats, labels, BATCH, shuffle=True)),
        "ImageRecordIter (PNG), first pass": records(keep_mb=0),
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


def measure(net: Any, feeds: dict[str, Source], rounds: int, steps: int) -> tuple[float, dict[str, float]]:
    """Steps a second without loading, and each loader's share of that rate."""
    step = step_of(net)
    shares, rate = {}, 0.0
    for name, source in feeds.items():
        feed = source()
        x, y = next(feed)
        kept = repeat((x.copy(), y.copy()))  # of the same kind: a step on zeros is a third quicker
        seconds(step, feed, 10)  # the pass begins, threads start
        slices = [(seconds(step, kept, steps), seconds(step, feed, steps)) for _ in range(rounds)]
        plain, loaded = (min(times) for times in zip(*slices, strict=True))
        shares[name], rate = plain / loaded, max(rate, steps / plain)
    return rate, shares


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", choices=["mlp", "lenet", []], help="default: both")
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=0, help="of the compiled step; default: all cores")
    options = parser.parse_args()
    if options.threads:
        os.environ["DLCORE_NUM_THREADS"] = str(options.threads)
    found = networks()
    chosen = options.networks or list(found)
    with tempfile.TemporaryDirectory() as folder:
        feeds = sources(Path(folder))
        results = {name: measure(found[name], feeds, options.rounds, options.steps) for name in chosen}
    print(f"| share of the rate without loading | {' | '.join(chosen)} |\n|---|{'---|' * len(chosen)}")
    print("| steps a second without loading | " + " | ".join(f"{results[n][0]:.0f}" for n in chosen) + " |")
    for feed in feeds:
        print(f"| {feed} | " + " | ".join(f"{results[n][1][feed]:.2f}" for n in chosen) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
