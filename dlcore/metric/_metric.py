"""The base of all metrics and their registry."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy

from dlcore import _core
from dlcore._hints import did_you_mean
from dlcore._kinds import no_array, shown

from ._inside import as_array, followed
from ._sums import Sum, plain, refused
from ._totals import Totals

_REGISTRY: dict[str, Callable[..., EvalMetric]] = {}
_Class = TypeVar("_Class", bound="type[EvalMetric]")


def host(array: Any) -> numpy.ndarray:
    """The values as a NumPy array, without a copy where the memory can be shared."""
    if hasattr(array, "_numpy_view") and array._device.startswith("cpu"):
        return array._numpy_view()
    if hasattr(array, "asnumpy"):
        return array.asnumpy()
    if no_array(array):
        raise TypeError(f"expected labels and predictions to be arrays of numbers, got {shown(array)}")
    return numpy.asarray(array)


def check_label_shapes(labels: Any, preds: Any, wrap: bool = False, shape: bool = False) -> tuple[Any, Any]:
    """labels and preds as they are, or each in a list if `wrap` and it is none yet.

    ValueError unless they are equally many, or with `shape`, of one shape.

    >>> check_label_shapes([1], [2], wrap=True)
    ([1], [2])
    """
    mine, theirs = (labels.shape, preds.shape) if shape else (len(labels), len(preds))
    if mine != theirs:
        raise ValueError(f"metric: expected as many labels as predictions, got {mine} and {theirs}")
    return tuple([a] if wrap and not isinstance(a, (list, tuple)) else a for a in (labels, preds))  # type: ignore[return-value]


class EvalMetric(Totals):
    """A mean over all samples seen since `reset`. A subclass gives `measure(label, pred)` -> (sum, count).

    `update(labels, preds)` takes NDArrays or NumPy arrays, or equally long lists of them. Further arguments of a class
    of your own are kept for `get_config`.

    `update` may be called in a function under `dlcore.jit`: its sums then belong to the compiled program, whose every
    run adds to them, and `get` reads them. A class of your own can do that with an `update` that adds arrays to
    `self.sum_metric` and `self.num_inst`; TraceError names what cannot.

    >>> import dlcore as dl
    >>> class Largest(EvalMetric):
    ...     def update(self, labels, preds):
    ...         self.sum_metric, self.num_inst = max(self.sum_metric, float(preds.max())), 1
    >>> metric = Largest("largest")
    >>> metric.update(None, dl.nd.array([1.0, 3.0]))
    >>> metric.get()
    ('largest', 3.0)
    """

    _earlier: Any = None  # a metric with what was seen before `reset_local`
    sum_metric, global_sum_metric = Sum(), Sum()
    num_inst, global_num_inst = Sum(whole=True), Sum(whole=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "update" in vars(cls):
            cls.update = followed(cls.update)  # type: ignore[method-assign]

    def __init__(self, name: str, output_names: Any = None, label_names: Any = None, **kwargs: Any) -> None:
        if kwargs and self._own():
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {next(iter(kwargs))!r}")
        self.name, self._kwargs = name, kwargs
        self._has_global_stats = bool(kwargs.get("has_global_stats", False))
        self.output_names, self.label_names = output_names, label_names
        self.reset()

    def reset(self) -> None:
        """Forget everything seen so far."""
        self.sum_metric = self.global_sum_metric = 0.0
        self.num_inst = self.global_num_inst = 0
        self._earlier = None

    @followed
    def update(self, labels: Any, preds: Any) -> None:
        """Take in one batch."""
        labels = labels if isinstance(labels, (list, tuple)) else [labels]
        preds = preds if isinstance(preds, (list, tuple)) else [preds]
        if len(labels) != len(preds):
            raise ValueError(f"{self.name}: expected as many labels as predictions, got {len(labels)} and {len(preds)}")
        for label, pred in zip(labels, preds, strict=True):
            if _core.is_tracing():
                total, count = self._operators()(as_array(label), as_array(pred))
                self.sum_metric, self.num_inst = self.sum_metric + total, self.num_inst + count
                continue
            total, count = self.measure(host(label), host(pred))
            self.sum_metric += float(total)
            self.num_inst += int(count)

    def measure(self, label: numpy.ndarray, pred: numpy.ndarray) -> tuple[float, int]:
        """The sum of the metric over the samples of one array, and their number."""
        raise NotImplementedError(f"{type(self).__name__} has no measure(label, pred)")

    def _inside(self, label: _core.NDArray, pred: _core.NDArray) -> tuple[Any, Any]:
        """`measure` with the operators of a function that is being compiled."""
        raise refused(self, "it measures NumPy arrays, and so values, which a compiled function has only once it runs")

    def _operators(self) -> Callable[..., tuple[Any, Any]]:
        """`_inside`, unless a subclass measures something else than the class that has it."""
        first = next(cls for cls in type(self).__mro__ if "measure" in vars(cls) or "_inside" in vars(cls))
        return self._inside if "_inside" in vars(first) else partial(EvalMetric._inside, self)

    def merge(self, other: EvalMetric) -> None:
        """Take in what another metric of the same kind has seen, in another worker for instance."""
        self.sum_metric += other.sum_metric
        self.num_inst += other.num_inst

    def get(self) -> tuple[str, float]:
        """Name and value; the value is nan before the first update."""
        return self.name, self.sum_metric / self.num_inst if self.num_inst else math.nan

    def get_name_value(self) -> list[tuple[str, float]]:
        """`get` as a list of pairs, the same for one metric and for several, also of a subclass that gives lists."""
        names, values = self.get()
        return list(zip(names, values, strict=True)) if isinstance(names, (list, tuple)) else [(names, values)]

    def __getstate__(self) -> dict[str, Any]:
        return plain(self)

    def __repr__(self) -> str:
        return f"EvalMetric: {dict(self.get_name_value())}"

    __str__ = __repr__


class CustomMetric(EvalMetric):
    """A metric from a function of NumPy arrays `(label, pred)` that gives a value, or a pair (sum, count).

    >>> largest = CustomMetric(lambda label, pred: float(abs(label - pred).max()), name="largest error")
    >>> largest.update(numpy.array([1.0, 2.0]), numpy.array([1.0, 2.5]))
    >>> largest.get()
    ('largest error', 0.5)
    """

    def __init__(
        self, feval: Callable[[numpy.ndarray, numpy.ndarray], Any], name: str | None = None, **kwargs: Any
    ) -> None:
        self._feval = feval
        super().__init__(name or f"custom({getattr(feval, '__name__', 'function')})", **kwargs)

    def measure(self, label: numpy.ndarray, pred: numpy.ndarray) -> tuple[float, int]:
        value = self._feval(label, pred)
        return value if isinstance(value, tuple) else (float(value), 1)


def np(
    numpy_feval: Callable[[numpy.ndarray, numpy.ndarray], Any], name: str | None = None, **kwargs: Any
) -> CustomMetric:
    """A metric from a function of NumPy arrays, under the function's own name.

    >>> def largest(label, pred): return float(abs(label - pred).max())
    >>> np(largest).name
    'largest'
    """
    return CustomMetric(numpy_feval, name or getattr(numpy_feval, "__name__", None), **kwargs)


def register(*names: str | type) -> Any:
    """Make a metric class known to `create` by names; as a bare decorator, by its lower-case class name.

    >>> @register
    ... class Nothing(EvalMetric):
    ...     def update(self, labels, preds):
    ...         pass
    >>> type(create("nothing", name="n")).__name__
    'Nothing'
    """
    if len(names) == 1 and isinstance(names[0], type):
        return register()(names[0])

    def add(cls: _Class) -> _Class:
        for name in (cls.__name__, *names):
            _REGISTRY[str(name).lower()] = cls
        return cls

    return add


def create(metric: str | EvalMetric | Callable[..., Any] | list[Any], **kwargs: Any) -> EvalMetric:
    """A metric from its name, a function, a list of these (all at once), or a metric as it is.

    Raises ValueError listing the known names for an unknown one.

    >>> create("acc")
    EvalMetric: {'accuracy': nan}
    """
    if isinstance(metric, EvalMetric):
        return metric
    if isinstance(metric, (list, tuple)):
        composite = _REGISTRY["compositeevalmetric"]()
        for part in metric:
            composite.add(part)  # type: ignore[attr-defined]
        return composite
    if isinstance(metric, str):
        if metric.lower() not in _REGISTRY:
            fix = did_you_mean(metric.lower(), _REGISTRY)
            raise ValueError(f"metric: expected one of {', '.join(sorted(_REGISTRY))}; got {metric!r}{fix}")
        return _REGISTRY[metric.lower()](**kwargs)
    if callable(metric):
        return CustomMetric(metric, **kwargs)
    raise ValueError(f"metric: expected a name, a metric, a function or a list of these; got {metric!r}")
