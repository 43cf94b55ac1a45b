"""The loop of a run that trains in this process: epochs of steps, an evaluation after each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

import numpy as np

from dlcore import _core, autograd
from dlcore.array import array, current_context

from ._data import Batch, Batches, IndexedBatches, placed
from ._dials import Dials
from ._keeper import Keeper
from ._knobs import as_numbers, from_numbers
from ._known import remember_sample
from ._not_finite import why_not_finite
from ._objective import Objective, class_axis
from ._patience import Patience
from ._place import Place, has_own_generator, own_generator
from ._ring import MEBIBYTE, Snapshots
from ._run import Run
from ._snapshot import Snapshot
from ._step import Evaluator, Stepper

CAPTURE, GO_BACK = 1, 2  # what several processes do together


class TrainingLoop:
    """`work` of a `Run`: trains `net` on `data` and leaves it usable wherever it is ended.

    With a communicator of more than one process each of them runs this same loop on its part of every batch. What was
    asked of the first process's run is done by all of them at the same step.
    The loop takes snapshots and can be put back to one of them (`capture`, `go_back`): several processes all together
    while they run, a single one also after it has ended. It draws random numbers from a generator of its own, so that
    other cells do not disturb it.

    `knobs_at`: step -> the knobs to turn after so many steps; `last_step`: end there.

    >>> import dlcore as dl
    >>> run = dl.run.prepare(dl.gluon.nn.Dense(1), (dl.np.ones((8, 2)), dl.np.ones((8, 1))), batch=4)
    >>> isinstance(run._loop, TrainingLoop)
    True
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
        snapshots: Snapshots | None = None,
        knobs_at: Mapping[int, Mapping[str, float]] | None = None,
        last_step: int | None = None,
        patience: int | None = None,
        imperative: bool = False,
    ) -> None:
        self.net, self.data, self.val, self.epochs = net, data, val, epochs
        self.objective, self.trainer, self.counts, self.metric = objective, trainer, counts, metric
        self.comm: Any = comm if comm is not None and comm.size > 1 else None
        self.device = device_of(net)
        self.dials = Dials(net, trainer.optimizer, data)
        self.knobs_at, self.last_step = dict(knobs_at or {}), last_step
        self.snapshots = Snapshots() if snapshots is None else snapshots
        self.keeper: Keeper | None = None  # who writes the newest to disk now and then
        self.place = Place()
        self._random: tuple[int, int] | None = None  # the state to go on with, where it went back
        self._moved = False
        self._enough = False
        self._noticed = False  # that the loss is not finite
        self._now: tuple[int, int | None] = (0, None)  # how many steps are done, and of how many
        self._orders: list[tuple[int, int, int]] = []  # what the first process did, for the others to do as well
        self.patience = None if patience is None else Patience(net, patience)
        self.imperative = imperative
        self.judge: Callable[[int, Mapping[str, float]], bool] | None = None  # (epoch, scores) -> whether to go on

    def __call__(self, run: Run) -> None:
        """Train to the end, or until the run says to end now."""
        stepper = Stepper(self.objective, self.trainer, self.comm, self.counts, self.imperative)
        evaluator = Evaluator(self.objective, self.metric, self.counts, self.imperative)
        if self.comm is not None:
            self.comm.broadcast([parameter.held() for parameter in self.net.collect_params().values()], root=0)
        with own_generator(self._random):
            self._random, self._enough = None, False
            run.begin()
            while self.place.epoch <= self.epochs:
                run.epoch = self.place.epoch
                if not self._train(run, stepper) or not (self._moved or self._evaluate(run, evaluator)):
                    break
            self._finish(run)

    def _train(self, run: Run, stepper: Stepper) -> bool:
        """The steps of an epoch from `place` on. False when it was ended before its last step."""
        self._moved = False
        with closing(self._open()) as batches:
            for batch in placed(batches, self.device):
                if not self._boundary(run):
                    return False
                if self._moved:  # elsewhere, or to batches of another size
                    return True
                rate = self.dials.follow(run._step)
                run.advance(batch.total, **stepper(batch), **rate)
                self.place.done += self.data.length(batch)
        if not self.place.done:
            raise ValueError("data: expected at least one batch an epoch, got none")
        if run.steps_total is None:
            run.steps_total = (run._step - self.place.begun) * self.epochs
        return True

    def _open(self) -> Generator[Batch, None, None]:
        """What is left of the epoch. Its order and its random transforms are those of the epoch's beginning."""
        place = self.place
        now = _core.rng_state()
        again = bool(place.random)
        if again:
            _core.set_rng_state(place.random)
            self.data.go_to(place.data)
        else:
            place.random, place.data = now, self.data.state()
        with closing(self.data.epoch(place.epoch, place.done)) as batches:
            first = next(batches, None)
            if again:
                _core.set_rng_state(now)
            if first is not None:
                yield first
                yield from batches

    def _evaluate(self, run: Run, evaluator: Evaluator) -> bool:
        """The scores after an epoch. False when it was ended before they were known."""
        scores: dict[str, float] = {}
        if self.val is not None:
            # Several processes must agree before they part ways, which they only do between training steps.
            go_on = (lambda: run.boundary() and not self._moved) if self.comm is None else lambda: True
            with closing(self.val.epoch(1)) as batches:
                found = evaluator(placed(batches, self.device), go_on, self.comm)
            if found is None:
                return self._moved
            scores = found
            run.record(**scores)
        run.settle()
        told = {**_trained(run, self.place.begun), **scores}
        run.note("epoch", epoch=run.epoch, scores=told, **_speed(run))
        self._look_at_loss(run)
        self.place = Place(run.epoch + 1, 0, run._step)
        self._enough = self.patience is not None and self.patience.over(run.epoch, scores)
        if self.judge is not None and not self.judge(run.epoch, told):
            self._enough = True
        return not self._enough

    def _look_at_loss(self, run: Run) -> None:
        """Say once why the loss is no number any more."""
        run.settle()
        loss = run.history.last("loss")
        if self._noticed or self.judge is not None or loss is None or math.isfinite(loss):
            return
        self._noticed = True
        run.note("note", text=why_not_finite(run, self.data))

    def _finish(self, run: Run) -> None:
        """What is left to do when the last step is done, or the last that was wanted."""
        self._look_at_loss(run)
        last = None
        if self.snapshots.memory and len(self.snapshots):
            last = self.capture(run)
            self._random = _core.rng_state()
        over = self.place.epoch > self.epochs or self._enough
        if self.keeper is not None:
            self.keeper.end(last, over)
        if self.patience is not None and over and self.patience.best_epoch:
            self.patience.restore()
            best = f"the weights are those of epoch {self.patience.best_epoch}, val_loss {self.patience.best:.4g}"
            run.note("note", text=best)

    # ------------------------------------------------------------------ going back, in one process

    def arrays(self) -> dict[str, Any]:
        """Everything that a step changes, by name."""
        found = {f"weights/{name}": p.held() for name, p in self.net.collect_params().items()}
        found.update({f"optimizer/{name}": array for name, array in self.trainer.state_arrays().items()})
        return found

    def capture(self, run: Run) -> Snapshot:
        """Keep where the run is now, between two steps."""
        begun = time.perf_counter()
        place = self.place
        now = _core.rng_state()
        opened = (place.random, place.data) if place.random else (now, self.data.state())
        about = {
            "epoch": place.epoch,
            "done": place.done,
            "begun": place.begun,
            "random": list(now),
            "opened": [list(opened[0]), opened[1]],
            "knobs": run.knobs,
            "log": [[step, knobs] for step, knobs in run.log],
            "steps_total": run.steps_total,
            "span": list(self.dials.span),
        }
        arrays = {name: array.asnumpy() for name, array in self.arrays().items()}
        if self.patience is not None:
            about["patience"] = [self.patience.best, self.patience.best_epoch]
            arrays.update(self.patience.arrays())
        snapshot = Snapshot(run._step, run.branch_to_be(), arrays, about)
        self.snapshots.add(snapshot, time.perf_counter() - begun)
        self._order(CAPTURE)
        run.began_at(snapshot)
        if self.keeper is not None:
            self.keeper.offer(snapshot)
        return snapshot

    def go_back(self, snapshot: Snapshot) -> None:
        """Put everything back as it was at `snapshot`; the loop goes on from there. Between two steps, or after it."""
        about, arrays = snapshot.about, self.arrays()
        snapshot.check(arrays)  # what does not belong here changes nothing
        unknown = set(about["knobs"]) - set(self.dials.values())
        if unknown:
            raise ValueError(f"snapshot of step {snapshot.step}: this run has no knob {', '.join(sorted(unknown))}")
        snapshot.write_into(arrays)
        if self.patience is not None and "patience" in about:
            best, epoch = about["patience"]
            self.patience.go_back(best, epoch, snapshot.arrays)
        random, data = about["opened"]
        self.place = Place(about["epoch"], about["done"], about["begun"], tuple(random), data)
        self.data.go_to({**self.data.state(), **data})
        self.dials.turn(about["knobs"])
        self.dials.span = tuple(about.get("span", (0, None)))
        self._order(GO_BACK, snapshot.step, snapshot.branch)
        self._random = tuple(about["random"])
        if has_own_generator():
            _core.set_rng_state(self._random)
            self._random = None
        self._moved = True

    def _order(self, kind: int, step: int = 0, branch: int = 0) -> None:
        if self.comm is not None and self.comm.rank == 0:
            self._orders.append((kind, step, branch))

    def turn(self, values: Mapping[str, Any]) -> None:
        """Turn knobs; batches of another size, or drawn otherwise, are cut from the next step on."""
        if self.dials.turn(values, self._now) & {"batch", "augment"}:
            self._moved = True

    def _fits(self, run: Run) -> bool:
        """Whether there is room for snapshots at all; says so once where there is not."""
        ring = self.snapshots
        if ring.memory and not len(ring):
            size = sum(array.size * array.dtype.itemsize for array in self.arrays().values())
            if 2 * size > ring.memory:
                text = f"no snapshots: one takes {size / MEBIBYTE:.0f} MiB of {ring.memory / MEBIBYTE:.0f} MiB"
                run.note("note", text=f"{text}; train(..., snapshots=MiB) gives more room")
                ring.memory = 0
        return bool(ring.memory)

    def _scripted(self, run: Run) -> None:
        """What is to be done after so many steps."""
        if asked := self.knobs_at.get(run._step):
            run.turn(dict(asked))
        if self.last_step is not None and run._step >= self.last_step:
            run.halt()

    def _total(self, step: int) -> int | None:
        """How many steps there will have been at the end, now that the walk or the batch size is another one."""
        data, place = self.data, self.place
        if not isinstance(data, IndexedBatches) or data.steps is None:
            return data.steps and data.steps * self.epochs
        return step + -(-(data.count - place.done) // data.batch) + (self.epochs - place.epoch) * data.steps

    def _boundary(self, run: Run) -> bool:
        """What the run says between two steps; with several processes, what the first one's run says to all."""
        self._now = run._step, run.steps_total
        go_on = self._asked(run) if self.comm is None else self._agreed(run)
        if self._moved and self.data.steps is not None:
            run.steps_total = self._total(run._step)
        return go_on

    def _asked(self, run: Run) -> bool:
        """Take a snapshot where one is due, and do what was asked of this process's run."""
        if self.snapshots.due(run._step) and self._fits(run):
            self.capture(run)
        self._scripted(run)
        return run.boundary()

    def _agreed(self, run: Run) -> bool:
        """What is asked of the first process, and its snapshots, done by all processes at the same step."""
        names = sorted(run.knobs)
        self._orders = []
        head = np.zeros(2 + len(names))
        if self.comm.rank == 0:
            go_on = self._asked(run)
            head[:] = [float(go_on), len(self._orders), *as_numbers(run.knobs)]
        head = self._told(head)
        if self.comm.rank == 0:
            if self._orders:
                self._told(np.array(self._orders, np.float64))
            return bool(head[0])
        if head[1]:
            orders = self._told(np.zeros((int(head[1]), 3)))
            for kind, step, branch in orders.astype(int).tolist():
                if kind == CAPTURE:
                    self.capture(run)
                else:
                    run.go_to(self.snapshots.nearest(step, branch))
        run.turn(from_numbers(names, head[2:].tolist()))
        if not head[0]:
            run.halt()
        return bool(head[0])

    def _told(self, numbers: np.ndarray) -> np.ndarray:
        """The first process's numbers, in all of them."""
        word = array(numbers, dtype="float64")
        self.comm.broadcast([word], root=0)
        return word.asnumpy()


def _trained(run: Run, begun: int) -> dict[str, float]:
    """The means of the training scores over the epoch that has just ended, which began after `begun` steps."""
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
        output = net(batch.x[:1].as_in_context(device_of(net)))
    remember_sample(net, tuple(batch.x.shape[1:]))
    return fresh, class_axis(output, batch.y[:1]) is not None


def device_of(net: Any) -> Any:
    """Where the network's parameters are; the current device for a network that has none."""
    for parameter in net.collect_params().values():
        return parameter.list_ctx()[0]
    return current_context()


def _begun(parameter: Any) -> bool:
    """True when `initialize` was called on the parameter, whether or not its shape is known."""
    try:
        parameter.held()
    except Exception as error:
        return "Deferred" in type(error).__name__
    return True
