"""Whole recurrent layers as one operator."""

from __future__ import annotations

from typing import Any

from .._symbol import Symbol
from ._base import BaseRNNCell, RNNParams, States, merged, op, sequence
from ._gated import GRUCell, LSTMCell, RNNCell
from ._made_of_cells import BidirectionalCell, DropoutCell, SequentialRNNCell


class FusedRNNCell(BaseRNNCell):
    """Layers of "rnn_relu", "rnn_tanh", "lstm" or "gru" over a whole sequence: `sym.RNN`, with one vector of weights.

    dropout: between layers. get_next_state: whether `unroll` gives the last states too.

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
        prefix: str | None = None,
        params: RNNParams | None = None,
    ) -> None:
        if mode not in ("rnn_relu", "rnn_tanh", "lstm", "gru"):
            raise ValueError(f"FusedRNNCell: mode must be rnn_relu, rnn_tanh, lstm or gru, got {mode!r}")
        super().__init__(f"{mode}_" if prefix is None else prefix, params)
        self._num_hidden, self._num_layers, self._mode = num_hidden, num_layers, mode
        self._ways, self._dropout, self._get_next_state = 1 + bool(bidirectional), dropout, get_next_state
        self._weights = self._params.get("parameters")

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
