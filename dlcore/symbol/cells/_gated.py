"""Cells whose step begins with a product of the input and one of the state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dlcore.array import nd

from .._symbol import Symbol
from ._base import BaseRNNCell, RNNParams, States, op, taken

_GROUPS = [(which, kind) for which in ("i2h", "h2h") for kind in ("weight", "bias")]


class _Gated(BaseRNNCell):
    """A cell whose step begins with a product of the input and one of the state."""

    gates: tuple[str, ...] = ("",)
    n_states = 1

    def __init__(self, num_hidden: int, prefix: str, params: RNNParams | None, i2h_bias: Any = None) -> None:
        super().__init__(prefix, params)
        self._num_hidden = num_hidden
        firsts = {"i2h_weight": None, "i2h_bias": i2h_bias, "h2h_weight": None, "h2h_bias": None}
        self._weights = {name: self._params.get(name, init=first) for name, first in firsts.items()}

    @property
    def state_info(self) -> list[dict[str, Any]]:
        return [{"shape": (0, self._num_hidden), "__layout__": "NC"}] * self.n_states

    def unpack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        found, size = dict(args), self._num_hidden
        for which, kind in _GROUPS:
            whole = taken(found, f"{self._prefix}{which}_{kind}")
            for k, gate in enumerate(self.gates):
                found[f"{self._prefix}{which}{gate}_{kind}"] = whole[k * size : (k + 1) * size].copy()
        return found

    def pack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(args)
        for which, kind in _GROUPS:
            parts = [taken(found, f"{self._prefix}{which}{gate}_{kind}") for gate in self.gates]
            found[f"{self._prefix}{which}_{kind}"] = nd.concat(*parts, dim=0)
        return found

    def _products(self, inputs: Symbol, states: States) -> tuple[str, Symbol, Symbol, States]:
        """The step's name, both products, and the states with zeros where none came."""
        name, width = self.step_name(), self._num_hidden * len(self.gates)
        dense, w = op("FullyConnected"), self._weights
        i2h = dense(inputs, w["i2h_weight"], w["i2h_bias"], num_hidden=width, name=name + "i2h")
        if any(state is None for state in states):
            zeros = op("zeros_like")(op("slice_axis")(i2h, axis=1, begin=0, end=self._num_hidden))
            states = [zeros if state is None else state for state in states]
        h2h = dense(states[0], w["h2h_weight"], w["h2h_bias"], num_hidden=width, name=name + "h2h")
        return name, i2h, h2h, states


class RNNCell(_Gated):
    """h = activation(W_i x + b_i + W_h h + b_h) (Elman, 1990).

    >>> import dlcore as dl
    >>> output, states = RNNCell(4)(dl.sym.var("x"), [dl.sym.var("h")])
    >>> output.infer_shape(x=(2, 3), h=(2, 4))[1]
    [(2, 4)]
    """

    def __init__(
        self, num_hidden: int, activation: str = "tanh", prefix: str = "rnn_", params: RNNParams | None = None
    ) -> None:
        super().__init__(num_hidden, prefix, params)
        self._activation = activation

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        name, i2h, h2h, _ = self._products(inputs, states)
        output = op("Activation")(op("add")(i2h, h2h), act_type=self._activation, name=name + "out")
        return output, [output]


class LSTMCell(_Gated):
    """Gates in the order input, forget, new, output (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

    forget_bias: what the input's bias of the forget gate begins with.

    >>> LSTMCell(4).state_shape
    [(0, 4), (0, 4)]
    """

    gates = ("_i", "_f", "_c", "_o")
    n_states = 2

    def __init__(
        self, num_hidden: int, prefix: str = "lstm_", params: RNNParams | None = None, forget_bias: float = 1.0
    ) -> None:
        super().__init__(num_hidden, prefix, params, json.dumps(["lstmbias", {"forget_bias": forget_bias}]))

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        name, i2h, h2h, states = self._products(inputs, states)
        enter, forget, new, leave = op("SliceChannel")(op("add")(i2h, h2h), num_outputs=4, axis=1, name=name + "slice")
        sigmoid, tanh = op("sigmoid"), op("tanh")
        cell = sigmoid(forget) * states[1] + sigmoid(enter) * tanh(new)
        output = sigmoid(leave) * tanh(cell)
        return output, [output, cell]


class GRUCell(_Gated):
    """Gates in the order reset, update, new (Cho et al., 2014, in cuDNN's form).

    >>> GRUCell(4).state_shape
    [(0, 4)]
    """

    gates = ("_r", "_z", "_o")

    def __init__(self, num_hidden: int, prefix: str = "gru_", params: RNNParams | None = None) -> None:
        super().__init__(num_hidden, prefix, params)

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        name, i2h, h2h, states = self._products(inputs, states)
        cut, sigmoid = op("SliceChannel"), op("sigmoid")
        reset_i, update_i, new_i = cut(i2h, num_outputs=3, axis=1, name=name + "i2h_slice")
        reset_h, update_h, new_h = cut(h2h, num_outputs=3, axis=1, name=name + "h2h_slice")
        update = sigmoid(update_i + update_h)
        new = op("tanh")(new_i + sigmoid(reset_i + reset_h) * new_h)
        output = (1.0 - update) * new + update * states[0]
        return output, [output]
