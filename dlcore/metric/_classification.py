"""Metrics of classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np

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
        if pred.shape != label.shape and pred.ndim >= 1:
            scores, axis = pred.shape, self.axis
            if pred.ndim <= axis:
                raise ValueError(f"{self.name}: axis {axis} of predictions of shape {scores}; labels are {label.shape}")
            pred = pred.argmax(axis=axis)
            if pred.size != label.size:
                raise ValueError(f"{self.name}: predictions of shape {scores} do not fit labels of shape {label.shape}")
        return int(np.count_nonzero(pred.reshape(-1) == label.reshape(-1))), label.size


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
        if pred.ndim != 2 or label.size != len(pred):
            raise ValueError(
                f"{self.name}: expected scores (n, classes) and labels (n,), got {pred.shape}, {label.shape}"
            )
        top = np.argsort(-pred, axis=1, kind="stable")[:, : self.top_k]
        return int(np.count_nonzero(top == label.reshape(-1, 1))), label.size
