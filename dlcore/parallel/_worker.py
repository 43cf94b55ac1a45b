"""The half of data-parallel training that runs inside a worker: one run a rank, on a thread, asked from outside.

`begin` starts the run and returns; `report` is called a few times a second and takes orders along; `finish` gives the
weights. The engine's main thread so stays free to answer while the run's thread trains.
"""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from ._ship import state_of, unpack

_current: dict[str, Any] = {}


def begin(package: bytes) -> int:
    """Start training on this rank's part of every batch; returns the rank. `package` holds `prepare`'s arguments."""
    from dlcore.comm import MPICommunicator, use
    from dlcore.run._train import prepare

    end()
    comm = MPICommunicator()
    use(comm)
    arguments = unpack(package)
    payloads: list[tuple[str, dict[str, Any]]] = []
    run = prepare(**arguments, comm=comm)
    run.add_listener(lambda kind, payload: payloads.append((kind, payload)))
    _current.update(run=run, net=arguments["net"], comm=comm, payloads=payloads)
    run.start()
    return comm.rank


def report(letters: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Act on `letters` (only rank 0 is sent any) and tell what is new since the last report."""
    run, payloads = _current["run"], _current["payloads"]
    for kind, values in letters:
        if kind == "set":
            run.set(**values)
        elif kind in ("restore", "step"):
            if not run.ended:  # ranks go back together or not at all
                (run.restore if kind == "restore" else run.single_steps)(**values, wait=False)
        else:
            getattr(run, kind)()
    news = []
    while payloads:
        news.append(payloads.pop(0)[1])
    error = None
    if run.exception is not None:
        name, text = type(run.exception).__name__, str(run.exception)
        error = (name, text, "".join(traceback.format_exception(run.exception)))
    return {"news": [_plain(payload) for payload in news], "ended": run.ended, "state": run.state, "error": error}


def finish() -> dict[str, np.ndarray]:
    """The trained parameters of this rank's network."""
    return state_of(_current["net"])


def end() -> None:
    """Let go of the last run, so that its memory is free for the next."""
    from dlcore.comm import use

    use(None)
    run = _current.get("run")
    if run is not None and not run.ended:
        run.stop()
    comm = _current.get("comm")
    if comm is not None and (run is None or run.ended):
        comm.close()
    _current.clear()


def _plain(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload of a listener with nothing in it but plain values and arrays."""
    return {**payload, "events": [tuple(event) for event in payload["events"]]}
