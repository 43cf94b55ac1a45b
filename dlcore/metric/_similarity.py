"""Metrics of how alike two arrays of numbers are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops import F

from ._inside import count_of
from ._metric import EvalMetric, register
from ._sums import Sum


def _pair(label: Any, pred: Any, name: str) -> tuple[Any, Any]:
    """Both in float64, in the shape of the predictions; of NumPy, or in a compiled function."""
    if label.size != pred.size:
        raise ValueError(f"{name}: expected equal sizes, got labels {label.shape} and predictions {pred.shape}")
    return label.reshape(pred.shape).astype(np.float64), pred.astype(np.float64)


@register("pearsonr")
class PearsonCorrelation(EvalMetric):
    """Pearson's r of labels and predictions. average: "macro" is the mean over batches, "micro" all samples as one.

    >>> metric = PearsonCorrelation()
    >>> metric.update(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    >>> round(metric.get()[1], 6)
    1.0
    """

    def __init__(self, name: str = "pearsonr", average: str = "macro", **kwargs: Any) -> None:
        if average not in ("macro", "micro"):
            raise ValueError(f"{name}: expected average 'macro' or 'micro', got {average!r}")
        self.average = average
        super().__init__(name, **kwargs)

    _count, _means, _products = Sum(whole=True), Sum(), Sum()

    def reset(self) -> None:
        super().reset()
        self._count, self._means, self._products = 0, np.zeros(2), np.zeros((2, 2))

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        label, pred = _pair(label, pred, self.name)
        both = np.stack([label.reshape(-1), pred.reshape(-1)])
        means = both.mean(axis=1) if both.shape[1] else np.zeros(2)
        centred = both - means[:, None]
        products = centred @ centred.T
        self._take(both.shape[1], means, products)
        return self._r(products), 1

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        label, pred = _pair(label, pred, self.name)
        if not label.size:
            return math.nan, 1
        both, count = F.stack(F.reshape(label, (-1,)), F.reshape(pred, (-1,))), count_of(label)
        means = F.divide(F.sum(both, axis=1), count)
        centred = F.subtract(both, F.reshape(means, (2, 1)))
        products = F.matmul(centred, F.transpose(centred))
        self._take(count, means, products)
        below = F.sqrt(F.multiply(products[0, 0], products[1, 1]))
        return F.where(F.greater(below, 0.0), F.divide(products[0, 1], below), math.nan), 1

    def _take(self, count: Any, means: Any, products: Any) -> None:
        """Join the sums of two sets of samples (Chan, Golub and LeVeque, 1979), which loses no digits."""
        before = self._count
        total = before + count
        if not isinstance(total, _core.NDArray) and not total:
            return
        apart = means - self._means
        self._products = self._products + products + apart[:, None] * apart[None, :] * before * count / total
        self._means = self._means + apart * count / total
        self._count = total

    @staticmethod
    def _r(products: np.ndarray) -> float:
        below = math.sqrt(products[0, 0] * products[1, 1])
        return float(products[0, 1] / below) if below else math.nan

    def merge(self, other: EvalMetric) -> None:
        super().merge(other)
        assert isinstance(other, PearsonCorrelation)
        self._take(other._count, other._means, other._products)

    def get(self) -> tuple[str, float]:
        if self.average == "micro" and self.num_inst:
            return self.name, self._r(self._products)
        return super().get()


@register
class R2(PearsonCorrelation):
    """Coefficient of determination, 1 - (squares of errors) / (squares around the labels' mean), over all samples.

    >>> metric = R2()
    >>> metric.update(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    >>> round(metric.get()[1], 6)
    0.5
    """

    def __init__(self, name: str = "r2", **kwargs: Any) -> None:
        super().__init__(name, "micro", **kwargs)

    def get(self) -> tuple[str, float]:
        if not self._count or not self._products[0, 0]:
            return self.name, math.nan
        of_labels, of_preds = self._products[0, 0], self._products[1, 1]
        apart = self._means[0] - self._means[1]
        errors = of_labels + of_preds - 2 * self._products[0, 1] + self._count * apart**2
        return self.name, float(1 - errors / of_labels)


@register
class MeanPairwiseDistance(EvalMetric):
    """Mean over samples of the p-norm of label - pred. label, pred: (n, features).

    >>> metric = MeanPairwiseDistance()
    >>> metric.update(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]]))
    >>> metric.get()
    ('mpd', 5.0)
    """

    def __init__(self, name: str = "mpd", p: float = 2, **kwargs: Any) -> None:
        self.p = p
        super().__init__(name, **kwargs)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        label, pred = _pair(label, pred, self.name)
        rows = (label - pred).reshape(len(pred), -1)
        return float(((np.abs(rows) ** self.p).sum(axis=1) ** (1 / self.p)).sum()), len(rows)

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        label, pred = _pair(label, pred, self.name)
        rows = F.abs(F.reshape(F.subtract(label, pred), (pred.shape[0], -1)))
        each = (F.sum(rows**self.p, axis=1)) ** (1 / self.p)
        return F.sum(each), count_of(each)


@register("cos_sim")
class MeanCosineSimilarity(EvalMetric):
    """Mean of the cosine between label and pred along their last axis; `eps` keeps a zero vector's at 0.

    >>> metric = MeanCosineSimilarity()
    >>> metric.update(np.array([[3.0, 4.0]]), np.array([[6.0, 8.0]]))
    >>> round(metric.get()[1], 6)
    1.0
    """

    def __init__(self, name: str = "cos_sim", eps: float = 1e-8, **kwargs: Any) -> None:
        self.eps = eps
        super().__init__(name, **kwargs)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        label, pred = _pair(label, pred, self.name)
        lengths = np.linalg.norm(label, axis=-1) * np.linalg.norm(pred, axis=-1)
        cosines = (label * pred).sum(axis=-1) / np.maximum(lengths, self.eps)
        return float(cosines.sum()), cosines.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        label, pred = _pair(label, pred, self.name)
        squares = (F.sum(F.multiply(a, a), axis=-1) for a in (label, pred))
        lengths = F.multiply(*map(F.sqrt, squares))
        cosines = F.divide(F.sum(F.multiply(label, pred), axis=-1), F.maximum(lengths, self.eps))
        return F.sum(cosines), count_of(cosines)
