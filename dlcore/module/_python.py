"""Modules written in Python: without parameters, as a step between others or as a loss."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from dlcore._core import NDArray
from dlcore.array import nd

from ._fit import BaseModule


class PythonModule(BaseModule):
    """Base of modules without parameters: a subclass gives `forward`, `get_outputs`, `_compute_output_shapes`.

    >>> class Double(PythonModule):
    ...     def _compute_output_shapes(self):
    ...         return [("doubled", self.data_shapes[0][1])]
    ...     def forward(self, data_batch, is_train=None):
    ...         self._outputs = [2 * data_batch.data[0]]
    ...     def get_outputs(self):
    ...         return self._outputs
    >>> module = Double(["data"], None, ["doubled"])
    >>> module.bind([("data", (1, 2))])
    >>> module.output_shapes
    [('doubled', (1, 2))]
    """

    def __init__(
        self, data_names: Sequence[str], label_names: Sequence[str] | None, output_names: Sequence[str],
        logger: Any = logging,
    ) -> None:  # fmt: skip
        self.data_names, self.label_names = list(data_names), list(label_names or ())
        self.output_names, self.logger = list(output_names), logger
        self.data_shapes: list[Any] = []
        self.label_shapes: list[Any] = []
        self.output_shapes: list[Any] = []

    def bind(self, data_shapes: Any, label_shapes: Any = None, for_training: bool = True, **more: Any) -> None:
        """Takes in the shapes."""
        if [d[0] for d in data_shapes] != self.data_names:
            raise ValueError(f"{type(self).__name__}: expected data {self.data_names}, got {data_shapes}")
        self.data_shapes, self.label_shapes = list(data_shapes), list(label_shapes or ())
        self.output_shapes = self._compute_output_shapes()
        self.for_training, self.binded = for_training, True

    def _compute_output_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        raise NotImplementedError(f"{type(self).__name__} has no _compute_output_shapes")

    def init_params(self, *args: Any, **more: Any) -> None:
        """There are none."""
        self.params_initialized = True

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """There are none."""
        return {}, {}

    def init_optimizer(self, *args: Any, **more: Any) -> None:
        """Nothing to optimize."""
        self.optimizer_initialized = True

    def update(self) -> None:
        """Nothing to update."""

    def install_monitor(self, mon: Any) -> None:
        """There are no nodes to see."""


class PythonLossModule(PythonModule):
    """A loss whose gradient is a Python function of (scores, labels); its output is the scores.

    >>> import dlcore as dl
    >>> loss = PythonLossModule(grad_func=lambda scores, labels: scores - labels)
    >>> loss.bind([("data", (2, 1))], [("softmax_label", (2, 1))])
    >>> loss.init_params()
    >>> loss.forward(dl.io.DataBatch([dl.nd.ones((2, 1))], [dl.nd.zeros((2, 1))]), is_train=True)
    >>> loss.backward(); loss.get_input_grads()[0].tolist()
    [[1.0], [1.0]]
    """

    def __init__(
        self,
        name: str = "pyloss",
        data_names: Sequence[str] = ("data",),
        label_names: Sequence[str] = ("softmax_label",),
        logger: Any = logging,
        grad_func: Callable[[NDArray, NDArray], Any] | None = None,
    ) -> None:
        super().__init__(data_names, label_names, [f"{name}_output"], logger)
        self._function = grad_func
        self._scores: Any = None
        self._labels: Any = None
        self._grad: Any = None

    def _compute_output_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        return [(self.output_names[0], tuple(self.data_shapes[0][1]))]

    def forward(self, data_batch: Any, is_train: bool | None = None) -> None:
        """Keeps scores and labels."""
        self._scores = data_batch.data[0]
        if self.for_training if is_train is None else is_train:
            if not data_batch.label:
                raise ValueError(f"{type(self).__name__}: the batch has no label; add it with take_labels=True")
            self._labels = data_batch.label[0]

    def get_outputs(self) -> list[NDArray]:
        """The scores."""
        return [self._scores]

    def backward(self, out_grads: Any = None) -> None:
        """Asks the function; a loss takes no gradient of its output."""
        if out_grads is not None:
            raise ValueError(f"{type(self).__name__}.backward: out_grads must be None, as a loss is the end")
        if self._function is None:
            raise NotImplementedError(f"{type(self).__name__}: give grad_func, or define backward")
        found = self._function(self._scores, self._labels)
        self._grad = found if isinstance(found, NDArray) else nd.array(found)

    def get_input_grads(self) -> list[NDArray]:
        """The gradient of the scores."""
        return [self._grad]
