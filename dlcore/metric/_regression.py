"""Means of errors and of losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops import F

from ._inside import as_array, count_of
from ._metric import EvalMetric, host, register


@register
class Loss(EvalMetric):
    """Mean of all values of a loss; labels are ignored.

    >>> metric = Loss()
    >>> metric.update(None, np.array([1.0, 3.0]))
    >>> metric.get()
    ('loss', 2.0)
    """

    def __init__(self, name: str = "loss", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)

    def update(self, labels: Any, preds: Any) -> None:
        for pred in preds if isinstance(preds, (list, tuple)) else [preds]:
            if _core.is_tracing():
                inside = as_array(pred)
                self.sum_metric = self.sum_metric + F.sum(F.cast(inside, "float64"))
                self.num_inst = self.num_inst + count_of(inside)
                continue
            values = host(pred)
            self.sum_metric += float(values.sum(dtype=np.float64))
            self.num_inst += values.size


class _Error(EvalMetric):
    """Mean over batches of the mean error of a batch, as MXNet counts it."""

    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        self._fit(label, pred)
        difference = label.reshape(pred.shape).astype(np.float64) - pred
        return float(self.each(difference).mean()), 1

    def _inside(self, label: Any, pred: Any) -> tuple[Any, Any]:
        self._fit(label, pred)
        each = self.each(F.subtract(F.cast(F.reshape(label, pred.shape), "float64"), pred))
        return F.divide(F.sum(each), count_of(each)), 1

    def _fit(self, label: Any, pred: Any) -> None:
        if label.size != pred.size:
            raise ValueError(
                f"{self.name}: expected equal sizes, got labels {label.shape} and predictions {pred.shape}"
            )

    def each(self, difference: Any) -> Any:
        """The error of each sample from its difference, of a NumPy array or of one in a compiled function."""
        raise NotImplementedError


@register
class MAE(_Error):
    """Mean absolute error.

    >>> metric = MAE()
    >>> metric.update(np.array([1.0, 2.0]), np.array([2.0, 2.0]))
    >>> metric.get()
    ('mae', 0.5)
    """

    def __init__(self, name: str = "mae", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)

    def each(self, difference: Any) -> Any:
        return abs(difference)


@register
class MSE(_Error):
    """Mean squared error.

    >>> metric = MSE()
    >>> metric.update(np.array([1.0, 2.0]), np.array([2.0, 2.0]))
    >>> metric.get()
    ('mse', 0.5)
    """

    def __init__(self, name: str = "mse", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)

    def each(self, difference: Any) -> Any:
        return difference * difference


@register
class RMSE(MSE):
    """Root of the mean squared error.

    >>> metric = RMSE()
    >>> metric.update(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> metric.get()
    ('rmse', 2.0)
    """

    def __init__(self, name: str = "rmse", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)

    def get(self) -> tuple[str, float]:
        name, value = super().get()
        return name, math.sqrt(value)


@register
class Torch(Loss):
    """`Loss` under another name.

    >>> Torch().get()[0]
    'torch'
    """

    def __init__(self, name: str = "torch", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)


@register
class Caffe(Loss):
    """`Loss` under another name.

    >>> Caffe().get()[0]
    'caffe'
    """

    def __init__(self, name: str = "caffe", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
