"""The Python side of the live chart: it listens to a run, answers the page, and leaves a picture at the end."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from IPython.display import DisplayHandle, display

from dlcore.run import Run
from dlcore.run._history import thinned

from .reload import doorkeeper
from .static import png

HERE = Path(__file__).parent
# What a page is sent of a long curve when it asks for everything: several points for every pixel it has for them.
POINTS = 8_000
BESIDE = 0.5  # seconds between two messages about a run that is drawn beside another
WHOLE = 3.0  # seconds between two messages that hold all of the status

if not (HERE / "bundle.js").exists():
    raise ImportError(f"{HERE / 'bundle.js'} is missing: build it with `python widgets/build.py`")


class LossChart(anywidget.AnyWidget):
    """The live chart of one run.

    The page sends `hello` when it is loaded and gets the whole history; from then on it gets what is new, at most
    20 times a second. Its buttons and knobs come back as messages that only leave a letter in the run's mailbox, so
    they may be handled on any thread, also while a cell is busy.
    """

    _esm = HERE / "bundle.js"
    _css = HERE / "bundle.css"

    def __init__(self, run: Run, beside: Mapping[str, Run] | None = None) -> None:
        super().__init__()
        self._run = run
        self._beside = dict(beside or {})
        self._beside_at: dict[str, float] = {}
        self._stays = run.ended  # shown again after its end: it stays live, to go back from
        self._said: dict[str, Any] = {}  # the status as the pages know it
        self._whole_at = 0.0  # when they were last told all of it
        let_through(self)
        self.on_msg(self._receive)
        run.add_listener(self._tell)
        for label, other in self._beside.items():
            other.add_listener(partial(self._tell_beside, label))

    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        """Send the page what is new: points, events, and of the status what has changed. Called on the run's thread.

        All of the status goes along every few seconds and when the state changes: a page may have missed the beginning.
        """
        series, buffers = _packed(payload["series"])
        content = {"type": "update", "series": series, "first_event": payload["first_event"]}
        said, now = self._said, time.monotonic()
        if kind != "update" or now - self._whole_at > WHOLE:
            said, self._whole_at = {}, now
        self._said = payload
        new = {key: value for key, value in payload.items() if key not in said or said[key] != value}
        self.send({**content, **_plain(new, payload["events"])}, buffers=buffers)

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("type")
        if kind == "hello":
            self._send_history()
            for label in self._beside:
                self._send_beside(label)
        elif kind == "detail":
            self._send_detail(float(content["low"]), float(content["high"]))
        elif kind == "picture":
            self._send_picture()
        elif kind in ("pause", "resume", "stop"):
            getattr(self._run, kind)()
        elif kind in ("set", "restore", "step", "pin"):
            try:
                self._steer(kind, content)
            except (ValueError, RuntimeError):
                self._send_history()  # the page shows again what is in force

    def _steer(self, kind: str, content: dict[str, Any]) -> None:
        """What may be refused. Nothing here waits for the run, which may be waiting for this very thread."""
        if kind == "set":
            self._run.set(**{str(content["name"]): content["value"]})
        elif kind == "restore":
            self._run.restore(int(content["step"]), int(content["branch"]), wait=False)
        elif kind == "step":
            self._run.single_steps(1, wait=False)
        else:
            threading.Thread(target=self._run.pin, name="dlcore pin", daemon=True).start()

    def _send_history(self) -> None:
        """Everything so far, long curves thinned."""
        run = self._run
        series = {}
        for name in run.history.parts():
            count = run.history.count(name)
            steps, values = run.history.part(name, max_points=POINTS)
            series[name] = (0, steps, values, count)
        described, buffers = _packed(series)
        content = {"type": "history", "model_id": self.model_id, "series": described, "first_event": 0}
        content["stays"] = self._stays
        self.send({**content, **_plain(run.status(), list(run.events))}, buffers=buffers)
        self._whole_at = 0.0  # it may have overtaken, or been overtaken by, what only told a change

    def _send_detail(self, low: float, high: float) -> None:
        """The points of a part of the steps, thinned as a whole history is."""
        series, step = {}, int(self._run.step)
        for name in self._run.history.parts():
            steps, values = self._run.history.part(name)
            first, last = np.searchsorted(steps, low), np.searchsorted(steps, high, side="right")
            inside = slice(max(0, first - 1), last + 1)  # one more to either side, to which the line is drawn
            series[name] = (0, *thinned(steps[inside], values[inside], POINTS))
        described, buffers = _packed(series)
        self.send({"type": "detail", "low": low, "high": high, "step": step, "series": described}, buffers=buffers)

    def _tell_beside(self, label: str, kind: str, _payload: dict[str, Any]) -> None:
        if kind != "update" or time.monotonic() - self._beside_at.get(label, 0.0) > BESIDE:
            self._beside_at[label] = time.monotonic()
            self._send_beside(label)

    def _send_beside(self, label: str) -> None:
        """The curves of another run, whole and thinned: on the way to its present branch."""
        history = self._beside[label].history
        described, buffers = _packed({name: (0, *both) for name, both in history.curves(POINTS // 4).items()})
        self.send({"type": "beside", "label": label, "series": described}, buffers=buffers)

    def _send_picture(self) -> None:
        if self._run.history.names():
            data, size = png(self._run)
            self.send({"type": "picture", "text": repr(self._run), "size": size}, buffers=[data])


def _plain(status: dict[str, Any], events: list[Any]) -> dict[str, Any]:
    """Status and events as JSON can hold them: no number that is not finite."""
    keys = [key for key in status if key not in ("events", "series", "first_event")]
    listed = [{"step": e[0], "seconds": e[1], "kind": e[2], "data": e[3]} for e in events]
    return _finite({"status": {key: status[key] for key in keys}, "events": listed})


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _packed(series: dict[str, tuple[Any, ...]]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Descriptions of the curves, and one buffer of float64: the steps and the values of each, one after the other.

    It is one, because the kernel sends every buffer by itself, and each sending costs as much as a few thousand points.
    """
    described, columns = [], []
    for name, (start, steps, values, *count) in series.items():
        points = len(steps)
        described.append({"name": name, "start": start, "count": count[0] if count else points, "points": points})
        columns += [steps, values]
    return described, [np.concatenate(columns, dtype=np.float64).tobytes()] if columns else []


def let_through(widget: anywidget.AnyWidget) -> None:
    """Have the messages of this one widget handled at once, also while a cell is busy.

    JupyterLab sends them to a second shell of the kernel. ipykernel 7.4 hands them back to the shell from which the
    widget last spoke, which is the busy one; on this widget's own comm, and on no other, they stay where they came
    in. Other versions have no such step and need nothing; where the name is gone, the buttons work when the cell has
    returned, and always with `--background`. VS Code knows no second shell; there the doorkeeper lets them in.
    """
    comm = widget.comm
    if comm is not None and callable(getattr(comm, "_reply_subshell_for", None)):
        comm._reply_subshell_for = lambda data, default: default
    keeper = doorkeeper()
    if keeper is not None and comm is not None:
        keeper.know(comm.comm_id)


def show(run: Run, beside: Mapping[str, Run] | None = None) -> LossChart:
    """Display `run` live in the running cell; at its end the output becomes a picture that needs no kernel.

    `beside`: name -> other runs, whose curves are drawn with it. A run that has ended is shown live as well, to go back
    from. The widget is returned.
    """
    chart = LossChart(run, beside)
    handle = display(chart, display_id=True)
    keeper = doorkeeper()
    inside = keeper is not None and not run.ended
    if keeper is not None and inside:
        keeper.enter()

    def finish(kind: str, payload: dict[str, Any]) -> None:
        nonlocal inside
        if kind != "end":
            return
        if keeper is not None and inside:
            inside = False
            keeper.leave()
        if handle is not None:
            leave_picture(run, handle)

    run.add_listener(finish)
    return chart


def leave_picture(run: Run, handle: DisplayHandle) -> None:
    """Put the picture of `run` in the place of its chart, in the page and so in the saved notebook."""
    data: dict[str, Any] = {"text/plain": repr(run)}
    metadata = {}
    if run.history.names():
        data["image/png"], metadata["image/png"] = png(run)
    handle.update(data, metadata=metadata, raw=True)
