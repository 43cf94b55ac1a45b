"""Layers that run over whole sequences: RNN, LSTM, GRU."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore._kinds import Chance, Count, Length
from dlcore.ops import F

from .._block import shape_of
from ..nn._activation import check
from . import _step
from ._cell import Stateful, steps, time_axis

_PARAMETERS = ("i2h_weight", "h2h_weight", "i2h_bias", "h2h_bias")


class _Layer(Stateful):
    """What the three share.

    Layer k has parameters l{k}_i2h_weight, l{k}_h2h_weight, l{k}_i2h_bias, l{k}_h2h_bias, and, if bidirectional, the
    same with r{k} for the way back. The inputs of all steps are multiplied at once; only h2h goes step by step.
    """

    _kind: _step.Kind

    def __init__(
        self,
        hidden_size: Count,
        num_layers: Count = 1,
        layout: str = "TNC",
        dropout: Chance = 0.0,
        bidirectional: bool = False,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        name = type(self).__name__
        self._time = time_axis(layout, name)
        if not 0 <= dropout < 1:
            raise ValueError(f"{name}: expected 0 <= dropout < 1, got {dropout}")
        self._hidden_size, self._num_layers, self._layout = hidden_size, num_layers, layout
        self._dropout, self._ways = dropout, "lr" if bidirectional else "l"
        inits = (i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer)
        rows = self._kind.gates * hidden_size
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else hidden_size * len(self._ways)
            for way in self._ways:
                shapes = ((rows, inputs), (rows, hidden_size), (rows,), (rows,))
                for what, shape, init in zip(_PARAMETERS, shapes, inits, strict=True):
                    full = f"{way}{layer}_{what}"
                    setattr(self, full, self.params.get(full, shape=shape, init=init, allow_deferred_init=True))

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        """Shape and layout of each state: (num_layers * directions, n, hidden)."""
        shape = (self._num_layers * len(self._ways), batch_size, self._hidden_size)
        return [{"shape": shape, "__layout__": "LNC"} for _ in range(self._kind.states)]

    def infer_shape(self, x: Any, *args: Any) -> None:
        shape = self._sequence_shape(x)
        for way in self._ways:
            getattr(self, f"{way}0_i2h_weight").shape = (self._kind.gates * self._hidden_size, shape[2])

    def _sequence_shape(self, x: Any) -> tuple[int, ...]:
        """The shape of x, which must be a sequence of at least one step."""
        shape = shape_of(x)
        if len(shape) != 3 or shape[self._time] < 1:
            raise ValueError(f"{type(self).__name__}: expected x of layout {self._layout} with a step, got {shape}")
        return shape

    def forward(self, x: Any, states: Any = None) -> Any:  # type: ignore[override]
        shape = self._sequence_shape(x)
        if not type(self).__module__.startswith("dlcore."):
            _core.note_sizes()  # a class of the user's may make of a number of samples what it likes
        alone = states is None
        if alone:
            states = self.begin_state(shape[1 - self._time], dtype=x.dtype.name, device=x._device)
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        expected = [info["shape"] for info in self.state_info(shape[1 - self._time])]
        if [shape_of(state) for state in states] != expected:
            found = [shape_of(state) for state in states]
            raise ValueError(f"{type(self).__name__}: expected states of shapes {expected}, got {found}")
        x = F.transpose(x, (1, 0, 2)) if self._time else x
        x, states = self._fused(x, states) if self._kind.mode else self._stepwise(x, states)
        x = F.transpose(x, (1, 0, 2)) if self._time else x
        return x if alone else (x, states)

    def _own(self, layer: int, way: str) -> list[Any]:
        """The four parameters of one layer in one direction."""
        return [getattr(self, f"{way}{layer}_{what}").data() for what in _PARAMETERS]

    def _fused(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """All layers over x (t, n, inputs) by one operator for each layer and direction."""
        parameters = [p for layer in range(self._num_layers) for way in self._ways for p in self._own(layer, way)]
        return F.rnn(x, parameters, states, self._kind.mode, len(self._ways) > 1, self._dropout)

    def _stepwise(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """The same one step after the other, for activations that the operator does not know."""
        begin = list(zip(*(steps(state, 0) for state in states), strict=True))
        last: list[list[Any]] = []
        for layer in range(self._num_layers):
            outputs = []
            for way in self._ways:
                output, end = self._over(x, list(begin[len(last)]), layer, way)
                outputs.append(output)
                last.append(end)
            x = F.concat(*outputs, axis=2) if len(outputs) > 1 else outputs[0]
            if self._dropout and layer + 1 < self._num_layers:
                x = F.dropout(x, self._dropout)
        return x, [F.stack(*parts, axis=0) for parts in zip(*last, strict=True)]

    def _over(self, x: Any, states: list[Any], layer: int, way: str) -> tuple[Any, list[Any]]:
        """One layer in one direction over x (t, n, inputs): outputs (t, n, hidden) and the last states."""
        i2h_weight, h2h_weight, i2h_bias, h2h_bias = self._own(layer, way)
        products = steps(F.dense(x, i2h_weight, i2h_bias, flatten=False), 0)
        back = way == "r"
        outputs = []
        for i2h in reversed(products) if back else products:
            states = self._kind.step(i2h, F.dense(states[0], h2h_weight, h2h_bias), states)
            outputs.append(states[0])
        return F.stack(*(reversed(outputs) if back else outputs), axis=0), states

    def _details(self) -> str:
        inputs = (self._reg_params["l0_i2h_weight"].shape or (0, 0))[1]
        text = f"{inputs or '?'} -> {self._hidden_size}, {self._layout}"
        text += f", num_layers={self._num_layers}" if self._num_layers > 1 else ""
        text += f", dropout={self._dropout}" if self._dropout else ""
        return text + (", bidirectional" if len(self._ways) > 1 else "")


class RNN(_Layer):
    """The plain recurrence of `RNNCell` over x (t, n, inputs), or (n, t, inputs) for layout "NTC".

    `layer(x)` gives the outputs of the last layer, hidden_size (twice that if bidirectional) in place of inputs;
    `layer(x, states)` gives (outputs, last states), each state (num_layers * directions, n, hidden_size).
    dropout: rate between layers, in training.

    >>> import dlcore as dl
    >>> layer = RNN(4, num_layers=2, activation="tanh")
    >>> layer.initialize()
    >>> layer(dl.nd.ones((5, 2, 3))).shape
    (5, 2, 4)
    """

    def __init__(
        self, hidden_size: Count, num_layers: Count = 1, activation: str = "relu", *args: Any, **kwargs: Any
    ) -> None:
        check(activation, "RNN")
        object.__setattr__(self, "_kind", _step.plain(activation))
        super().__init__(hidden_size, num_layers, *args, **kwargs)


class LSTM(_Layer):
    """The recurrence of `LSTMCell` over a sequence; shapes as for `RNN`, states [h, c].

    >>> import dlcore as dl
    >>> layer = LSTM(4, layout="NTC", bidirectional=True)
    >>> layer.initialize()
    >>> y, (h, c) = layer(dl.nd.ones((2, 5, 3)), layer.begin_state(2))
    >>> y.shape, c.shape
    ((2, 5, 8), (2, 2, 4))
    """

    _kind = _step.LSTM


class GRU(_Layer):
    """The recurrence of `GRUCell` over a sequence; shapes as for `RNN`, states [h].

    >>> import dlcore as dl
    >>> layer = GRU(4)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((5, 2, 3))).shape
    (5, 2, 4)
    """

    _kind = _step.GRU
