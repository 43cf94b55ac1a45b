"""One training step and one evaluation step, compiled unless they are asked for as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore import autograd
from dlcore._core import TraceError
from dlcore.array import array
from dlcore.comm._current import counting
from dlcore.graph import jit

from ._data import Batch, joined
from ._objective import Objective, class_axis, right_share


class Compiled:
    """Calls the compiled form of `function`, or with `imperative` the function itself.

    Errors: TraceError where tracing cannot follow it, with the user's line and what to write or ask for instead.
    """

    def __init__(self, function: Callable[..., Any], what: str, imperative: bool) -> None:
        self._what = what
        self._call: Callable[..., Any] = function if imperative else jit(function)

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self._call(*arguments)
        except TraceError as error:
            raise TraceError(f"the {self._what} cannot be compiled: {error}") from error


class Stepper:
    """The training step: forward, loss, backward and update as one compiled function.

    With more than one process the gradients, and the scalars, are averaged in it before the update. A process's loss is
    first weighted by its part of the batch, so that the average is the gradient of the whole batch's mean even where
    the parts differ in size. The update stays outside where gradients are sparse, and for an optimizer that updates by
    hand.
    """

    def __init__(self, objective: Objective, trainer: Any, comm: Any, counts: bool, imperative: bool = False) -> None:
        self.objective, self.trainer, self.comm, self.counts = objective, trainer, comm, counts
        self.imperative = imperative
        self._whole = Compiled(self._step, "training step", imperative)
        self._joint = Compiled(self._joint_step, "training step", imperative)
        self._gradients = Compiled(self._backward, "training step", imperative)
        self._counted: Any = None  # what it is, and one and the same array for all steps: compiled ones have it in hand

    def __call__(self, batch: Batch) -> dict[str, Any]:
        """Train on one batch; returns the scalars that came out (0-d arrays), by the name of their series."""
        processes = 1 if self.comm is None else self.comm.size
        if processes == 1 and not self.trainer.optimizer.updates_by_hand:
            return self._named(self._whole(batch.x, batch.y))
        weight = array(np.float32(batch.samples * processes / batch.total), dtype="float32")
        weight = weight.as_in_context(batch.x.context)
        by_hand = self.imperative or self.trainer.optimizer.updates_by_hand
        with counting(self._factor(batch)):
            if not by_hand and self.trainer._averages_inside():
                return self._named(self._joint(batch.x, batch.y, weight))
            scalars = self._gradients(batch.x, batch.y, weight)
        self.trainer.allreduce_grads()
        self.trainer.update(1)
        merged = [scalar.detach() for scalar in scalars]
        if processes > 1:
            self.comm.allreduce(merged, op="mean")
        return self._named(merged)

    def _factor(self, batch: Batch) -> Any:
        """An array with 1, or 0 where the batch is lent: its statistics are those of another process's sample."""
        counts = min(batch.samples, 1)
        if self._counted is None or self._counted[1].context != batch.x.context:
            self._counted = [counts, array(np.full(1, counts), dtype="float32").as_in_context(batch.x.context)]
        if self._counted[0] != counts:
            self._counted[0] = self._counted[1][:] = counts
        return self._counted[1]

    def _step(self, x: Any, y: Any) -> tuple[Any, ...]:
        with autograd.record():
            loss, output = self.objective.forward(x, y)
        loss.backward()
        self.trainer.step(1)
        return self._scalars(loss, output, y)

    def _backward(self, x: Any, y: Any, weight: Any) -> tuple[Any, ...]:
        with autograd.record():
            loss, output = self.objective.forward(x, y)
            weighted = loss * weight
        weighted.backward()
        return tuple(scalar * weight for scalar in self._scalars(loss, output, y))

    def _joint_step(self, x: Any, y: Any, weight: Any) -> tuple[Any, ...]:
        scalars = self.trainer._average_inside(self._backward(x, y, weight))
        self.trainer.update(1)
        return tuple(scalars)

    def _scalars(self, loss: Any, output: Any, y: Any) -> tuple[Any, ...]:
        axis = class_axis(output, y) if self.counts and output is not None else None
        return (loss,) if axis is None else (loss, right_share(output, y, axis))

    @staticmethod
    def _named(scalars: Any) -> dict[str, Any]:
        return dict(zip(("loss", "accuracy"), scalars, strict=False))


class Evaluator:
    """Loss and metric over a whole set of batches, in predict mode."""

    def __init__(self, objective: Objective, metric: Any, counts: bool, imperative: bool = False) -> None:
        self.objective, self.metric, self.counts = objective, metric, counts
        self._call = Compiled(self._forward, "evaluation", imperative)

    def __call__(self, batches: Any, go_on: Callable[[], bool], comm: Any = None) -> dict[str, float] | None:
        """Scores by name, each the mean over all samples; None when `go_on` said to end before all was seen.

        With more than one process every one of them looks at its own part and the sums are added up; a metric sees the
        labels and outputs of all, as it would in one process.
        """
        sums = np.zeros(3)
        if self.metric is not None:
            self.metric.reset()
        for batch in batches:
            if not go_on():
                return None
            loss, share, output = self._call(batch.x, batch.y)
            counted = batch.samples
            sums += (counted * float(loss), 0.0 if share is None else counted * float(share), counted)
            if self.metric is not None:
                seen = [batch.y, output]
                if comm is not None and comm.size > 1:
                    seen = [joined(part, batch, comm) for part in seen]
                self.metric.update(*([part] for part in seen))
        if comm is not None and comm.size > 1:
            merged = array(sums, dtype="float64")
            comm.allreduce([merged], op="sum")
            sums = merged.asnumpy()
        return self._scores(sums)

    def _forward(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        with autograd.predict_mode():
            loss, output = self.objective.forward(x, y)
            if output is None and (self.counts or self.metric is not None):
                output = self.objective.net(x)
            axis = class_axis(output, y) if self.counts else None
            share = None if axis is None else right_share(output, y, axis)
        return loss, share, output

    def _scores(self, sums: np.ndarray) -> dict[str, float]:
        count = max(sums[2], 1.0)
        scores = {"val_loss": float(sums[0] / count)}
        if self.counts:
            scores["val_accuracy"] = float(sums[1] / count)
        if self.metric is not None:
            scores.update({f"val_{name}": float(value) for name, value in self.metric.get_name_value()})
        return scores
