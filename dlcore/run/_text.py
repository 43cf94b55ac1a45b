"""The plain display of a run: one line an epoch, for scripts and terminals."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

from ._run import Run
from ._sparkline import sparkline

ALL, PERIOD = 20, 0.25  # epochs that all have a line, and seconds between two lines after them


class TextProgress:
    """A listener that prints one line an epoch, the curve of the loss at the end, and a line where it was stopped.

    Of many short epochs it prints a few lines a second, the last one in any case.

    >>> import dlcore as dl
    >>> run = dl.run.prepare(dl.gluon.nn.Dense(1), (dl.np.ones((8, 2)), dl.np.ones((8, 1))), batch=4)
    >>> progress = TextProgress(run)
    >>> run.start().wait().state
    dense...: the network had no weights yet: initialized with Xavier
    dense...  epoch 1/1  loss ... samples/s
    dense...  loss ...
    'finished'
    """

    def __init__(self, run: Run, stream: TextIO | None = None) -> None:
        self.run = run
        self.stream = stream
        self._at, self._waiting = 0.0, ""  # when a line was printed, and one that came too soon after it
        run.add_listener(self)

    def __call__(self, kind: str, payload: dict[str, Any]) -> None:
        for event in payload["events"]:
            if event[2] == "epoch":
                self._epoch(event[3]["epoch"], epoch_line(payload["name"], payload["epochs"], event[3]))
            elif event[2] == "note":
                self._print(f"{payload['name']}: {event[3]['text']}")
        if kind == "end":
            if self._waiting:
                self._print(self._waiting)
            if line := curve_line(self.run, self.stream):
                self._print(line)
        if kind == "end" and payload["state"] == "stopped":
            self._print(f"{payload['name']}: stopped at step {payload['step']:,}; the network is usable as it is")

    def _epoch(self, number: int, line: str) -> None:
        if number > ALL and time.monotonic() - self._at < PERIOD:
            self._waiting = line
            return
        self._at, self._waiting = time.monotonic(), ""
        self._print(line)

    def _print(self, text: str) -> None:
        print(text, file=self.stream or sys.stdout, flush=True)


def curve_line(run: Run, stream: TextIO | None = None) -> str:
    """The loss from its first to its last value, as bars between them; empty where there is no curve to draw."""
    if "loss" not in run.history:
        return ""
    _, losses = run.history.series("loss")
    bars = sparkline(losses)
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    drawable = encoding.lower().startswith("utf")  # an old terminal has no bars
    return f"{run.name}  loss {losses[0]:.4g} {bars} {losses[-1]:.4g}" if len(losses) > 1 and bars and drawable else ""


def epoch_line(name: str, epochs: int, data: dict[str, Any]) -> str:
    """`lenet  epoch 2/3  loss 0.0712  val_accuracy 0.9874  12.3 s  9,876 samples/s`."""
    scores = "  ".join(f"{key} {value:.4f}" for key, value in data["scores"].items())
    speed = f"{data['seconds']:.1f} s  {data['samples_per_second']:,.0f} samples/s"
    return f"{name}  epoch {data['epoch']}/{epochs}  {scores}  {speed}"
