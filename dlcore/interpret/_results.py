"""What a classifier gets right and wrong on a data set: confusion, scores of each class, its worst mistakes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore import autograd
from dlcore.run._data import batches

from ._blocks import batch_for, check_network

KEPT = 64  # mistakes whose samples are kept to be shown


@dataclass
class Mistakes:
    """Samples that were wrongly classified, the highest loss first; all arrays are equally long.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.HybridLambda(lambda F, x: x)
    >>> found = results(net, (numpy.eye(3, dtype="float32"), numpy.array([0, 1, 0])))
    >>> found.worst(5)
    sample 2: 0, predicted 2, loss 1.55
    """

    index: np.ndarray
    actual: list[str]
    predicted: list[str]
    losses: np.ndarray
    samples: list[np.ndarray] = field(repr=False)

    def __repr__(self) -> str:
        rows = zip(self.index, self.actual, self.predicted, self.losses, strict=True)
        return "\n".join(f"sample {i}: {a}, predicted {p}, loss {loss:.3g}" for i, a, p, loss in rows) or "no mistakes"


@dataclass
class Results:
    """`confusion[a, p]` counts the samples of class `a` that were called `p`; `names` are those of the classes.

    `actual`, `predicted` (class numbers) and `losses` (cross-entropy) have one entry a sample, in the data's order.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.HybridLambda(lambda F, x: x)
    >>> found = results(net, (numpy.eye(3, dtype="float32"), numpy.array([0, 1, 1])))
    >>> found.samples, found.predicted.tolist(), found.recall.tolist()
    (3, [0, 1, 2], [1.0, 0.5, 0.0])
    """

    names: list[str]
    actual: np.ndarray = field(repr=False)
    predicted: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)
    confusion: np.ndarray = field(repr=False)
    _kept: dict[int, np.ndarray] = field(repr=False, default_factory=dict)

    @property
    def samples(self) -> int:
        """How many samples were looked at."""
        return len(self.actual)

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(np.mean(self.actual == self.predicted))

    @property
    def loss(self) -> float:
        """The mean cross-entropy."""
        return float(self.losses.mean())

    @property
    def precision(self) -> np.ndarray:
        """Of the samples called a class, the share that is of it; 0 for a class that was never called."""
        return np.diag(self.confusion) / np.maximum(self.confusion.sum(axis=0), 1)

    @property
    def recall(self) -> np.ndarray:
        """Of the samples of a class, the share that was found; 0 for a class without samples."""
        return np.diag(self.confusion) / np.maximum(self.confusion.sum(axis=1), 1)

    @property
    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall, a class each."""
        precision, recall = self.precision, self.recall
        return 2 * precision * recall / np.maximum(precision + recall, 1e-12)

    def worst(self, count: int = 12) -> Mistakes:
        """The wrongly classified samples with the highest loss, at most 64 of them."""
        order = np.argsort(-self.losses, kind="stable")
        chosen = [int(i) for i in order if self.actual[i] != self.predicted[i]][: min(count, KEPT)]
        return Mistakes(
            np.array(chosen, int),
            [self.names[self.actual[i]] for i in chosen],
            [self.names[self.predicted[i]] for i in chosen],
            self.losses[chosen],
            [self._kept[i] for i in chosen],
        )

    def __repr__(self) -> str:
        width = max(5, *map(len, self.names))
        lines = [f"{self.samples:,} samples, accuracy {self.accuracy:.2%}, loss {self.loss:.4g}"]
        lines.append(f"{'class':<{width}}  precision  recall     f1  samples  most often taken for")
        for number, name in enumerate(self.names):
            row = self.confusion[number].copy()
            total, row[number] = int(row.sum()), 0
            taken = f"{self.names[int(row.argmax())]} ({row.max()})" if row.max() else ""
            scores = f"{self.precision[number]:9.3f} {self.recall[number]:7.3f} {self.f1[number]:6.3f}"
            lines.append(f"{name:<{width}}  {scores}  {total:7,}  {taken}".rstrip())
        return "\n".join(lines)


def results(net: Any, data: Any, names: list[str] | None = None, batch: int = 256) -> Results:
    """Classify all of `data` (as `dlcore.run.train` takes it, not shuffled) and compare with its labels.

    names: what the classes are called; their numbers by default. Errors: TypeError where `net` is no network,
    ValueError where labels are not class numbers or the output has not one number a class.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.HybridLambda(lambda F, x: x)
    >>> found = results(net, (numpy.eye(3, dtype="float32")[[0, 1, 2, 2]], numpy.array([0, 1, 2, 0])))
    >>> found.accuracy, found.confusion.tolist()
    (0.75, [[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    """
    check_network(net, "results")
    actual: list[int] = []
    scores: list[tuple[np.ndarray, np.ndarray]] = []
    kept = _Kept()
    with closing(batches(data, batch=batch, train=False).epoch(1)) as found:
        for piece in found:
            if np.dtype(piece.y.dtype).kind not in "iu" or piece.y.ndim > 1:
                raise ValueError(f"results: expected class numbers as labels, got {piece.y.dtype} {piece.y.shape}")
            with autograd.pause(train_mode=False):
                output = net(batch_for(net, piece.x)).asnumpy().astype(np.float64)
            labels = piece.y.asnumpy().astype(np.int64)
            if (
                output.ndim != 2
                or len(output) != len(labels)
                or not 0 <= labels.min() <= labels.max() < output.shape[1]
            ):
                known = f"labels {labels.min()} to {labels.max()}"
                raise ValueError(f"results: expected one output a class for {known}, got {output.shape}")
            kept.take(piece.x, labels, output, len(actual))
            actual += labels.tolist()
            scores.append((output.argmax(axis=1), cross_entropy(output, labels)))
    predicted, losses = (np.concatenate(column) for column in zip(*scores, strict=True))
    count = output.shape[1]
    called = [str(name) for name in names] if names is not None else [str(number) for number in range(count)]
    if len(called) != count:
        raise ValueError(f"results: expected {count} names of classes, got {len(called)}")
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (np.array(actual), predicted), 1)
    return Results(called, np.array(actual), predicted, losses, table, kept.samples())


def cross_entropy(output: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log softmax(output)[label], a number a sample."""
    shifted = output - output.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


class _Kept:
    """The samples of the worst mistakes so far, so that the whole set need not be held."""

    def __init__(self) -> None:
        self._found: list[tuple[float, int, np.ndarray]] = []

    def take(self, x: Any, labels: np.ndarray, output: np.ndarray, first: int) -> None:
        wrong = np.flatnonzero(output.argmax(axis=1) != labels)
        if not len(wrong):
            return
        losses, values = cross_entropy(output, labels), x.asnumpy()
        self._found += [(float(losses[i]), first + int(i), values[i]) for i in wrong]
        self._found.sort(key=lambda entry: (-entry[0], entry[1]))
        self._found = [(loss, i, value.copy()) for loss, i, value in self._found[:KEPT]]

    def samples(self) -> dict[int, np.ndarray]:
        return {index: value for _, index, value in self._found}
