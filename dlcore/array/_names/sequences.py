"""Recurrent layers, with all parameters in one vector, and the CTC loss by MXNet's names. Steps are axis 0."""

from __future__ import annotations

from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray

_GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}


def _cut(parameters: NDArray, shapes: list[tuple[int, ...]], name: str) -> list[NDArray]:
    """The arrays of these shapes that follow each other in one vector."""
    total = sum(a * (b[0] if b else 1) for a, *b in shapes)
    if parameters.ndim != 1 or parameters.size != total:
        raise ValueError(f"{name}: parameters must be one vector of {total} numbers here, got shape {parameters.shape}")
    found, start = [], 0
    for shape in shapes:
        size = shape[0] * (shape[1] if len(shape) > 1 else 1)
        found.append(F.reshape(F.slice(parameters, (start,), (size,)), shape))
        start += size
    return found


def RNN(
    data: Any, parameters: Any, state: Any, state_cell: Any = None, sequence_length: Any = None,
    state_size: int | None = None, num_layers: int = 1, bidirectional: bool = False, mode: str = "lstm", p: float = 0.0,
    state_outputs: bool = False, projection_size: int | None = None, lstm_state_clip_min: float | None = None,
    lstm_state_clip_max: float | None = None, lstm_state_clip_nan: bool = False, use_sequence_length: bool = False,
) -> Any:  # fmt: skip
    """A stack of recurrent layers; mode is rnn_relu, rnn_tanh, gru or lstm, p the dropout between layers.

    data is (steps, batch, inputs), state and state_cell (layers * directions, batch, state_size). parameters is one
    vector: for each layer and direction the weights of the input and of the state (and, with a projection_size, those
    of the projection, which is what state holds then), after them the biases in the same order. Gives the outputs,
    with state_outputs also the last state (and the last cell). With use_sequence_length, steps behind
    sequence_length (batch,) give 0 and change no state. The cells of an lstm are held between lstm_state_clip_min and
    lstm_state_clip_max, if they are given; NaN then becomes the lower one, whatever lstm_state_clip_nan says.

    >>> from dlcore import nd
    >>> h = nd.zeros((1, 2, 1))
    >>> RNN(nd.ones((5, 2, 3)), nd.zeros((4 * (3 + 1 + 2),)), h, h, state_size=1).shape
    (5, 2, 1)
    """
    data, parameters, state = asarray(data), asarray(parameters), asarray(state)
    if mode not in _GATES:
        raise ValueError(f"RNN: mode must be one of {', '.join(_GATES)}, got {mode!r}")
    if data.ndim != 3 or state.ndim != 3:
        raise ValueError(f"RNN: data and state must have 3 axes, got shapes {data.shape} and {state.shape}")
    if mode == "lstm" and state_cell is None:
        raise ValueError("RNN: mode 'lstm' needs state_cell")
    if use_sequence_length and sequence_length is None:
        raise ValueError("RNN: use_sequence_length needs sequence_length, one number for each sequence")
    if (lstm_state_clip_min is None) != (lstm_state_clip_max is None):
        raise ValueError("RNN: lstm_state_clip_min and lstm_state_clip_max belong together, only one is given")
    states = [state, asarray(state_cell)] if mode == "lstm" else [state]
    hidden = state_size or states[-1].shape[-1]
    count = num_layers * (1 + bool(bidirectional))
    for name, x, width in zip(("state", "state_cell"), states, (projection_size or hidden, hidden), strict=False):
        if tuple(x.shape) != (count, data.shape[1], width):
            raise ValueError(
                f"RNN: {name} must have shape {(count, data.shape[1], width)} (layers and directions, samples, width) "
                f"for data {tuple(data.shape)}, got {tuple(x.shape)}"
            )
    ordered, after = _parameters(
        parameters, mode, data.shape[-1], hidden, projection_size or 0, num_layers, 1 + bool(bidirectional)
    )
    lengths = asarray(sequence_length) if use_sequence_length else None
    clip = None if lstm_state_clip_min is None else (lstm_state_clip_min, lstm_state_clip_max)
    y, last = F.rnn(data, ordered, states, mode, bool(bidirectional), p, lengths, after, clip)
    return [y, *last] if state_outputs else y


def _parameters(
    parameters: NDArray, mode: str, width: int, hidden: int, projected: int, layers: int, directions: int
) -> tuple[list[NDArray], list[NDArray] | None]:
    """What `F.rnn` takes, cut out of the one vector: four arrays for each layer and direction, and the projections."""
    rows, out = _GATES[mode] * hidden, projected or hidden
    weights: list[tuple[int, ...]] = []
    for _ in range(layers):
        weights += [(rows, width), (rows, out), *([(projected, hidden)] if projected else [])] * directions
        width = out * directions
    count = layers * directions
    arrays = _cut(parameters, weights + [(rows,)] * (2 * count), "RNN")
    own, biases = 2 + bool(projected), arrays[len(weights) :]
    ordered = [a for k in range(count) for a in (*arrays[own * k : own * k + 2], *biases[2 * k : 2 * k + 2])]
    return ordered, arrays[2 : len(weights) : 3] if projected else None


def CTCLoss(
    data: Any, label: Any, data_lengths: Any = None, label_lengths: Any = None, use_data_lengths: bool = False,
    use_label_lengths: bool = False, blank_label: str = "first",
) -> NDArray:  # fmt: skip
    """Connectionist temporal classification: a loss for each sample. data is (steps, batch, classes), label (batch, n).

    >>> from dlcore import nd
    >>> round(CTCLoss(nd.zeros((2, 1, 3)), nd.array([[1]])).item(), 4)
    1.0986
    """
    steps = data_lengths if use_data_lengths else None
    lengths = label_lengths if use_label_lengths else None
    return F.ctc_loss(data, label, steps, lengths, blank_label)


ctc_loss = CTCLoss
