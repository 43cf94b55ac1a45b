"""The loop of a run that trains in this process: epochs of steps, an evaluation after each."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np

from dlcore import autograd
from dlcore.array import array, current_context

from ._data import Batches, placed
from ._objective import Objective, are_classes
from ._run import Run
from ._step import Evaluator, Stepper


class TrainingLoop:
    """`work` of a `Run`: trains `net` on `data` and leaves it usable wherever it is ended.

    With a communicator of more than one process each of them runs this same loop on its part of every batch. What was
    asked of the first process's run is done by all of them at the same step.
    """

    def __init__(
        self,
        net: Any,
        data: Batches,
        val: Batches | None,
        *,
        epochs: int,
        objective: Objective,
        trainer: Any,
        counts: bool,
        metric: Any = None,
        comm: Any = None,
    ) -> None:
        self.net, self.data, self.val, self.epochs = net, data, val, epochs
        self.objective, self.trainer, self.counts, self.metric = objective, trainer, counts, metric
        self.comm = comm if comm is not None and comm.size > 1 else None
        self.device = device_of(net)

    def __call__(self, run: Run) -> None:
        """Train to the end, or until the run says to end now."""
        said: set[str] = set()

        def say(text: str) -> None:
            if text not in said:
                said.add(text)
                run.note("note", text=text)

        stepper = Stepper(self.objective, self.trainer, self.comm, self.counts, say)
        evaluator = Evaluator(self.objective, self.metric, self.counts, say)
        if self.comm is not None:
            self.comm.broadcast([parameter.data() for parameter in self.net.collect_params().values()], root=0)
        run.begin()
        for epoch in range(1, self.epochs + 1):
            run.epoch = epoch
            if not self._train(run, stepper) or not self._evaluate(run, evaluator):
                return

    def _train(self, run: Run, stepper: Stepper) -> bool:
        """One epoch of steps. False when it was ended before its last step."""
        first = run.step
        with closing(self.data.epoch(run.epoch)) as batches:
            for batch in placed(batches, self.device):
                if not self._boundary(run):
                    return False
                run.advance(batch.total, **stepper(batch))
        if run.step == first:
            raise ValueError("data: expected at least one batch an epoch, got none")
        if run.steps_total is None:
            run.steps_total = (run.step - first) * self.epochs
        return True

    def _evaluate(self, run: Run, evaluator: Evaluator) -> bool:
        """The scores after an epoch. False when it was ended before they were known."""
        scores: dict[str, float] = {}
        if self.val is not None:
            # Several processes must agree before they part ways, which they only do between training steps.
            go_on = run.boundary if self.comm is None else lambda: True
            with closing(self.val.epoch(1)) as batches:
                found = evaluator(placed(batches, self.device), go_on, self.comm)
            if found is None:
                return False
            scores = found
            run.record(**scores)
        run.settle()
        run.note("epoch", epoch=run.epoch, scores={**_trained(run), **scores}, **_speed(run))
        return True

    def _boundary(self, run: Run) -> bool:
        """What the run says between two steps; with several processes, what the first one's run says to all."""
        if self.comm is None:
            return run.boundary()
        names = sorted(run.knobs)
        if self.comm.rank == 0:
            go_on = run.boundary()
            word = array(np.array([float(go_on), *(run.knobs[name] for name in names)]), dtype="float64")
        else:
            word = array(np.zeros(1 + len(names)), dtype="float64")
        self.comm.broadcast([word], root=0)
        go_on, *values = word.asnumpy().tolist()
        if self.comm.rank != 0:
            run.turn(dict(zip(names, values, strict=True)))
            if not go_on:
                run.halt()
        return bool(go_on)


def _trained(run: Run) -> dict[str, float]:
    """The means of the training scores over the epoch that has just ended."""
    begun = max((event.step for event in run.events if event.kind == "epoch"), default=0)
    means = {}
    for name in ("loss", "accuracy"):
        if name in run.history:
            steps, values = run.history.series(name)
            means[name] = float(values[steps > begun].mean())
    return means


def _speed(run: Run) -> dict[str, float]:
    return {"seconds": run.seconds, "samples_per_second": run.samples_per_second}


def make_ready(net: Any, data: Batches) -> tuple[bool, bool]:
    """Give every parameter a value and a shape before the first step, with a first look at one sample.

    Returns whether the network had to be initialized, and whether the labels are class numbers.
    """
    with closing(data.epoch(1)) as batches:
        batch = next(batches, None)
    if batch is None:
        raise ValueError("data: expected at least one batch an epoch, got none")
    fresh = not any(_begun(parameter) for parameter in net.collect_params().values())
    if fresh:
        from dlcore import init

        net.initialize(init.Xavier())
    with autograd.predict_mode():
        net(batch.x[:1].as_in_context(device_of(net)))
    return fresh, are_classes(batch.y)


def device_of(net: Any) -> Any:
    """Where the network's parameters are; the current device for a network that has none."""
    for parameter in net.collect_params().values():
        return parameter.list_ctx()[0]
    return current_context()


def _begun(parameter: Any) -> bool:
    """True when `initialize` was called on the parameter, whether or not its shape is known."""
    try:
        parameter.data()
    except Exception as error:
        return "Deferred" in type(error).__name__
    return True
