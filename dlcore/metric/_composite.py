"""Several metrics as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._metric import EvalMetric, create, register


@register("composite")
class CompositeEvalMetric(EvalMetric):
    """Several metrics updated together.

    >>> both = CompositeEvalMetric(["acc", "ce"])
    >>> [name for name, _ in both.get_name_value()]
    ['accuracy', 'cross-entropy']
    """

    def __init__(self, metrics: list[Any] | None = None, name: str = "composite", **kwargs: Any) -> None:
        self.metrics = [create(metric) for metric in metrics or []]
        super().__init__(name, **kwargs)

    def add(self, metric: Any) -> None:
        """Add a metric, or what `create` makes one from."""
        self.metrics.append(create(metric))

    def get_metric(self, index: int) -> EvalMetric:
        """The metric number `index`. IndexError where there is none."""
        if not -len(self.metrics) <= index < len(self.metrics):
            raise IndexError(f"CompositeEvalMetric.get_metric: there is no metric {index} of {len(self.metrics)}")
        return self.metrics[index]

    def reset(self) -> None:
        for metric in self.metrics:
            metric.reset()

    def reset_local(self) -> None:
        for metric in self.metrics:
            metric.reset_local()

    def update(self, labels: Any, preds: Any) -> None:
        for metric in self.metrics:
            metric.update(labels, preds)

    def update_dict(self, label: Mapping[str, Any], pred: Mapping[str, Any]) -> None:
        for metric in self.metrics:
            metric.update_dict(label, pred)

    def merge(self, other: EvalMetric) -> None:
        assert isinstance(other, CompositeEvalMetric)
        for mine, theirs in zip(self.metrics, other.metrics, strict=True):
            mine.merge(theirs)

    def get(self) -> tuple[Any, Any]:
        """All names and all values, as two lists."""
        pairs = self.get_name_value()
        return [name for name, _ in pairs], [value for _, value in pairs]

    def get_global(self) -> tuple[Any, Any]:
        pairs = [pair for metric in self.metrics for pair in metric.get_global_name_value()]
        return [name for name, _ in pairs], [value for _, value in pairs]

    def get_name_value(self) -> list[tuple[str, float]]:
        return [pair for metric in self.metrics for pair in metric.get_name_value()]
