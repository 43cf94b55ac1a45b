"""Whole recurrent layers as one operator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from dlcore.array import nd

from .._symbol import Symbol
from ._base import BaseRNNCell, RNNParams, States, merged, op, sequence, taken
from ._gated import GRUCell, LSTMCell, RNNCell
from ._made_of_cells import BidirectionalCell, DropoutCell, SequentialRNNCell


class FusedRNNCell(BaseRNNCell):
    """Layers of "rnn_relu", "rnn_tanh", "lstm" or "gru" over a whole sequence: `sym.RNN`, with one vector of weights.

    dropout: between layers. get_next_state: whether `unroll` gives the last states too. forget_bias: what the biases of
    an LSTM's forget gates begin with.

    >>> import dlcore as dl
    >>> cell = FusedRNNCell(4, num_layers=2, mode="gru", bidirectional=True)
    >>> outputs, _ = cell.unroll(3, dl.sym.var("data"), merge_outputs=True)
    >>> outputs.infer_shape(data=(2, 3, 5))[1]
    [(2, 3, 8)]
    """

    def __init__(
        self,
        num_hidden: int,
        num_layers: int = 1,
        mode: str = "lstm",
        bidirectional: bool = False,
        dropout: float = 0.0,
        get_next_state: bool = False,
        forget_bias: float = 1.0,
        prefix: str | None = None,
        params: RNNParams | None = None,
    ) -> None:
        if mode not in ("rnn_relu", "rnn_tanh", "lstm", "gru"):
            raise ValueError(f"FusedRNNCell: mode must be rnn_relu, rnn_tanh, lstm or gru, got {mode!r}")
        super().__init__(f"{mode}_" if prefix is None else prefix, params)
        self._num_hidden, self._num_layers, self._mode = num_hidden, num_layers, mode
        self._ways, self._dropout, self._get_next_state = 1 + bool(bidirectional), dropout, get_next_state
        words = {"num_hidden": num_hidden, "num_layers": num_layers, "mode": mode, "bidirectional": self._ways == 2}
        first = json.dumps(["fusedrnn", {"init": None, **words, "forget_bias": forget_bias}])
        self._weights = self._params.get("parameters", init=first)

    @property
    def state_info(self) -> list[dict[str, Any]]:
        shape = (self._num_layers * self._ways, 0, self._num_hidden)
        return [{"shape": shape, "__layout__": "LNC"}] * (2 if self._mode == "lstm" else 1)

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        raise NotImplementedError("FusedRNNCell has no single step; unfuse() gives cells that have")

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: States | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Any, States]:
        self.reset()
        whole = isinstance(inputs, Symbol) and len(inputs) == 1
        if whole and layout == "TNC":
            data = inputs
        else:
            data = merged(sequence(inputs, length, layout)[0], 0)
        states = self.begin_state() if begin_state is None else list(begin_state)
        if any(state is None for state in states):
            zeros = self._zeros(data)
            states = [zeros if state is None else state for state in states]
        made = op("RNN")(
            data,
            self._weights,
            *states,
            state_size=self._num_hidden,
            num_layers=self._num_layers,
            bidirectional=self._ways == 2,
            mode=self._mode,
            p=self._dropout,
            state_outputs=self._get_next_state,
            name=f"{self._prefix}rnn",
        )
        outputs, after = (made[0], list(made)[1:]) if self._get_next_state else (made, [])
        if merge_outputs is False or (merge_outputs is None and not whole):
            return sequence(outputs, length, "TNC")[0], after
        return (outputs if layout == "TNC" else op("swapaxes")(outputs, dim1=0, dim2=1)), after

    def _zeros(self, data: Symbol) -> Symbol:
        """(layers, n, hidden) zeros for data (steps, n, inputs)."""
        one = op("slice_axis")(op("slice_axis")(data, axis=0, begin=0, end=1), axis=2, begin=0, end=1)
        return op("tile")(op("zeros_like")(one), reps=(self._num_layers * self._ways, 1, self._num_hidden))

    def unpack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(args)
        whole, at = taken(found, f"{self._prefix}parameters"), 0
        hidden, layers, ways, gates = self._num_hidden, self._num_layers, self._ways, len(self._gates)
        later = (layers - 1) * ways * gates * hidden * (ways * hidden + hidden)
        inputs, rest = divmod(whole.size - later - layers * ways * gates * hidden * 2, ways * gates * hidden)
        inputs -= hidden
        if whole.ndim != 1 or rest or inputs < 1:
            raise ValueError(
                f"FusedRNNCell {self._prefix}: {self._prefix}parameters must be one vector of the weights and biases "
                f"of {layers} layers of {hidden} units, got shape {whole.shape}"
            )
        for name, shape in self._parts(inputs):
            length = prod(shape)
            found[name] = whole[at : at + length].reshape(shape)
            at += length
        return found

    def pack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(args)
        first = f"{self._prefix}l0_i2h{self._gates[0]}_weight"
        inputs = found[first].shape[1] if first in found else 0
        parts = [taken(found, name).reshape((-1,)) for name, _ in self._parts(inputs)]
        found[f"{self._prefix}parameters"] = nd.concat(*parts, dim=0)
        return found

    @property
    def _gates(self) -> tuple[str, ...]:
        return {"lstm": LSTMCell.gates, "gru": GRUCell.gates}.get(self._mode, RNNCell.gates)

    def _parts(self, inputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name and shape of what the vector holds, in order: the weights of all layers, then the biases."""
        for kind in ("weight", "bias"):
            for layer in range(self._num_layers):
                before = inputs if layer == 0 else self._ways * self._num_hidden
                for way in "lr"[: self._ways]:
                    for which, width in (("i2h", before), ("h2h", self._num_hidden)):
                        for gate in self._gates:
                            shape = (self._num_hidden, width) if kind == "weight" else (self._num_hidden,)
                            yield f"{self._prefix}{way}{layer}_{which}{gate}_{kind}", shape

    def unfuse(self) -> SequentialRNNCell:
        """The same layers as single cells, with weights of their own names."""

        def cell(prefix: str) -> BaseRNNCell:
            if self._mode == "lstm":
                return LSTMCell(self._num_hidden, prefix)
            if self._mode == "gru":
                return GRUCell(self._num_hidden, prefix)
            return RNNCell(self._num_hidden, self._mode.removeprefix("rnn_"), prefix)

        stack = SequentialRNNCell()
        for k in range(self._num_layers):
            left = cell(f"{self._prefix}l{k}_")
            stack.add(BidirectionalCell(left, cell(f"{self._prefix}r{k}_")) if self._ways == 2 else left)
            if self._dropout > 0 and k < self._num_layers - 1:
                stack.add(DropoutCell(self._dropout, f"{self._prefix}_dropout{k}_"))
        return stack
