"""`train`: from what a person writes to a run that is going."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dlcore._arguments import look
from dlcore._hooks import HOOKS, hook
from dlcore._kinds import Natural

from ._code import Recipe
from ._data import batches
from ._keeper import Keeper
from ._knobs import Knobs
from ._known import training
from ._loop import TrainingLoop, make_ready
from ._objective import Objective
from ._optimizer import make_optimizer
from ._ring import MEBIBYTE, Snapshots
from ._run import Run
from ._snapshot import Snapshot
from ._text import TextProgress

Show = Callable[[Run], Any] | Literal["text"] | bool | None


def train(
    net: Any,
    data: Any = None,
    val: Any = None,
    epochs: int = 1,
    batch: int = 64,
    optimizer: Any = "sgd",
    lr: float | None = None,
    loss: Any = None,
    metric: Any = "auto",
    background: bool = False,
    workers: int = 1,
    seed: Natural | None = None,
    show: Show = None,
    name: str | None = None,
    comm: Any = None,
    patience: int | None = None,
    imperative: bool = False,
    snapshots: float = 256,
    snapshot_every: int | None = None,
    resume: Any = None,
    save: Any = None,
    knobs_at: Mapping[int, Mapping[str, Any]] | None = None,
    steps: int | None = None,
    schedule: str | None = None,
    **optimizer_params: Any,
) -> Run:
    """Train `net` and return the run.

    - `data`, `val`: a dataset, a loader, a pair of arrays (x, y) with x of shape (samples, ...) and y of shape
      (samples,), like the output, or like it without its axis of classes; or "mnist" or "fashion_mnist". `val` is
      looked at after every epoch.
    - `epochs`, `batch`: how often all of `data` is seen, and how many samples a step takes; the last batch of an epoch
      may be shorter. A loader brings its own batch size.
    - `optimizer`, `lr`, `**optimizer_params`: "sgd", "adam", "rmsprop" or an optimizer, and its settings (momentum=,
      wd= ...). They become knobs of the run, with batch, dropout, clip, and the strength of augmentation.
    - `schedule`: what the learning rate does until the end: "constant", "linear", "cosine", "exponential", "one_cycle"
      (`dlcore/run/_schedule.py`). A knob as well.
    - `loss`: a Gluon loss, a function of (output, label), or of (net, x, y); by default cross-entropy for class
      numbers (integers: one a sample, or one a place of the output, as words or pixels) and squared error for others.
    - `metric`: "accuracy", any metric of `dlcore.metric`, or None. "auto" is accuracy for class numbers.
    - `background`: return at once. Otherwise wait for the end; an interrupt ends the run at a step boundary.
    - `workers`: train data-parallel in that many processes.
    - `seed`: makes shuffling, dropout and first weights repeatable.
    - `show`: a function of the run that displays it, "text" for a line an epoch, False for nothing. None is the live
      chart in a notebook that loaded the extension (the hook "run.show"), lines in a terminal, nothing elsewhere.
    - `comm`: a communicator; this process then trains on its part of every batch.
    - `snapshots`: MiB of memory for points to go back to (`run.restore`), 0 for none; `snapshot_every`: one every so
      many steps, else as often as costs a hundredth of the time.
    - `resume`: a file of `run.pin` or `save=`, from which to go on as if nothing had happened in between.
    - `save`: a file that is kept not much older than a minute, for `resume=` after a crash.
    - `knobs_at`: step -> {knob: value}, turned after so many steps. `steps`: stop after so many.
    - `patience`: early stopping. The run ends after so many epochs without a new lowest `val_loss`, and ends (in either
      case) with the weights of the best epoch; a run that is stopped by hand keeps the weights it has.
    - `imperative`: run each step as it is written, not compiled: for networks and losses that look at numbers, which
      otherwise end in a TraceError that names the line.

    The network stays usable whatever ends the run. Raises TypeError or ValueError for arguments that cannot be meant,
    before anything is trained, and what the loss or the data raised, unless `background`.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.Dense(1)
    >>> x = numpy.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    >>> run = dl.run.train(net, (x, x @ [[2.0], [-1.0]]), epochs=60, batch=16, lr=0.1, seed=0, show=False)
    >>> run.state, run.step
    ('finished', 240)
    >>> net.weight.data().asnumpy().round(2).tolist()
    [[2.0, -1.0]]
    """
    given = dict(locals())
    _check(net, data, epochs, batch, workers)
    _check_patience(patience, val)
    look("train", train, given)
    if workers > 1:
        if resume is not None or knobs_at or steps is not None:
            raise ValueError("train: resume=, knobs_at= and steps= work in one process, not with workers=")
        run = _launched(
            workers,
            net=net,
            data=data,
            val=val,
            epochs=epochs,
            batch=batch,
            optimizer=optimizer,
            lr=lr,
            loss=loss,
            metric=metric,
            seed=seed,
            name=name,
            patience=patience,
            imperative=imperative,
            snapshots=snapshots,
            snapshot_every=snapshot_every,
            schedule=schedule,
            **optimizer_params,
        )
    else:
        more = {"resume": resume, "save": save, "knobs_at": knobs_at, "steps": steps, "patience": patience}
        more["imperative"] = imperative
        more.update(snapshots=snapshots, snapshot_every=snapshot_every, schedule=schedule, **optimizer_params)
        run = prepare(net, data, val, epochs, batch, optimizer, lr, loss, metric, seed, name, comm, **more)
    run.net = net
    _attach(run, show)
    run.start()
    return run if background else wait(run)


def prepare(
    net: Any,
    data: Any,
    val: Any = None,
    epochs: int = 1,
    batch: int = 64,
    optimizer: Any = "sgd",
    lr: float | None = None,
    loss: Any = None,
    metric: Any = "auto",
    seed: Natural | None = None,
    name: str | None = None,
    comm: Any = None,
    patience: int | None = None,
    imperative: bool = False,
    snapshots: float = 256,
    snapshot_every: int | None = None,
    resume: Any = None,
    save: Any = None,
    knobs_at: Mapping[int, Mapping[str, Any]] | None = None,
    steps: int | None = None,
    schedule: str | None = None,
    **optimizer_params: Any,
) -> Run:
    """The run that `train` would start in this process, not started yet. Arguments as there.

    >>> import dlcore as dl
    >>> run = dl.run.prepare(dl.gluon.nn.Dense(1), (dl.np.ones((8, 2)), dl.np.ones((8, 1))), batch=4, epochs=2)
    >>> run.state, run.steps_total
    ('pending', 4)
    >>> run.start().wait().state
    'finished'
    """
    from dlcore.gluon import Trainer

    asked = {"net": net, "data": data, "val": val, "epochs": epochs, "batch": batch, "optimizer": optimizer, "lr": lr}
    asked.update(loss=loss, metric=metric, seed=seed, name=name, patience=patience, schedule=schedule)
    asked.update({"imperative": True} if imperative else {})
    asked.update(optimizer_params)
    recipe = Recipe.of(asked)
    rank, size = (0, 1) if comm is None else (comm.rank, comm.size)
    order = _order_seed(seed, comm)
    if seed is not None:
        from dlcore import _core

        _core.seed(seed)
    train_batches = batches(data, batch=batch, train=True, seed=order, rank=rank, size=size)
    val_batches = None if val is None else batches(val, batch=max(batch, 256), train=False, rank=rank, size=size)
    fresh, classes = make_ready(net, train_batches)
    if seed is not None and rank:
        _core.seed(seed + rank)  # equal first weights, but each process drops out other units
    counts, measure = _metric(metric, classes)
    rule = make_optimizer(optimizer, lr, optimizer_params)
    start = None if resume is None else Snapshot.load(resume)
    loop = TrainingLoop(
        net,
        train_batches,
        val_batches,
        epochs=epochs,
        objective=Objective(net, loss),
        trainer=Trainer(net.collect_params(), rule, comm=comm),
        counts=counts,
        metric=measure,
        comm=comm,
        patience=patience,
        imperative=imperative,
        snapshots=Snapshots(snapshots * MEBIBYTE, snapshot_every),
        knobs_at=_whole_steps(knobs_at),
        last_step=steps,
    )
    steps_total = None if train_batches.steps is None else train_batches.steps * epochs
    title = name or getattr(net, "name", None) or type(net).__name__.lower()
    keeper = Keeper(Path(save), name) if save is not None and size == 1 else None
    run = _run_of(loop, title, epochs, steps_total, schedule, keeper, knobs_at or {})
    run.recipe = recipe
    if start is not None:
        run.go_to(start, new=True)
        for part, (at, drawn) in start.curves.items():
            run.history.extend(part, at[at <= start.step], drawn[at <= start.step])
    if fresh:
        run.note("note", text="the network had no weights yet: initialized with Xavier")
    return run


def _run_of(
    loop: TrainingLoop,
    name: str,
    epochs: int,
    steps_total: int | None,
    schedule: str | None,
    keeper: Keeper | None,
    knobs_at: Mapping[int, Mapping[str, Any]],
) -> Run:
    """The run around a loop. What cannot be turned later is told now."""
    if schedule is not None:
        checked = Knobs(loop.dials.values()).checked({"schedule": schedule})
        loop.dials.turn(checked, (0, steps_total))
    loop.keeper = keeper
    run = Run(
        loop,
        name=name,
        epochs=epochs,
        steps_total=steps_total,
        knobs=loop.dials.values(),
        apply=loop.turn,
        loop=loop,
    )
    for values in knobs_at.values():
        run._knobs.checked(values)
    if keeper is not None:
        keeper.curves = run.curves
    return run


def _whole_steps(knobs_at: Mapping[int, Mapping[str, Any]] | None) -> dict[int, Mapping[str, Any]]:
    for step in knobs_at or {}:
        if isinstance(step, bool) or not isinstance(step, (int, np.integer)) or step < 0:
            raise ValueError(f"train: expected whole numbers of steps >= 0 in knobs_at, got {step!r}")
    return {int(step): values for step, values in (knobs_at or {}).items()}


def wait(run: Run) -> Run:
    """Wait for the end of a run; an interrupt asks it to stop and waits for the step boundary.

    A second interrupt is passed on, while the run still stops by itself.

    >>> import dlcore as dl
    >>> run = dl.run.prepare(dl.gluon.nn.Dense(1), (dl.np.ones((8, 2)), dl.np.ones((8, 1))), batch=4)
    >>> wait(run.start()).step
    2
    """
    look("wait", wait, {"run": run})
    try:
        return run.wait()
    except KeyboardInterrupt:
        run.stop()
        run.wait()
        print(f"{run.name}: interrupted, stopped at step {run.step:,}; the network is usable as it is")
        return run


def _check(net: Any, data: Any, epochs: int, batch: int, workers: int) -> None:
    if not callable(net) or not hasattr(net, "collect_params"):
        raise TypeError(f"train: expected a network (a gluon Block), got {type(net).__name__}")
    if data is None:
        raise TypeError("train: expected data= (a dataset, a loader, a pair of arrays or the name of a data set)")
    other = training(net)
    if other is not None:
        raise RuntimeError(f"train: run {other.name!r} is still training this network; end it with its stop() first")
    for name, value in (("epochs", epochs), ("batch", batch), ("workers", workers)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"train: expected a whole number >= 1 for {name}, got {value!r}")


def _check_patience(patience: int | None, val: Any) -> None:
    if patience is None:
        return
    if isinstance(patience, bool) or not isinstance(patience, (int, np.integer)) or patience < 1:
        raise ValueError(f"train: expected a whole number >= 1 for patience, got {patience!r}")
    if val is None:
        raise ValueError("train: patience= watches the validation loss, so it needs val=")


def _launched(workers: int, **arguments: Any) -> Run:
    """A run of several processes, from whoever launches them."""
    if "run.workers" not in HOOKS:
        raise RuntimeError(f"train: workers={workers} needs a launcher, and none is registered as run.workers")
    return hook("run.workers")(workers=workers, **arguments)


def _attach(run: Run, show: Show) -> None:
    if show is None or show is True:
        if "run.show" in HOOKS:
            show = hook("run.show")
        else:
            show = "text" if show or (sys.stdout is not None and sys.stdout.isatty()) else False
    if show == "text":
        TextProgress(run)
    elif callable(show):
        show(run)


def _metric(metric: Any, classes: bool) -> tuple[bool, Any]:
    """(count right answers on the way, metric object to update in the evaluation)."""
    if metric is None or (metric == "auto" and not classes):
        return False, None
    if isinstance(metric, str) and metric in ("auto", "accuracy", "acc"):
        return True, None
    from dlcore import metric as metrics

    if type(metric) is metrics.Accuracy and metric.axis in (1, -1):
        return True, None
    return False, metrics.create(metric)


def _order_seed(seed: int | None, comm: Any) -> int:
    """What decides the order of the samples: the same in all processes."""
    if seed is not None:
        return int(seed)
    drawn = int(np.random.default_rng().integers(2**31))
    if comm is None or comm.size == 1:
        return drawn
    from dlcore.array import array

    word = array(np.array([drawn]), dtype="int64")
    comm.broadcast([word], root=0)
    return int(word.asnumpy()[0])
