"""One step of each kind of recurrence, after the two matrix products.

In all of them i2h is x W_i2h^T + b_i2h and h2h is h W_h2h^T + b_h2h, both (n, gates * hidden), with the gates one after
the other in MXNet's order; states is [h] or [h, c], each (n, hidden). They give the new states, the output first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from dlcore.ops import F

from ..nn._activation import activate

Step = Callable[[Any, Any, list[Any]], list[Any]]


class Kind(NamedTuple):
    """How many gates a recurrence has, how many states, its step, and the mode of `F.rnn` that makes all steps."""

    gates: int
    states: int
    step: Step
    mode: str = ""


def plain(activation: str) -> Kind:
    """h = activation(i2h + h2h) (Elman, 1990)."""
    mode = f"rnn_{activation}" if activation in ("tanh", "relu") else ""
    return Kind(1, 1, partial(_plain, activation), mode)


def _plain(activation: str, i2h: Any, h2h: Any, states: list[Any]) -> list[Any]:
    return [activate(F.add(i2h, h2h), activation)]


def _lstm(i2h: Any, h2h: Any, states: list[Any], axis: int = -1, activation: str = "tanh") -> list[Any]:
    """c = f c + i g, h = o tanh(c), gates in the order i, f, g, o (Hochreiter and Schmidhuber, 1997; Gers, 2000)."""
    enter, forget, new, leave = F.split(F.add(i2h, h2h), 4, axis=axis)
    kept = F.multiply(F.sigmoid(forget), states[1])
    cell = F.add(kept, F.multiply(F.sigmoid(enter), activate(new, activation)))
    return [F.multiply(F.sigmoid(leave), activate(cell, activation)), cell]


def _gru(i2h: Any, h2h: Any, states: list[Any], axis: int = -1, activation: str = "tanh") -> list[Any]:
    """h = (1 - z) n + z h, n = tanh(i_n + r h_n), gates in the order r, z, n (Cho et al., 2014, in cuDNN's form)."""
    reset_i, update_i, new_i = F.split(i2h, 3, axis=axis)
    reset_h, update_h, new_h = F.split(h2h, 3, axis=axis)
    reset = F.sigmoid(F.add(reset_i, reset_h))
    update = F.sigmoid(F.add(update_i, update_h))
    new = activate(F.add(new_i, F.multiply(reset, new_h)), activation)
    return [F.add(new, F.multiply(update, F.subtract(states[0], new)))]


def in_space(kind: str, activation: str) -> Kind:
    """The step of "rnn", "lstm" or "gru" for states that are pictures: the gates lie along axis 1."""
    if kind == "rnn":
        return plain(activation)
    gates, states, step = (4, 2, _lstm) if kind == "lstm" else (3, 1, _gru)
    return Kind(gates, states, partial(step, axis=1, activation=activation))


LSTM = Kind(4, 2, _lstm, "lstm")
GRU = Kind(3, 1, _gru, "gru")
