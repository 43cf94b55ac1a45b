"""Samples side by side as matplotlib figures: batches, worst mistakes, what a decision rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .static import BLUE, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 1.25
ACROSS = 8


def picture(sample: np.ndarray) -> np.ndarray | None:
    """A sample (channels, rows, columns), (rows, columns, channels) or (rows, columns) as values in [0, 1]."""
    values = np.asarray(sample, np.float32)
    if values.ndim == 3 and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3) or min(values.shape[:2]) < 2:
        return None
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0 or high > 1:  # normalized or bytes: what is least is black, what is most is white
        values = (values - low) / ((high - low) or 1.0)
    return np.nan_to_num(values)


def _cells(samples: list[np.ndarray], titles: list[str], tall: float = 0.0) -> tuple[Figure, list[Any]]:
    """A figure with one sample in each field: a picture, or the curve of its numbers."""
    across = min(ACROSS, max(1, len(samples)))
    down = -(-max(1, len(samples)) // across)
    figure = new_figure(SIDE * across, (SIDE + 0.25 + tall) * down)
    fields = list(np.ravel(figure.subplots(down, across, squeeze=False)))
    for axes, sample, title in zip(fields, samples, titles, strict=False):
        shown = picture(sample)
        if shown is None:
            axes.plot(np.ravel(np.asarray(sample, np.float32)), color=BLUE, linewidth=0.9)
        else:
            axes.imshow(shown, cmap="gray", vmin=0, vmax=1)
        axes.set_title(title, fontsize=8, color=INK)
    for axes in fields:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_frame_on(axes in fields[: len(samples)])
    return figure, fields


def batch(found: Any) -> Figure:
    """The samples of a batch with their labels."""
    return _cells(list(found.samples), found.titles)[0]


def worst(found: Any) -> Figure:
    """The worst mistakes, each with its class, what it was taken for, and the loss."""
    rows = zip(found.actual, found.predicted, found.losses, strict=True)
    titles = [f"{actual} → {predicted}\nloss {loss:.3g}" for actual, predicted, loss in rows]
    figure, _ = _cells(found.samples, titles, 0.2)
    head = "actual → predicted" if titles else "no mistakes"
    figure.suptitle(head, fontsize=10, color=INK, x=0.01, ha="left")
    return figure


def attribution(found: Any) -> Figure:
    """Each picture with what speaks for its class laid over it in colour."""
    samples = list(found.inputs)
    figure, fields = _cells(samples, [f"class {target}" for target in found.targets])
    for axes, sample, values in zip(fields, samples, found.values, strict=False):
        shown = picture(sample)
        if shown is None:
            axes.bar(range(values.size), np.ravel(values), color="#b34e00")
            continue
        flat = values if values.ndim == 2 else values.sum(axis=0 if values.shape[0] in (1, 3) else -1)
        reach = float(np.abs(flat).max()) or 1.0
        extent = (-0.5, shown.shape[1] - 0.5, shown.shape[0] - 0.5, -0.5)
        signed = {"cmap": "PuOr_r", "vmin": -reach, "vmax": reach}
        # What says nothing is left clear, so that the picture below stays what it is.
        clear = 0.8 * np.sqrt(np.abs(flat) / reach)
        axes.imshow(flat, extent=extent, alpha=clear, interpolation="bilinear", **signed)
    figure.suptitle(found.method, fontsize=10, color=INK, x=0.01, ha="left")
    return figure
