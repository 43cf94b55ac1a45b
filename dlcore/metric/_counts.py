"""Metrics of yes-or-no and of several classes that are made from a table of counts: F1 and its kin, MCC, PCC, AUC."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.graph import outside_trace
from dlcore.ops import F

from ._inside import true_of, wrong_if_negative
from ._metric import EvalMetric, register
from ._sums import Sum, arrays, refused


def _classes(label: np.ndarray, pred: np.ndarray, name: str, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Flat labels and predicted classes; scores have one axis more, a single score is compared with `threshold`."""
    label = label.reshape(-1)
    if pred.ndim == 2 and pred.shape[1] > 1:
        chosen = pred.argmax(axis=1)
    else:
        flat = pred.reshape(-1)
        chosen = flat if flat.dtype.kind in "iub" else (flat > threshold).astype(np.int64)
    _fit(label, chosen, pred, name)
    return label.astype(np.int64), chosen.astype(np.int64)


def _classes_inside(label: Any, pred: Any, name: str, threshold: float) -> tuple[Any, Any]:
    """`_classes` in a compiled function."""
    if pred.ndim == 2 and pred.shape[1] > 1:
        chosen = F.argmax(pred, axis=1)
    else:
        chosen = F.reshape(pred, (-1,))
        if np.dtype(chosen.dtype).kind not in "iub":
            chosen = F.greater(chosen, threshold)
    _fit(label, chosen, pred, name)
    return F.cast(F.reshape(label, (-1,)), "int64"), F.cast(chosen, "int64")


def _fit(label: Any, chosen: Any, pred: Any, name: str) -> None:
    if chosen.size != label.size:
        raise ValueError(f"{name}: predictions of shape {pred.shape} do not fit labels of shape {label.shape}")


def _table_inside(label: Any, chosen: Any, like: Any) -> Any:
    """How often each class was taken for which, in a compiled function, whose run fails for a class out of range."""
    places = (wrong_if_negative(classes, like.shape[0]) for classes in (label, chosen))
    return F.index_add(F.zeros_like(like), 1, *places)


class _Binary(EvalMetric):
    """Base of metrics of a 2 x 2 table. average: "macro" is the mean over batches, "micro" one table for all."""

    _table = Sum()  # [label, predicted]

    def __init__(self, name: str, average: str = "macro", threshold: float = 0.5, **kwargs: Any) -> None:
        if average not in ("macro", "micro"):
            raise ValueError(f"{name}: expected average 'macro' or 'micro', got {average!r}")
        self.average, self.threshold = average, threshold
        super().__init__(name, **kwargs)

    def reset(self) -> None:
        super().reset()
        self._table = np.zeros((2, 2), np.int64)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        label, chosen = _classes(label, pred, self.name, self.threshold)
        for what, values in (("labels", label), ("predictions", chosen)):
            if values.size and (values.min() < 0 or values.max() > 1):
                raise ValueError(f"{self.name}: expected {what} of two classes, 0 and 1; got {np.unique(values)[:6]}")
        table = np.bincount(2 * label + chosen, minlength=4).reshape(2, 2)
        self._table = self._table + table
        return self.value(table), 1

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        before = self._table
        table = _table_inside(*_classes_inside(label, pred, self.name, self.threshold), before)
        self._table = before + table
        return self.value(F.cast(table, "float64")), 1

    def merge(self, other: EvalMetric) -> None:
        super().merge(other)
        assert isinstance(other, _Binary)
        self._table = self._table + other._table

    def get(self) -> tuple[str, float]:
        if self.average == "micro" and self.num_inst:
            return self.name, self.value(self._table)
        return super().get()

    def value(self, table: Any) -> Any:
        """The metric of one table of counts [label, predicted], also of one in a compiled function."""
        raise NotImplementedError


def _ratio(above: Any, below: Any) -> Any:
    """A share of nothing is 0, as scikit-learn's zero_division=0 has it."""
    if isinstance(below, _core.NDArray):
        return F.where(F.greater(below, 0.0), F.divide(above, F.where(F.greater(below, 0.0), below, 1.0)), 0.0)
    return float(above) / float(below) if below > 0 else 0.0


@register
class Fbeta(_Binary):
    """F-beta = (1 + b^2) P R / (b^2 P + R) of precision P and recall R (van Rijsbergen, 1979).

    pred: classes, scores (n, 2), or one score for each sample, which is compared with `threshold`.

    >>> metric = Fbeta(beta=2, average="micro")
    >>> metric.update(np.array([1, 1, 0]), np.array([1, 0, 0]))
    >>> round(metric.get()[1], 4)
    0.5556
    """

    def __init__(self, name: str = "fbeta", beta: float = 1.0, average: str = "macro", **kwargs: Any) -> None:
        if not beta > 0:
            raise ValueError(f"{name}: expected beta above 0, got {beta}")
        self.beta = beta
        super().__init__(name, average, **kwargs)

    def value(self, table: Any) -> Any:
        wrong, missed, right = table[0, 1], table[1, 0], table[1, 1]
        square = self.beta**2
        return _ratio((1 + square) * right, (1 + square) * right + square * missed + wrong)


@register
class F1(Fbeta):
    """Harmonic mean of precision and recall. average: "macro" is the mean over batches, "micro" that of all samples.

    >>> metric = F1()
    >>> metric.update(np.array([1, 1, 0, 0]), np.array([[0.3, 0.7], [0.6, 0.4], [0.2, 0.8], [0.9, 0.1]]))
    >>> metric.get()
    ('f1', 0.5)
    """

    def __init__(self, name: str = "f1", average: str = "macro", **kwargs: Any) -> None:
        super().__init__(name, 1.0, average, **kwargs)


@register
class Precision(_Binary):
    """Share of the predicted ones that are ones.

    >>> metric = Precision()
    >>> metric.update(np.array([1, 0]), np.array([1, 1]))
    >>> metric.get()
    ('precision', 0.5)
    """

    def __init__(self, name: str = "precision", average: str = "micro", **kwargs: Any) -> None:
        super().__init__(name, average, **kwargs)

    def value(self, table: Any) -> Any:
        return _ratio(table[1, 1], table[:, 1].sum())


@register
class Recall(_Binary):
    """Share of the ones that were predicted as ones.

    >>> metric = Recall()
    >>> metric.update(np.array([1, 1]), np.array([1, 0]))
    >>> metric.get()
    ('recall', 0.5)
    """

    def __init__(self, name: str = "recall", average: str = "micro", **kwargs: Any) -> None:
        super().__init__(name, average, **kwargs)

    def value(self, table: Any) -> Any:
        return _ratio(table[1, 1], table[1].sum())


def _correlation(table: Any) -> Any:
    """The R_K statistic of a table [label, predicted] (Gorodkin, 2004); with two classes Matthews' coefficient."""
    table = table.astype(np.float64)
    total, right = table.sum(), table.diagonal().sum()
    labels, chosen = table.sum(axis=1), table.sum(axis=0)
    below = (total * total - (chosen * chosen).sum()) * (total * total - (labels * labels).sum())
    return _ratio(right * total - (labels * chosen).sum(), below**0.5)


@register
class MCC(_Binary):
    """Matthews' correlation coefficient, -1 to 1 (Matthews, 1975); 0 where a class never occurs.

    >>> metric = MCC()
    >>> metric.update(np.array([1, 0, 1, 0]), np.array([1, 0, 1, 0]))
    >>> metric.get()
    ('mcc', 1.0)
    """

    def __init__(self, name: str = "mcc", average: str = "macro", **kwargs: Any) -> None:
        super().__init__(name, average, **kwargs)

    def value(self, table: Any) -> Any:
        return _correlation(table)


@register
class ConfusionMatrix(EvalMetric):
    """How often each class was taken for which: `matrix[label, predicted]`. Its value is the share on the diagonal.

    >>> metric = ConfusionMatrix()
    >>> metric.update(np.array([0, 1, 1]), np.array([0, 1, 0]))
    >>> metric.matrix
    array([[1, 0],
           [1, 1]])
    """

    def __init__(self, name: str = "confusion", threshold: float = 0.5, **kwargs: Any) -> None:
        self.threshold = threshold
        super().__init__(name, **kwargs)

    matrix = Sum()

    def reset(self) -> None:
        super().reset()
        known = arrays(self).get("matrix")  # of a compiled function, which has it in hand
        size = 0 if known is None else known.shape[0]
        self.matrix = np.zeros((size, size), np.int64)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        scores = pred.shape[1] if pred.ndim == 2 else 0
        label, chosen = _classes(label, pred, self.name, self.threshold)
        if label.size and min(label.min(), chosen.min()) < 0:
            raise ValueError(f"{self.name}: expected classes from 0, got {min(label.min(), chosen.min())}")
        size = max(scores, len(self.matrix), *(int(v.max()) + 1 for v in (label, chosen) if v.size), 0)
        self._add(np.bincount(size * label + chosen, minlength=size * size).reshape(size, size))
        return float(np.count_nonzero(label == chosen)), label.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        if pred.ndim != 2 or pred.shape[1] < 2:
            raise refused(self, "it needs scores (n, classes): classes alone do not say how many there may be")
        classes = pred.shape[1]
        outside_trace(lambda: self._know(classes))
        matrix = self.matrix
        label, chosen = _classes_inside(label, pred, self.name, self.threshold)
        self.matrix = matrix + _table_inside(label, chosen, matrix)
        return true_of(F.equal(label, chosen))

    def _know(self, classes: int) -> None:
        """Have room for so many classes."""
        if len(self.matrix) < classes:
            self._add(np.zeros((classes, classes), np.int64))

    def _add(self, table: np.ndarray) -> None:
        size = max(len(table), len(self.matrix))
        both = np.zeros((size, size), np.int64)
        for part in (table, self.matrix):
            both[: len(part), : len(part)] += part
        self.matrix = both

    def merge(self, other: EvalMetric) -> None:
        super().merge(other)
        assert isinstance(other, ConfusionMatrix)
        self._add(other.matrix)


@register
class PCC(ConfusionMatrix):
    """Correlation of labels and predictions of any number of classes: Matthews' coefficient for more than two.

    Source: J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004.

    >>> metric = PCC()
    >>> metric.update(np.array([0, 1, 2]), np.array([0, 1, 2]))
    >>> metric.get()
    ('pcc', 1.0)
    """

    def __init__(self, name: str = "pcc", threshold: float = 0.5, **kwargs: Any) -> None:
        super().__init__(name, threshold, **kwargs)

    def get(self) -> tuple[str, float]:
        return self.name, _correlation(self.matrix) if self.num_inst else math.nan


@register
class BinaryAccuracy(EvalMetric):
    """Share of elements on the right side of `threshold`. pred and label have as many elements.

    >>> metric = BinaryAccuracy(threshold=0.6)
    >>> metric.update(np.array([1, 0, 0, 0]), np.array([0.7, 1.0, 0.55, 0.2]))
    >>> metric.get()
    ('binary_accuracy', 0.75)
    """

    def __init__(self, name: str = "binary_accuracy", threshold: float = 0.5, **kwargs: Any) -> None:
        self.threshold = threshold
        super().__init__(name, **kwargs)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        _fit(label, pred, pred, self.name)
        return int(np.count_nonzero((pred.reshape(-1) > self.threshold) == (label.reshape(-1) > 0.5))), label.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        _fit(label, pred, pred, self.name)
        scores, labels = F.reshape(pred, (-1,)), F.reshape(label, (-1,))
        return true_of(F.equal(F.greater(scores, self.threshold), F.greater(labels, 0.5)))


@register("roc_auc")
class AUC(EvalMetric):
    """Area under the ROC curve: how often a one has a higher score than a zero; ties count half (Hanley, McNeil 1982).

    pred: one score for each sample, or (n, 2) of which the second counts. Keeps all scores until `reset`; nan until
    both classes were seen.

    >>> metric = AUC()
    >>> metric.update(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> metric.get()
    ('auc', 0.75)
    """

    def __init__(self, name: str = "auc", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)

    def reset(self) -> None:
        super().reset()
        self._labels: list[np.ndarray] = []
        self._scores: list[np.ndarray] = []

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        scores = pred[:, 1] if pred.ndim == 2 and pred.shape[1] == 2 else pred.reshape(-1)
        if scores.size != label.size:
            raise ValueError(f"{self.name}: predictions of shape {pred.shape} do not fit labels of shape {label.shape}")
        self._labels.append(label.reshape(-1) > 0.5)
        self._scores.append(scores.astype(np.float64))
        return 0.0, label.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        raise refused(self, "it keeps the scores of all batches, which a compiled function cannot")

    def merge(self, other: EvalMetric) -> None:
        super().merge(other)
        assert isinstance(other, AUC)
        self._labels += other._labels
        self._scores += other._scores

    def get(self) -> tuple[str, float]:
        if not self._labels:
            return self.name, math.nan
        label, scores = np.concatenate(self._labels), np.concatenate(self._scores)
        _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
        rank = (np.cumsum(count) - (count - 1) / 2)[place]  # the mean rank of equal scores
        ones = int(label.sum())
        zeros = label.size - ones
        if not ones or not zeros:
            return self.name, math.nan
        return self.name, float((rank[label].sum() - ones * (ones + 1) / 2) / (ones * zeros))
