"""A search as a still picture: the curves of all trials, the best so far, lines through all marks, importance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlcore.tune import Search, Trial

from ..data.static import BLUE, GRID, INK, MUTED, ORANGE, new_figure, plain
from ..data.static import png as as_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 300  # trials that are drawn; more run together
OTHER = "#757575"
BACK = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.75}


def png(search: Search) -> tuple[bytes, dict[str, int]]:
    """The picture as PNG bytes, and its size on the page in CSS pixels."""
    return as_png(figure(search))


def figure(search: Search) -> Figure:
    """The picture as a matplotlib figure, drawn without pyplot."""
    drawn = new_figure(9.6, 6.2)
    parts: Any = drawn.subfigures(2, 1, height_ratios=(1, 1.1))
    above, below = parts
    curves, steps = above.subplots(1, 2)
    lines, bars = below.subplots(1, 2, width_ratios=(3, 1))
    trials = shown(search)
    best = search.best
    _curves(curves, search, trials, best)
    _steps(steps, search)
    _lines(lines, search, trials, best)
    _bars(bars, search.importance())
    title = repr(search).strip("<>").replace("; best", "\nbest")
    drawn.suptitle(title, fontsize=9, color=INK, x=0.01, ha="left")
    return drawn


def shown(search: Search) -> list[Trial]:
    """The trials that are drawn: all, or the best ones and the newest of many."""
    trials = list(search.trials)
    if len(trials) <= MOST:
        return trials
    sign = -1 if search.maximize else 1
    scored = sorted((t for t in trials if t.score is not None), key=lambda t: sign * float(t.score or 0))
    kept = {t.number for t in [*scored[: MOST // 2], *trials[-MOST // 2 :]]}
    return [t for t in trials if t.number in kept]


def _style(trial: Trial, best: Trial | None) -> dict[str, Any]:
    if best is not None and trial.number == best.number:
        return {"color": ORANGE, "linewidth": 2.2, "zorder": 3}
    if trial.state == "finished":
        return {"color": BLUE, "linewidth": 1.0, "alpha": 0.55, "zorder": 2}
    return {"color": OTHER, "linewidth": 0.8, "alpha": 0.5, "zorder": 1}


def _curves(axes: Any, search: Search, trials: list[Trial], best: Trial | None) -> None:
    for trial in trials:
        if not trial.curve:
            continue
        epochs, values = zip(*trial.curve, strict=True)
        dot = {"marker": "o", "markersize": 3} if len(epochs) == 1 else {}
        axes.plot(epochs, values, **_style(trial, best), **dot)
    axes.set_title("every trial", fontsize=9, color=INK, loc="left")
    axes.grid(color=GRID, linewidth=0.7)
    axes.xaxis.get_major_locator().set_params(integer=True)
    plain(axes, "epoch", search.goal)


def _steps(axes: Any, search: Search) -> None:
    """Each score, and the best up to there."""
    scored = [t for t in search.trials if t.score is not None and t.state == "finished"]
    if scored:
        axes.scatter([t.number for t in scored], [t.score for t in scored], s=14, color=BLUE, alpha=0.7)
        pick = max if search.maximize else min
        reached = [pick(float(t.score or 0) for t in scored[: n + 1]) for n in range(len(scored))]
        axes.step([t.number for t in scored], reached, where="post", color=ORANGE, linewidth=1.8)
    axes.set_title("best so far", fontsize=9, color=INK, loc="left")
    axes.grid(color=GRID, linewidth=0.7)
    plain(axes, "trial", search.goal)


def _lines(axes: Any, search: Search, trials: list[Trial], best: Trial | None) -> None:
    names = list(search.marks)
    scores = [t.score for t in trials if t.score is not None]
    low, high = (min(scores), max(scores)) if scores else (0.0, 1.0)
    for trial in trials:
        places = [search.marks[name].place(trial.values[name]) for name in names]
        if trial.score is not None:
            places.append((trial.score - low) / (high - low) if high > low else 0.5)
        axes.plot(range(len(places)), places, **_style(trial, best))
    for at, name in enumerate(names):
        axes.axvline(at, color=MUTED, linewidth=0.7, zorder=0)
        for place, text in ticks(search.marks[name]):
            axes.text(at + 0.02, place, text, zorder=5, bbox=BACK, fontsize=7, color=INK, va="center")
    axes.axvline(len(names), color=MUTED, linewidth=0.7, zorder=0)
    for place, value in ((0.0, low), (1.0, high)):
        axes.text(len(names) + 0.02, place, f"{value:.4g}", zorder=5, bbox=BACK, fontsize=7, color=INK, va="center")
    axes.set_xticks(range(len(names) + 1), [*names, search.goal], fontsize=8, color=INK)
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)


def ticks(mark: Any) -> list[tuple[float, str]]:
    """Where the axis of a mark is labelled, and with what."""
    about = mark.about()
    if about["kind"] == "choice":
        return [(n / max(1, len(about["options"]) - 1), text) for n, text in enumerate(about["options"])]
    middle = math.sqrt(mark.low * mark.high) if about["kind"] == "log" else (mark.low + mark.high) / 2
    return [(0.0, f"{mark.low:.4g}"), (0.5, f"{middle:.3g}"), (1.0, f"{mark.high:.4g}")]


def _bars(axes: Any, shares: dict[str, float]) -> None:
    names = sorted(shares, key=lambda name: shares[name])
    axes.barh(range(len(names)), [shares[name] for name in names], color=BLUE, height=0.55)
    axes.set_yticks(range(len(names)), names, fontsize=8, color=INK)
    axes.set_title("what matters", fontsize=9, color=INK, loc="left")
    axes.set_xlim(0, 1)
    plain(axes, "share", "")
