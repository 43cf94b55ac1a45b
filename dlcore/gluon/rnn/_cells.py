"""The cells with weights: RNNCell, LSTMCell, GRUCell."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from .._block import shape_of
from ..nn._activation import check
from . import _step
from ._cell import RecurrentCell


class _WeightedCell(RecurrentCell):
    """What the three share: i2h_weight (gates * hidden, inputs), h2h_weight (gates * hidden, hidden), two biases."""

    _kind: _step.Kind

    def __init__(
        self,
        hidden_size: Count,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._hidden_size, self._rows = hidden_size, self._kind.gates * hidden_size
        get, rows = self.params.get, self._rows
        self.i2h_weight = get(
            "i2h_weight", shape=(rows, input_size), init=i2h_weight_initializer, allow_deferred_init=True
        )
        self.h2h_weight = get("h2h_weight", shape=(rows, hidden_size), init=h2h_weight_initializer)
        self.i2h_bias = get("i2h_bias", shape=(rows,), init=i2h_bias_initializer)
        self.h2h_bias = get("h2h_bias", shape=(rows,), init=h2h_bias_initializer)

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return [{"shape": (batch_size, self._hidden_size), "__layout__": "NC"} for _ in range(self._kind.states)]

    def infer_shape(self, x: Any, *args: Any) -> None:
        shape = shape_of(x)
        if len(shape) != 2:
            raise ValueError(f"{type(self).__name__}: expected x of shape (n, inputs), got {shape}")
        self.i2h_weight.shape = (self._rows, shape[1])

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        if len(states) != self._kind.states:
            raise ValueError(f"{type(self).__name__}: expected {self._kind.states} states, got {len(states)}")
        i2h = F.dense(x, self.i2h_weight.data(), self.i2h_bias.data())
        h2h = F.dense(states[0], self.h2h_weight.data(), self.h2h_bias.data())
        states = self._kind.step(i2h, h2h, states)
        return states[0], states

    def _details(self) -> str:
        inputs = (self.i2h_weight.shape or (0, 0))[1]
        return f"{inputs or '?'} -> {self._hidden_size}"


class RNNCell(_WeightedCell):
    """h = activation(x W_i2h^T + b_i2h + h W_h2h^T + b_h2h), the output and the one state.

    >>> import dlcore as dl
    >>> cell = RNNCell(4, activation="relu")
    >>> cell.initialize()
    >>> cell(dl.nd.ones((2, 3)), cell.begin_state(2))[0].shape
    (2, 4)
    """

    def __init__(self, hidden_size: Count, activation: str = "tanh", *args: Any, **kwargs: Any) -> None:
        check(activation, "RNNCell")
        object.__setattr__(self, "_kind", _step.plain(activation))
        super().__init__(hidden_size, *args, **kwargs)

    def _alias(self) -> str:
        return "rnn"


class LSTMCell(_WeightedCell):
    """Long short-term memory with states [h, c]; rows of the weights in the order in, forget, cell, out.

    c = sigmoid(forget) c + sigmoid(in) tanh(cell), h = sigmoid(out) tanh(c).

    >>> import dlcore as dl
    >>> cell = LSTMCell(4, input_size=3)
    >>> cell.initialize()
    >>> cell(dl.nd.ones((2, 3)), cell.begin_state(2))[1][1].shape, cell.i2h_weight.shape
    ((2, 4), (16, 3))
    """

    _kind = _step.LSTM

    def _alias(self) -> str:
        return "lstm"


class GRUCell(_WeightedCell):
    """Gated recurrent unit; rows of the weights in the order reset, update, new.

    n = tanh(i2h_new + sigmoid(reset) h2h_new), h = (1 - sigmoid(update)) n + sigmoid(update) h.

    >>> import dlcore as dl
    >>> cell = GRUCell(4, input_size=3)
    >>> cell.initialize()
    >>> cell(dl.nd.ones((2, 3)), cell.begin_state(2))[0].shape, cell.i2h_weight.shape
    ((2, 4), (12, 3))
    """

    _kind = _step.GRU

    def _alias(self) -> str:
        return "gru"
