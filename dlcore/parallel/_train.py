"""Data-parallel training: the same run in every worker, each on its part of every batch, one chart, weights home."""

from __future__ import annotations

import inspect
from typing import Any

from dlcore.run import Run
from dlcore.run._optimizer import knobs_of, make_optimizer
from dlcore.run._train import prepare

from . import _worker
from ._pool import WorkerError, WorkerPool, pool
from ._ship import pack, restore

PERIOD = 0.1  # seconds between two reports


def train(workers: int, *, net: Any, name: str | None = None, epochs: int = 1, **arguments: Any) -> Run:
    """A run, not started yet, that trains `net` in `workers` processes. Arguments as `dlcore.run.train`.

    Every worker gets the network and the data by value and takes its part of each batch; gradients are averaged after
    each step, so the result is that of one process on whole batches (to rounding). At the end, or at a stop, the
    weights of rank 0 are written into `net`'s own arrays. Raises `WorkerError` (from the run) when a worker fails: the
    network then keeps the weights it had.

    >>> import numpy as np
    >>> from dlcore import gluon, init
    >>> net = gluon.nn.Dense(1, in_units=1)
    >>> net.initialize(init.Zero())
    >>> x = np.linspace(-1, 1, 8, dtype="float32")[:, None]
    >>> run = train(2, net=net, data=(x, 3 * x), epochs=20, batch=8, lr=1.0).start().wait()
    >>> run.state, round(net.weight.data().item(), 2)
    ('finished', 3.0)
    """
    package = pack({"net": net, "epochs": epochs, "name": name, **arguments})
    return Run(
        Relay(net, package, workers),
        name=name or getattr(net, "name", None) or type(net).__name__.lower(),
        epochs=epochs,
        knobs=_knobs(arguments),
    )


def _knobs(arguments: dict[str, Any]) -> dict[str, float]:
    """The knobs before the workers have said theirs: what the optimizer starts with. A wrong setting is told here."""
    named = inspect.signature(prepare).parameters
    settings = {name: value for name, value in arguments.items() if name not in named}
    return knobs_of(make_optimizer(arguments.get("optimizer", "sgd"), arguments.get("lr"), settings))


class Relay:
    """`work` of a run whose training happens elsewhere: passes orders on and reports back."""

    def __init__(self, net: Any, package: bytes, workers: int) -> None:
        self.net, self.package, self.workers = net, package, workers

    def __call__(self, run: Run) -> None:
        """Start the workers' runs, follow them to their end and bring the weights home."""
        workers = pool(self.workers, lambda text: run.note("note", text=text))
        workers.call(_worker.begin, self.package)
        try:
            self._follow(run, workers)
            restore(self.net, workers.results(workers.rank(0).apply_async(_worker.finish))[0])
        finally:
            if workers.alive:
                workers.call(_worker.end)
            run.forget_snapshots()

    def _follow(self, run: Run, workers: WorkerPool) -> None:
        while True:
            letters = [(letter.kind, letter.value) for letter in run.requests(PERIOD)]
            first = workers.rank(0).apply_async(_worker.report, letters)
            others = [workers.rank(rank).apply_async(_worker.report, []) for rank in range(1, self.workers)]
            reports = [workers.collect(result)[0] for result in (first, *others)]
            for payload in reports[0]["news"]:
                run.absorb(payload)
            for rank, report in enumerate(reports):
                if report["error"] is not None:
                    # The others may be waiting for this rank in a reduction, out of reach of anything but an end.
                    workers.shutdown()
                    raise WorkerError(rank, *report["error"])
            if all(report["ended"] for report in reports):
                return
