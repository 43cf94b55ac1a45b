"""Metrics of classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.ops import F

from ._inside import true_of
from ._metric import EvalMetric, register


@register("acc")
class Accuracy(EvalMetric):
    """Share of right classes.

    pred: classes of label's shape, or scores with one more axis (`axis`), whose largest counts.

    >>> metric = Accuracy()
    >>> metric.update(np.array([1, 0]), np.array([[0.2, 0.8], [0.3, 0.7]]))
    >>> metric.get()
    ('accuracy', 0.5)
    """

    def __init__(self, axis: int = 1, name: str = "accuracy", **kwargs: Any) -> None:
        self.axis = axis
        super().__init__(name, **kwargs)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        if self._scored(label, pred):
            pred = pred.argmax(axis=self.axis)
        return int(np.count_nonzero(pred.reshape(-1) == label.reshape(-1))), label.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        if self._scored(label, pred):
            pred = F.argmax(pred, axis=self.axis)
        return true_of(F.equal(*(F.cast(F.reshape(a, (-1,)), "float64") for a in (pred, label))))

    def _scored(self, label: Any, pred: Any) -> bool:
        """Whether predictions are scores of classes. ValueError where they do not fit the labels."""
        if pred.shape == label.shape or pred.ndim < 1:
            return False
        if pred.ndim <= self.axis:
            raise ValueError(
                f"{self.name}: axis {self.axis} is out of range for predictions of shape {pred.shape}; labels have "
                f"shape {label.shape}"
            )
        if pred.size != label.size * pred.shape[self.axis]:
            raise ValueError(f"{self.name}: predictions of shape {pred.shape} do not fit labels of shape {label.shape}")
        return True


@register("top_k_accuracy", "top_k_acc")
class TopKAccuracy(EvalMetric):
    """Share of samples whose class is among the `top_k` largest scores. pred: (n, classes), label: (n,).

    >>> metric = TopKAccuracy(top_k=2)
    >>> metric.update(np.array([2]), np.array([[0.1, 0.5, 0.4]]))
    >>> metric.get()
    ('top_k_accuracy_2', 1.0)
    """

    def __init__(self, top_k: int = 1, name: str = "top_k_accuracy", **kwargs: Any) -> None:
        if top_k < 1:
            raise ValueError(f"{name}: expected top_k >= 1, got {top_k}")
        self.top_k = top_k
        super().__init__(f"{name}_{top_k}", **kwargs)

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        self._fit(label, pred)
        top = np.argsort(-pred, axis=1, kind="stable")[:, : self.top_k]
        return int(np.count_nonzero(top == label.reshape(-1, 1))), label.size

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        self._fit(label, pred)
        top = F.argtopk(pred, k=min(self.top_k, pred.shape[1]), axis=1)
        return true_of(F.any(F.equal(F.cast(top, "float64"), F.cast(F.reshape(label, (-1, 1)), "float64")), axis=1))

    def _fit(self, label: Any, pred: Any) -> None:
        if pred.ndim != 2 or label.size != pred.shape[0]:
            raise ValueError(
                f"{self.name}: expected scores (n, classes) and labels (n,), got {pred.shape}, {label.shape}"
            )
