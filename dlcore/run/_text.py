"""The plain display of a run: one line an epoch, for scripts and terminals."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from ._run import Run
from ._sparkline import sparkline


class TextProgress:
    """A listener that prints one line an epoch, the curve of the loss at the end, and a line where it was stopped.

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
        run.add_listener(self)

    def __call__(self, kind: str, payload: dict[str, Any]) -> None:
        for event in payload["events"]:
            if event[2] == "epoch":
                self._print(epoch_line(payload["name"], payload["epochs"], event[3]))
            elif event[2] == "note":
                self._print(f"{payload['name']}: {event[3]['text']}")
        if kind == "end":
            self._curve(payload["name"])
        if kind == "end" and payload["state"] == "stopped":
            self._print(f"{payload['name']}: stopped at step {payload['step']:,}; the network is usable as it is")

    def _curve(self, name: str) -> None:
        if "loss" not in self.run.history:
            return
        _, losses = self.run.history.series("loss")
        bars = sparkline(losses)
        encoding = getattr(self.stream or sys.stdout, "encoding", None) or "utf-8"
        if len(losses) > 1 and bars and encoding.lower().startswith("utf"):  # an old terminal has no bars to draw with
            self._print(f"{name}  loss {losses[0]:.4g} {bars} {losses[-1]:.4g}")

    def _print(self, text: str) -> None:
        print(text, file=self.stream or sys.stdout, flush=True)


def epoch_line(name: str, epochs: int, data: dict[str, Any]) -> str:
    """`lenet  epoch 2/3  loss 0.0712  val_accuracy 0.9874  12.3 s  9,876 samples/s`."""
    scores = "  ".join(f"{key} {value:.4f}" for key, value in data["scores"].items())
    speed = f"{data['seconds']:.1f} s  {data['samples_per_second']:,.0f} samples/s"
    return f"{name}  epoch {data['epoch']}/{epochs}  {scores}  {speed}"
