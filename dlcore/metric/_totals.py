"""What a metric has seen since its last line in a log, and since the beginning of the epoch."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dlcore import _core

from ._sums import refused


class Totals:
    """Mixed into `EvalMetric`: a part of an epoch may be looked at without forgetting the whole of it.

    A subclass of the user's own that counts both itself says `has_global_stats=True` and adds to `global_sum_metric`
    and `global_num_inst` as well.
    """

    def reset_local(self: Any) -> None:
        """Begin a new part of the epoch: `get` forgets what was seen, `get_global` does not.

        >>> from dlcore import metric, nd
        >>> error = metric.MAE()
        >>> error.update(nd.array([0.0]), nd.array([1.0]))
        >>> error.reset_local()
        >>> error.update(nd.array([0.0]), nd.array([3.0]))
        >>> error.get(), error.get_global()
        (('mae', 3.0), ('mae', 2.0))
        """
        if not self._own():
            self.sum_metric, self.num_inst = 0.0, 0
            return
        seen = self._whole()
        self.reset()
        self._earlier = seen

    def get_global(self: Any) -> tuple[Any, Any]:
        """`get` over everything since `reset`."""
        if not self._own():
            if not self._has_global_stats:
                return self.get()  # type: ignore[no-any-return]
            count = self.global_num_inst
            return self.name, self.global_sum_metric / count if count else float("nan")
        return self._whole().get()  # type: ignore[no-any-return]

    def get_global_name_value(self: Any) -> list[tuple[str, float]]:
        """`get_global` as a list of pairs."""
        names, values = self.get_global()
        return list(zip(names, values, strict=True)) if isinstance(names, list) else [(names, values)]

    def update_dict(self: Any, label: Mapping[str, Any], pred: Mapping[str, Any]) -> None:
        """`update` with arrays by name: those of `label_names` and `output_names`, or all.

        >>> from dlcore import metric, nd
        >>> error = metric.MAE(label_names=["y"])
        >>> error.update_dict({"x": nd.array([9.0]), "y": nd.array([1.0])}, {"out": nd.array([3.0])})
        >>> error.get()
        ('mae', 2.0)
        """
        self.update(_chosen(label, self.label_names), _chosen(pred, self.output_names))

    def get_config(self: Any) -> dict[str, Any]:
        """What the metric was made with, and its class, as a dict."""
        names = {"name": self.name, "output_names": self.output_names, "label_names": self.label_names}
        return {**self._kwargs, "metric": type(self).__name__, **names}

    def _own(self) -> bool:
        """Whether this is a metric of dlcore's, whose parts can be put together again."""
        return type(self).__module__.startswith("dlcore.")

    def _whole(self: Any) -> Any:
        """A copy that has seen everything since `reset`; `reset` and `update` of metrics make new arrays."""
        if _core.is_tracing():
            raise refused(self, "parts of an epoch are told apart outside compiled functions", "call it after them")
        functions = {id(value): value for value in vars(self).values() if callable(value)}
        found = copy.deepcopy(self, functions)
        if self._earlier is not None:
            found.merge(self._earlier)
        found._earlier = None
        return found


def _chosen(arrays: Mapping[str, Any], names: Any) -> list[Any]:
    absent = [name for name in names or () if name not in arrays]
    if absent:
        raise ValueError(f"metric: there is no array called {absent[0]!r} among {', '.join(arrays)}")
    return [arrays[name] for name in names or arrays]
