"""A run as a still picture: what stays in a saved notebook when no kernel is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dlcore.run import Event, Run
from dlcore.run._history import MARK

from ..data.static import png as as_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BRANCHES = ("#b3261e", "#00796b", "#7b1fa2", "#8a5a00", "#ad1457")  # after the first, going round
TRAIN, VALIDATION, MUTED, GRID = "#2457c5", "#d1600a", "#616161", "#e4e4e4"
WIDTH, HEIGHT = 4.8, 2.9  # inches a plot, at 100 dots an inch on the page
POINTS = 4000
WIDE = 100  # times its median that a curve may reach before its axis is a logarithmic one
NEAR, ROWS = 0.25, 6  # of the width, where two texts would run together; and how many stand below each other
STILL = 1e-3  # of its value: less than that is no change that a picture shows
DOTS = 40  # more values than these run together


def figure(run: Run) -> Figure:
    """The curves of `run` as a matplotlib figure: loss on the left, one more plot for each metric.

    It is drawn without pyplot, so that no global state is touched and any thread may call it.
    Raises ValueError when the run has recorded nothing yet.
    """
    from matplotlib.figure import Figure

    bases = _bases(run)
    if not bases:
        raise ValueError(f"figure: run {run.name!r} has recorded nothing yet")
    drawn = Figure(figsize=(max(2, len(bases)) * WIDTH, HEIGHT), dpi=100, layout="constrained", facecolor="white")
    drawn.suptitle(_title(run), fontsize=10, x=0.01, ha="left", color="#212121")
    for axes, base in zip(np.atleast_1d(drawn.subplots(1, len(bases))), bases, strict=True):
        _draw(axes, run, base)
    return drawn


def png(run: Run, scale: int = 2) -> tuple[bytes, dict[str, int]]:
    """The figure as PNG bytes, `scale` times as fine as it is shown, and its size on the page in CSS pixels."""
    return as_png(figure(run), scale)


def _bases(run: Run) -> list[str]:
    """`loss` first, then the metrics in the order in which they came; `val_loss` belongs to `loss`."""
    names = [name.removeprefix("val_") for name in run.history]
    return list(dict.fromkeys(name for name in ["loss", *names] if name in names))


def _title(run: Run) -> str:
    names = [name for name in run.history if name.startswith("val_")]
    scores = ", ".join(f"{name} {run.history.last(name):.4g}" for name in names)
    steps = f"{run.step:,} steps, {run.epoch} epoch{'' if run.epoch == 1 else 's'} in {run.seconds:.1f} s"
    end = run.status()["error"] or scores
    # What was said on the way, such as why the loss is no number: the chart that showed it is gone.
    said = [event.data["text"] for event in run.events if event.kind == "note" and event.step][-2:]
    return "\n".join([f"{run.name}: {run.state} after {steps}" + (f";  {end}" if end else ""), *said])


def _draw(axes: Any, run: Run, base: str) -> None:
    several = len(run.history.branches) > 1
    parts = run.history.parts()
    for branch in run.history.branches:
        tail = "" if branch.number == 1 else f"{MARK}{branch.number}"
        color, other = (TRAIN, VALIDATION) if not tail else (BRANCHES[(branch.number - 2) % len(BRANCHES)],) * 2
        if base + tail in parts:
            steps, values = run.history.part(base + tail, max_points=POINTS)
            axes.plot(steps, values, color=color, alpha=0.28, linewidth=0.7)
            axes.plot(steps, smooth(values), color=color, linewidth=1.6, label=branch.name if several else "train")
        if f"val_{base}{tail}" in parts:
            steps, values = run.history.part(f"val_{base}{tail}", max_points=POINTS)
            dots = {"marker": "o", "markersize": 4} if len(steps) <= DOTS else {}
            label = f"{branch.name.partition(',')[0]} validation" if several else "validation"
            dash = "--" if tail else "-"
            axes.plot(steps, values, color=other, linewidth=1.6, linestyle=dash, label=label, **dots)
    if _wide(run, base):
        axes.set_yscale("log")
    low, high = axes.get_ylim()
    if 0 < high - low < STILL * abs(high):  # hardly anything changes, which a line at its height says best
        axes.set_ylim(low - 0.1 * abs(low), high + 0.1 * abs(high))
    _mark(axes, turns(run.events))
    axes.set_xlabel("step", fontsize=9, color=MUTED)
    axes.set_ylabel(base, fontsize=9, color=MUTED)
    axes.tick_params(labelsize=8, colors=MUTED, length=3)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#bdbdbd")
    axes.legend(frameon=False, fontsize=8, loc="best", labelcolor="#212121")


def _wide(run: Run, base: str) -> bool:
    """Whether a series spans so many powers of ten that a plain axis would press most of it flat."""
    parts = [part for part in run.history.parts() if part.partition(MARK)[0] == base]
    values = np.concatenate([np.empty(0), *(run.history.part(part)[1] for part in parts)])
    values = values[np.isfinite(values)]
    return bool(len(values)) and bool(values.min() > 0) and bool(values.max() > WIDE * np.median(values))


def _mark(axes: Any, events: list[Event]) -> None:
    """A line for every turn of a knob; the texts of near ones stand below each other."""
    low, high = axes.get_xlim()
    before, row = -np.inf, 0
    for event in events:
        axes.axvline(event.step, color=MUTED, linewidth=0.7, linestyle=(0, (4, 4)))
        row = row + 1 if event.step - before < NEAR * (high - low) and row < ROWS else 0
        before = event.step
        value = event.data["value"]
        text = f" {event.data['name']} {value if isinstance(value, str) else f'{value:.3g}'}"
        place = axes.get_xaxis_transform()
        axes.text(event.step, 1.0 - 0.06 * row, text, transform=place, fontsize=7, color=MUTED, va="top")


def turns(events: list[Event]) -> list[Event]:
    """One event for one movement of the hand: changes of a knob that follow each other within a second."""
    marks: list[Event] = []
    for event in events:
        if event.kind != "knob":
            continue
        if marks and marks[-1].data["name"] == event.data["name"] and event.seconds - marks[-1].seconds < 1:
            marks.pop()
        marks.append(event)
    return marks


def smooth(values: np.ndarray) -> np.ndarray:
    """The mean over a window around each point, as the live chart draws it; points that are not finite are left out.

    The first points have smaller windows, else the steep beginning of a curve would be levelled.
    """
    reach = int(round(max(2, min(40, len(values) / 60))))
    good = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(good, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(good)])
    place = np.arange(len(values))
    half = np.minimum(reach, place)
    low, high = place - half, np.minimum(place + half + 1, len(values))
    count = counts[high] - counts[low]
    return np.where(count > 0, (sums[high] - sums[low]) / np.maximum(count, 1), np.nan)
