"""Curves, the confusion matrix and scatter plots as matplotlib figures on white, colours told apart at WCAG AA."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, INK, MUTED, GRID = "#2457c5", "#b34e00", "#212121", "#5f5f5f", "#e4e4e4"
MOST_NUMBERS = 20  # more classes than these have no room for a number in each field


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")


def png(figure: Figure, scale: int = 2) -> tuple[bytes, dict[str, int]]:
    """The figure as PNG bytes, `scale` times as fine as it is shown, and its size on the page in CSS pixels.

    It keeps the 256 colours that matter most: a plot has few, and takes a third of the room in the saved notebook.
    """
    from PIL import Image  # matplotlib cannot be without it

    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", dpi=100 * scale)
    Image.open(raw).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    width, height = figure.get_size_inches()
    return small.getvalue(), {"width": round(100 * width), "height": round(100 * height)}


def plain(axes: Any, x: str, y: str) -> None:
    """Quiet axes with their names."""
    axes.set_xlabel(x, fontsize=9, color=MUTED)
    axes.set_ylabel(y, fontsize=9, color=MUTED)
    axes.tick_params(labelsize=8, colors=MUTED, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#bdbdbd")


def learning_rates(found: Any) -> Figure:
    """The loss against the learning rate, with the suggestion marked."""
    figure = new_figure(6.4, 3.2)
    axes = figure.subplots()
    axes.plot(found.rates, found.losses, color=BLUE, alpha=0.3, linewidth=0.8)
    axes.plot(found.rates, found.smoothed, color=BLUE, linewidth=1.8)
    axes.set_xscale("log")
    low, high = float(found.smoothed.min()), float(found.smoothed[: int(np.argmin(found.smoothed)) + 1].max())
    room = (high - low) or 1.0
    axes.set_ylim(low - 0.1 * room, high + 0.35 * room)
    axes.axvline(found.suggestion, color=ORANGE, linewidth=1.4)
    axes.text(
        found.suggestion, 0.97, f" {found.suggestion:.2g} ", transform=axes.get_xaxis_transform(),
        color=ORANGE, fontsize=10, fontweight="bold", va="top", ha="right",
    )  # fmt: skip
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_title(f"{found.name}: a learning rate to begin with", fontsize=10, color=INK, loc="left")
    plain(axes, "learning rate", "loss")
    return figure


def results(found: Any) -> Figure:
    """The confusion matrix with the scores of each class beside it."""
    count = len(found.names)
    side = min(7.5, max(3.4, 0.42 * count + 1.4))
    figure = new_figure(side + 3.2, side)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [side, 2.8]})
    shares = found.confusion / np.maximum(found.confusion.sum(axis=1, keepdims=True), 1)
    left.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if count <= MOST_NUMBERS:
        for row, column in np.argwhere(found.confusion > 0):
            ink = "white" if shares[row, column] > 0.55 else INK
            number = f"{found.confusion[row, column]}"
            left.text(column, row, number, ha="center", va="center", fontsize=8, color=ink)
        left.set_xticks(range(count), found.names, rotation=90 if max(map(len, found.names)) > 3 else 0)
        left.set_yticks(range(count), found.names)
    plain(left, "predicted", "actual")
    head = f"{found.samples:,} samples, accuracy {found.accuracy:.2%}, loss {found.loss:.4g}"
    figure.suptitle(head, fontsize=10, color=INK, x=0.01, ha="left")
    places = np.arange(count)
    right.barh(places - 0.2, found.precision, 0.38, color=BLUE, label="precision")
    right.barh(places + 0.2, found.recall, 0.38, color=ORANGE, label="recall")
    right.set_yticks([])
    right.set_ylim(count - 0.5, -0.5)
    right.set_xlim(0, 1)
    plain(right, "score of the class", "")
    right.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, labelcolor=INK)
    return figure


def scatter(found: Any) -> Figure:
    """Points of an embedding, a colour and a sign a class."""
    figure = new_figure(6.0, 4.6)
    axes = figure.subplots()
    signs = "os^vDPX*<>"
    shades = [
        "#2457c5",
        "#b34e00",
        "#2e7d32",
        "#8e24aa",
        "#c62828",
        "#00697a",
        "#6d4c41",
        "#ad1457",
        "#5f6b00",
        "#424242",
    ]
    for number, label in enumerate(np.unique(found.labels)):
        chosen = found.labels == label
        x, y = found.points[chosen].T
        sign, shade = signs[number % 10], shades[number % 10]
        axes.scatter(x, y, s=14, alpha=0.75, linewidths=0, label=str(label), marker=sign, color=shade)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), labelcolor=INK)
    if found.method == "pca":
        names = [f"component {n + 1} ({share:.0%} of the variance)" for n, share in enumerate(found.shares)]
    else:
        names = [f"{found.method}: neighbours in {found.layer} are neighbours here", ""]
    plain(axes, names[0], names[1])
    return figure
