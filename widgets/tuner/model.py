"""The Python side of the tuner: it tells the page of trials, and leaves in the search what the page asks."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import Any

import anywidget
from IPython.display import display

from dlcore.tune import Search, Trial

from ..loss_chart.model import let_through
from ..loss_chart.reload import doorkeeper
from .static import png

HERE = Path(__file__).parent
PERIOD = 0.1  # seconds between two messages, at least
SLOWLY = 1.0  # seconds between two looks at what matters most
POINTS = 200  # of one trial's curve

if not (HERE / "bundle.js").exists():
    raise ImportError(f"{HERE / 'bundle.js'} is missing: build it with `python widgets/build.py`")


class Tuner(anywidget.AnyWidget):
    """The live picture of one search.

    The page sends `hello` and gets everything; from then on it gets the trials that have changed, at most ten times a
    second. Its buttons and sliders come back as messages that only ask the search.
    """

    _esm = HERE / "bundle.js"
    _css = HERE / "bundle.css"

    def __init__(self, search: Search) -> None:
        super().__init__()
        self._search = search
        self._stays = search.ended  # shown again after its end: it stays live, to go on from
        self._told: dict[int, tuple[Any, ...]] = {}
        self._lock = threading.Lock()
        self._at = 0.0
        self._timer: threading.Timer | None = None
        self._importance: tuple[float, dict[str, float]] = (0.0, {})
        let_through(self)
        self.on_msg(self._receive)
        search.add_listener(self._changed)

    def _changed(self, search: Search) -> None:
        """Tell the page now, or when the last message is old enough. Called on the search's threads."""
        with self._lock:
            if self._timer is not None:
                return
            left = self._at + PERIOD - time.monotonic()
            if left > 0 and not search.ended:
                self._timer = threading.Timer(left, self._late)
                self._timer.daemon = True
                self._timer.start()
                return
        self._send_news()

    def _late(self) -> None:
        with self._lock:
            self._timer = None
        self._send_news()

    def _send_news(self) -> None:
        with self._lock:
            self._at = time.monotonic()
            changed = [t for t in list(self._search.trials) if self._told.get(t.number) != _mark_of(t)]
            self._told.update((t.number, _mark_of(t)) for t in changed)
        self.send({"type": "update", "trials": [self._plain(t) for t in changed], **self._status()})

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind, search = content.get("type"), self._search
        try:
            if kind == "hello":
                self._send_all()
            elif kind == "picture":
                data, size = png(search)
                self.send({"type": "picture", "text": repr(search), "size": size}, buffers=[data])
            elif kind in ("pause", "stop"):
                getattr(search, kind)()
            elif kind == "resume":
                search.resume(int(content.get("trials", 0)))
            elif kind == "attempt":
                search.attempt(**{str(name): value for name, value in content["values"].items()})
        except (ValueError, RuntimeError) as error:
            self.send({"type": "error", "text": str(error)})

    def _send_all(self) -> None:
        search = self._search
        content = {
            "type": "search",
            "model_id": self.model_id,
            "stays": self._stays,
            "name": search.name,
            "goal": search.goal,
            "maximize": search.maximize,
            "marks": [{"name": name, **mark.about()} for name, mark in search.marks.items()],
            "trials": [self._plain(trial) for trial in list(search.trials)],
        }
        self.send({**content, **self._status()})

    def _status(self) -> dict[str, Any]:
        search, best = self._search, self._search.best
        error = search.exception
        return {
            "state": search.state,
            "wanted": search.wanted,
            "best": None if best is None else best.number,
            "importance": self._shares(),
            "error": None if error is None else f"{type(error).__name__}: {error}".splitlines()[0],
        }

    def _shares(self) -> dict[str, float]:
        at, found = self._importance
        if time.monotonic() - at > SLOWLY or self._search.ended:
            found = self._search.importance()
            self._importance = time.monotonic(), found
        return found

    def _plain(self, trial: Trial) -> dict[str, Any]:
        """A trial as JSON can hold it."""
        marks = self._search.marks
        curve = trial.curve[:: max(1, len(trial.curve) // POINTS)]
        if trial.curve and curve[-1] is not trial.curve[-1]:
            curve = [*curve, trial.curve[-1]]
        return {
            "number": trial.number,
            "state": trial.state,
            "labels": {name: mark.label(trial.values[name]) for name, mark in marks.items()},
            "places": {name: mark.place(trial.values[name]) for name, mark in marks.items()},
            "curve": [[epoch, value if math.isfinite(value) else None] for epoch, value in curve],
            "score": trial.score,
            "seconds": trial.seconds,
            "error": trial.error,
            "by_hand": trial.by_hand,
        }


def _mark_of(trial: Trial) -> tuple[Any, ...]:
    return trial.state, len(trial.curve), trial.score


def show(search: Search) -> Tuner:
    """Display `search` live in the running cell; at its end the output becomes a picture that needs no kernel.

    A search that has ended is shown live as well, to go on from. The widget is returned.
    """
    tuner = Tuner(search)
    handle = display(tuner, display_id=True)
    if search.ended:
        return tuner
    keeper = doorkeeper()
    if keeper is not None:
        keeper.enter()
    inside = True

    def finish(search: Search) -> None:
        nonlocal inside
        if not search.ended:
            return
        if keeper is not None and inside:
            inside = False
            keeper.leave()
        search.remove_listener(finish)
        if handle is not None:
            data: dict[str, Any] = {"text/plain": repr(search)}
            metadata = {}
            if search.trials:
                data["image/png"], metadata["image/png"] = png(search)
            handle.update(data, metadata=metadata, raw=True)

    search.add_listener(finish)
    return tuner
