"""LSTMPCell: an LSTM whose output is a projection of its state."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from .._block import shape_of
from . import _step
from ._cell import RecurrentCell


class LSTMPCell(RecurrentCell):
    """An LSTM with states [r, c], r (n, projection_size) = (sigmoid(out) tanh(c)) W_h2r^T, c (n, hidden_size).

    r is the output and what goes round (Sak et al., arXiv:1402.1128). Gates as in `LSTMCell`: in, forget, cell, out.

    >>> import dlcore as dl
    >>> cell = LSTMPCell(6, projection_size=4)
    >>> cell.initialize()
    >>> outputs, states = cell.unroll(5, dl.nd.ones((2, 5, 3)), merge_outputs=True)
    >>> outputs.shape, [state.shape for state in states]
    ((2, 5, 4), [(2, 4), (2, 6)])
    """

    def __init__(
        self,
        hidden_size: Count,
        projection_size: Count,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        h2r_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._hidden, self._projected, rows = hidden_size, projection_size, 4 * hidden_size
        get = self.params.get
        self.i2h_weight = get(
            "i2h_weight", shape=(rows, input_size), init=i2h_weight_initializer, allow_deferred_init=True
        )
        self.h2h_weight = get("h2h_weight", shape=(rows, projection_size), init=h2h_weight_initializer)
        self.h2r_weight = get("h2r_weight", shape=(projection_size, hidden_size), init=h2r_weight_initializer)
        self.i2h_bias = get("i2h_bias", shape=(rows,), init=i2h_bias_initializer)
        self.h2h_bias = get("h2h_bias", shape=(rows,), init=h2h_bias_initializer)

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return [{"shape": (batch_size, n), "__layout__": "NC"} for n in (self._projected, self._hidden)]

    def infer_shape(self, x: Any, *args: Any) -> None:
        shape = shape_of(x)
        if len(shape) != 2:
            raise ValueError(f"LSTMPCell: expected x of shape (n, inputs), got {shape}")
        self.i2h_weight.shape = (4 * self._hidden, shape[1])

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        if len(states) != 2:
            raise ValueError(f"LSTMPCell: expected 2 states, got {len(states)}")
        i2h = F.dense(x, self.i2h_weight.data(), self.i2h_bias.data())
        h2h = F.dense(states[0], self.h2h_weight.data(), self.h2h_bias.data())
        hidden, cell = _step.LSTM.step(i2h, h2h, list(states))
        projected = F.dense(hidden, self.h2r_weight.data(), None)
        return projected, [projected, cell]

    def _details(self) -> str:
        inputs = (self.i2h_weight.shape or (0, 0))[1]
        return f"{inputs or '?'} -> {self._hidden} -> {self._projected}"
