"""An LSTM step by step, for what the operator of whole sequences does not know: projected outputs and held cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .functions import function as F


def held_lstm(
    xw: Any, w: Any, b: Any, h: Any, c: Any, reverse: bool, after: Any, clip: Sequence[float] | None
) -> tuple[Any, Any]:
    """Outputs (t, n, projected) and cells (t, n, hidden) of all steps in one direction.

    xw (t, n, 4 * hidden): the inputs times their weights. after (projected, hidden) or None; clip (low, high) or None,
    where a cell that is NaN becomes low.
    """
    steps = xw.shape[0]
    outputs: list[Any] = [None] * steps
    cells: list[Any] = [None] * steps
    for t in range(steps - 1, -1, -1) if reverse else range(steps):
        row = F("squeeze")(F("slice")(xw, (t,), (1,), None), 0)
        i, f, g, o = F("split")(F("add")(row, F("dense")(h, w, b)), 4, 1)
        c = F("sigmoid")(f) * c + F("sigmoid")(i) * F("tanh")(g)
        if clip is not None:
            low, high = clip
            c = F("clip")(F("where")(F("isnan")(c), low, c), low, high)
        h = F("sigmoid")(o) * F("tanh")(c)
        h = h if after is None else F("dense")(h, after, None)
        outputs[t], cells[t] = h, c
    return F("stack")(*outputs, axis=0), F("stack")(*cells, axis=0)
