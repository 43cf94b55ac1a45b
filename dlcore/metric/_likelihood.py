"""Metrics of probabilities: what the right class was given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore.ops import F

from ._inside import true_of, wrong_if_negative
from ._metric import EvalMetric, register


def given(label: np.ndarray, pred: np.ndarray, axis: int, name: str, ignore: int | None = None) -> np.ndarray:
    """The probability that `pred`, with the classes along `axis`, gives each label, less the labels `ignore`."""
    _fit(label, pred, axis, name)
    rows, classes = np.moveaxis(pred, axis, -1).reshape(label.size, -1), label.reshape(-1).astype(np.int64)
    if ignore is not None:
        rows, classes = rows[classes != ignore], classes[classes != ignore]
    if classes.size and (classes.min() < 0 or classes.max() >= rows.shape[1]):
        worst = classes.min() if classes.min() < 0 else classes.max()
        raise IndexError(f"{name}: expected classes from 0 to {rows.shape[1] - 1}, got {worst}")
    return rows[np.arange(classes.size), classes]


def _fit(label: Any, pred: Any, axis: int, name: str) -> None:
    if not -pred.ndim <= axis < pred.ndim or label.size * pred.shape[axis] != pred.size:
        raise ValueError(f"{name}: expected a class for every row of {pred.shape}, got labels {label.shape}")


def _given_inside(label: Any, pred: Any, axis: int, name: str, ignore: int | None = None) -> tuple[Any, Any]:
    """`given` in a compiled function: a probability for each label, and which of these count."""
    _fit(label, pred, axis, name)
    size = pred.shape[axis]
    axes = sorted(range(pred.ndim), key=lambda k: k == axis % pred.ndim)  # the classes last
    rows, classes = F.transpose(pred, axes), F.cast(F.reshape(label, (-1,)), "int64")
    counts = F.equal(classes, classes) if ignore is None else F.not_equal(classes, ignore)
    chosen = wrong_if_negative(classes, size)
    if ignore is not None:
        chosen = F.where(counts, chosen, 0)
    return F.pick(F.reshape(rows, (-1, size)), chosen, axis=1), counts


@register("ce", "cross-entropy")
class CrossEntropy(EvalMetric):
    """Mean of -log(pred[label]). pred: probabilities (n, classes), label: (n,) of classes.

    Raises IndexError for a class that has no probability.

    >>> metric = CrossEntropy()
    >>> metric.update(np.array([0]), np.array([[1.0, 0.0]]))
    >>> abs(metric.get()[1]) < 1e-6
    True
    """

    def __init__(self, eps: float = 1e-12, name: str = "cross-entropy", **kwargs: Any) -> None:
        self.eps = eps
        super().__init__(name, **kwargs)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        self._two_axes(label, pred)
        share = given(label, pred, -1, self.name)
        return float(-np.log(share + self.eps, dtype=np.float64).sum()), label.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        self._two_axes(label, pred)
        share, counts = _given_inside(label, pred, -1, self.name)
        return -F.sum(F.log(F.cast(F.add(share, self.eps), "float64"))), true_of(counts)[1]

    def _two_axes(self, label: Any, pred: Any) -> None:
        if pred.ndim != 2 or label.size != pred.shape[0]:
            raise ValueError(f"{self.name}: expected (n, classes) and labels (n,), got {pred.shape}, {label.shape}")


@register("nll_loss", "nll-loss")
class NegativeLogLikelihood(CrossEntropy):
    """The same under its other name: the mean of -log of what the right class was given.

    >>> metric = NegativeLogLikelihood()
    >>> metric.update(np.array([0]), np.array([[0.5, 0.5]]))
    >>> round(metric.get()[1], 4)
    0.6931
    """

    def __init__(self, eps: float = 1e-12, name: str = "nll-loss", **kwargs: Any) -> None:
        super().__init__(eps, name, **kwargs)


@register
class Perplexity(EvalMetric):
    """exp of the mean of -log(pred[label]): between how many classes a model hesitates.

    pred: probabilities with the classes along `axis`. ignore_label: a class, padding for instance, that counts for
    nothing.

    >>> metric = Perplexity()
    >>> metric.update(np.array([0, 1]), np.array([[0.25, 0.75], [0.75, 0.25]]))
    >>> round(metric.get()[1], 6)
    4.0
    """

    def __init__(self, ignore_label: int | None = None, axis: int = -1, name: str = "perplexity", **kw: Any) -> None:
        self.ignore_label, self.axis = ignore_label, axis
        super().__init__(name, **kw)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        share = given(label, pred, self.axis, self.name, self.ignore_label)
        return float(-np.log(np.maximum(share, 1e-10), dtype=np.float64).sum()), share.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        share, counts = _given_inside(label, pred, self.axis, self.name, self.ignore_label)
        each = F.log(F.cast(F.maximum(share, 1e-10), "float64"))
        return -F.sum(F.where(counts, each, 0.0)), true_of(counts)[0]

    def get(self) -> tuple[str, float]:
        name, value = super().get()
        return name, math.exp(min(value, 700.0))
