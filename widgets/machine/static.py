"""The readings of a monitor as a still picture: processors, memory, the pool, GPUs, and the arena by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..data.static import BLUE, GRID, INK, ORANGE, new_figure, plain
from ..data.static import png as as_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .model import Monitor

MEBIBYTE = 1 << 20
MOST = 14  # layers with a bar of their own


def png(shown: Monitor) -> tuple[bytes, dict[str, int]]:
    """The picture as PNG bytes, and its size on the page in CSS pixels."""
    return as_png(figure(shown))


def figure(shown: Monitor) -> Figure:
    """The picture as a matplotlib figure, drawn without pyplot."""
    readings = list(shown.readings)
    now = readings[-1]
    arena = {} if shown.program is None else shown.program.arena
    drawn = new_figure(9.6, 2.4)
    axes: Any = drawn.subplots(1, 4 if arena else 3)
    at = [reading.seconds - now.seconds for reading in readings]
    _lines(axes[0], "processors, %", at, {
        "machine": [None if r.machine is None else 100 * r.machine for r in readings],
        "this process": [None if r.process is None else 100 * r.process / r.cores for r in readings],
    }, 100)  # fmt: skip
    total = None if now.total is None else now.total / 2**30
    _lines(axes[1], "memory, GiB", at, {
        "machine": [None if r.used is None else r.used / 2**30 for r in readings],
        "this process": [None if r.resident is None else r.resident / 2**30 for r in readings],
    }, total)  # fmt: skip
    _lines(axes[2], "arrays, MiB", at, {
        "in use": [r.allocated / MEBIBYTE for r in readings],
        "with the pool": [(r.allocated + r.cached) / MEBIBYTE for r in readings],
    }, None)  # fmt: skip
    if arena:
        _bars(axes[3], arena)
    drawn.suptitle(repr(shown).strip("<>"), fontsize=9, color=INK, x=0.01, ha="left")
    return drawn


def _lines(axes: Any, title: str, at: list[float], curves: dict[str, list[Any]], top: float | None) -> None:
    for (name, values), color in zip(curves.items(), (ORANGE, BLUE), strict=True):
        known = [(x, y) for x, y in zip(at, values, strict=True) if y is not None]
        marker = "o" if len(known) == 1 else None
        axes.plot([x for x, _ in known], [y for _, y in known], color=color, marker=marker, markersize=3, label=name)
    axes.set_ylim(0, top)
    axes.set_title(title, fontsize=9, color=INK, loc="left")
    axes.grid(color=GRID, linewidth=0.7)
    axes.legend(frameon=False, fontsize=7, loc="best")
    plain(axes, "seconds", "")


def _bars(axes: Any, arena: dict[str, int]) -> None:
    rows = sorted(arena.items(), key=lambda item: item[1])[-MOST:]
    axes.barh(range(len(rows)), [size / MEBIBYTE for _, size in rows], color=BLUE, height=0.6)
    axes.set_yticks(range(len(rows)), [path or "itself" for path, _ in rows], fontsize=7, color=INK)
    axes.set_title("arena by layer, MiB", fontsize=9, color=INK, loc="left")
    plain(axes, "", "")
