"""Whatever `data=` was given, as an object that yields the batches of one epoch after another."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from dlcore._core import NDArray
from dlcore._hints import did_you_mean
from dlcore._kinds import Natural
from dlcore.array import array
from dlcore.gluon.data import ArrayDataset, DataLoader, Sampler, vision
from dlcore.gluon.data._strength import Strengthened, draws


class Batch(NamedTuple):
    """Input, label, how many samples of them are this process's, and how many all processes hold together."""

    x: Any
    y: Any
    samples: int
    total: int


class Batches:
    """Batches of (x, y), the last one of an epoch as short as it comes.

    With `size` processes every one of them walks the same batches in the same order and takes its own part of each.
    Subclasses give `steps` (in an epoch; None where unknown), `epoch`, `length`, `state` and `go_to`.
    """

    steps: int | None

    def epoch(self, number: int, start: int = 0) -> Generator[Batch, None, None]:
        """The batches of epoch `number`, counted from 1, without the first `start` (see `length`)."""
        raise NotImplementedError

    def length(self, batch: Batch) -> int:
        """How far a batch brings the walk through an epoch: samples, or 1 where only batches can be counted."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """What decides about the next epochs beside the random state, as JSON can hold it."""
        return {}

    def go_to(self, state: dict[str, Any]) -> None:
        """Be as when `state` was asked for."""


class IndexedBatches(Batches):
    """Batches of anything that can be indexed, in an order that `seed` and the epoch's number decide alone."""

    strength: float | None = None  # how strong random transforms are, 1 as they were made; None where there are none

    def __init__(self, count: int, batch: int, shuffle: bool, seed: int, rank: int = 0, size: int = 1) -> None:
        if count < 1:
            raise ValueError("data: expected at least one sample, got none")
        self.count, self.batch, self.shuffle, self.seed = count, batch, shuffle, seed
        self.steps = -(-count // batch)
        self.rank, self.size = rank, size

    def orders(self, number: int, begin: int = 0) -> Iterator[tuple[np.ndarray, int, int]]:
        """For every batch: the indices of this process's samples, how many of them count, and all processes' count."""
        order = np.arange(self.count)
        if self.shuffle:
            np.random.default_rng((self.seed, number)).shuffle(order)
        for start in range(begin, len(order), self.batch):
            part = order[start : start + self.batch]
            yield *share(part, self.rank, self.size), len(part)

    def resize(self, batch: int) -> None:
        """Take so many samples a batch from now on."""
        self.batch, self.steps = batch, -(-self.count // batch)

    def length(self, batch: Batch) -> int:
        return batch.total

    def state(self) -> dict[str, Any]:
        return {"seed": self.seed}  # the batch size is a knob

    def go_to(self, state: dict[str, Any]) -> None:
        self.seed = int(state["seed"])


class DatasetBatches(IndexedBatches):
    """Batches of a Gluon dataset, fetched ahead by the data loader's threads."""

    def __init__(self, dataset: Any, *args: Any) -> None:
        super().__init__(len(dataset), *args)
        self.strength = 1.0 if draws(dataset) else None
        self.dataset = dataset

    def epoch(self, number: int, start: int = 0) -> Generator[Batch, None, None]:
        orders = list(self.orders(number, start))
        # One thread works ahead: it prepares the next batch while the step of this one runs without the GIL.
        sampler = _InOrder([order[0] for order in orders])
        dataset = self.dataset if self.strength in (None, 1.0) else Strengthened(self.dataset, self.strength)
        loader = DataLoader(dataset, batch_sampler=sampler, num_workers=1, seed=self.seed)
        loader.epoch = number  # so that random transforms draw anew in every epoch
        ready: Any = iter(loader)
        with closing(ready):
            for sample, (_, counted, total) in zip(ready, orders, strict=True):
                x, y = pair(sample)
                yield Batch(x, y, counted, total)


class _InOrder(Sampler):
    """Batches of indices that were decided beforehand."""

    def __init__(self, batches: list[np.ndarray]) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)


class LoaderBatches(Batches):
    """The batches of a loader the user made, which decides about size and order itself."""

    def __init__(self, loader: Any, rank: int = 0, size: int = 1) -> None:
        self.loader = loader
        self.rank, self.size = rank, size
        self.steps = len(loader) if hasattr(loader, "__len__") else None

    def length(self, batch: Batch) -> int:
        return 1

    def state(self) -> dict[str, Any]:
        return {name: copy(getattr(owner, name)) for owner, name in self._counters()}

    def go_to(self, state: dict[str, Any]) -> None:
        for owner, name in self._counters():
            if name in state:
                setattr(owner, name, copy(state[name]))

    def _counters(self) -> Iterator[tuple[Any, str]]:
        """Where a `DataLoader` and its samplers keep what the next pass depends on."""
        sampler = getattr(self.loader, "batch_sampler", None)
        for owner, name in (
            (self.loader, "epoch"),
            (sampler, "_left_over"),
            (getattr(sampler, "_sampler", None), "_passes"),
        ):
            if isinstance(getattr(owner, name, None), (int, list)):
                yield owner, name

    def epoch(self, number: int, start: int = 0) -> Generator[Batch, None, None]:
        for place, sample in enumerate(self.loader):
            if place < start:
                continue
            x, y = (a if isinstance(a, NDArray) else array(as_numpy(a)) for a in pair(sample))
            total = counted = len(x)
            if self.size > 1:
                indices, counted = share(np.arange(total), self.rank, self.size)
                x, y = (array(as_numpy(a)[indices], dtype=a.dtype) for a in (x, y))
            yield Batch(x, y, counted, total)


def placed(batches: Iterator[Batch], device: Any) -> Iterator[Batch]:
    """The batches where the network is."""
    for batch in batches:
        yield batch._replace(x=batch.x.as_in_context(device), y=batch.y.as_in_context(device))


def share(indices: np.ndarray, rank: int, size: int) -> tuple[np.ndarray, int]:
    """This process's part of a batch, and how many of its samples count.

    Parts differ by one sample at most. Where there are fewer samples than processes, one is lent out that counts as
    none, so that every process has a batch to walk through the same step with.
    """
    if size == 1:
        return indices, len(indices)
    part = np.array_split(indices, size)[rank]
    return (part, len(part)) if len(part) else (indices[:1], 0)


def joined(part: Any, batch: Batch, comm: Any) -> Any:
    """An array with a row, or equally many rows, for each sample of `share`'s, as one process would have it: of all."""
    rows, rest = divmod(part.shape[0] if part.ndim else 0, batch.x.shape[0])
    if rest or not rows:
        raise ValueError(
            f"metric: expected labels and outputs with rows for each of {batch.x.shape[0]} samples, so that those of "
            f"all workers can be joined; got an array of shape {part.shape}"
        )
    before = sum(share(np.arange(batch.total), rank, comm.size)[1] for rank in range(comm.rank))
    values = part.asnumpy()
    whole = np.zeros((batch.total * rows, *part.shape[1:]), values.dtype)
    whole[before * rows : (before + batch.samples) * rows] = values[: batch.samples * rows]
    found = array(whole, dtype=part.dtype)
    comm.allreduce([found], op="sum")
    return found


def pair(sample: Any) -> tuple[Any, Any]:
    """The (x, y) in what a loader yielded."""
    if not isinstance(sample, (tuple, list)) or len(sample) != 2:
        got = f"{len(sample)} parts" if isinstance(sample, (tuple, list)) else type(sample).__name__
        raise ValueError(f"data: expected every batch to be a pair (x, y), got {got}; give samples and labels as one")
    return sample[0], sample[1]


def as_numpy(values: Any) -> np.ndarray:
    """Any array as a NumPy array; 64-bit floats become 32-bit ones, the dtype networks are made with."""
    try:
        values = values.asnumpy() if hasattr(values, "asnumpy") else np.asarray(values)
    except ValueError:
        raise ValueError(f"data: expected an array, got a {type(values).__name__} that is none") from None
    return values.astype(np.float32) if values.dtype == np.float64 else values


def _named(name: str, train: bool) -> Any:
    """A data set known by its name, images as floats in [0, 1]."""
    known = {"mnist": vision.MNIST, "fashion_mnist": vision.FashionMNIST}
    kind = known.get(name.lower().replace("-", "_"))
    if kind is None:
        raise ValueError(
            f"data: there is no data set {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"
        )
    return kind(train=train).transform_first(vision.transforms.ToTensor())


def _paired(x: Any, y: Any) -> Any:
    """Two arrays of equal length as a dataset."""
    x, y = as_numpy(x), as_numpy(y)
    if not x.ndim or not y.ndim or len(x) != len(y):
        raise ValueError(f"data: expected as many labels as samples, got shapes {x.shape} and {y.shape}")
    return ArrayDataset(x, y)


def batches(
    data: Any,
    *,
    batch: int,
    train: bool,
    seed: Natural = 0,
    rank: int = 0,
    size: int = 1,
) -> Batches:
    """`data` as `Batches`; shuffled when `train`.

    `data` is a dataset, a loader (which brings its own batch size and order), a pair of arrays (x, y), or the name
    "mnist" or "fashion_mnist". Raises TypeError for anything else, naming what was expected.
    """
    order: Sequence[Any] = (batch, train, seed, rank, size)
    if isinstance(data, str):
        data = _named(data, train)
    elif isinstance(data, (tuple, list)) and len(data) == 2 and all(hasattr(part, "__len__") for part in data):
        data = _paired(*data)
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "asnumpy"):
        return DatasetBatches(data, *order)
    if hasattr(data, "__iter__") and not isinstance(data, np.ndarray) and not hasattr(data, "asnumpy"):
        if iter(data) is data:
            raise TypeError("data: expected something that can be walked once an epoch, got an iterator that ends once")
        return LoaderBatches(data, rank, size)
    raise TypeError(
        "data: expected a dataset, a loader, a pair of arrays (x, y) or the name of a data set, "
        f"got {type(data).__name__}"
    )
