"""Cells made of other cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from .._symbol import Symbol
from ._base import BaseRNNCell, RNNParams, States, merged, op, sequence


class _Several(BaseRNNCell):
    """Cells side by side or one upon the other: their states are one list."""

    def __init__(self, cells: Sequence[BaseRNNCell], params: RNNParams | None) -> None:
        self._cells = list(cells)
        super().__init__("", params)

    def reset(self) -> None:
        super().reset()
        for cell in self._cells:
            cell.reset()

    @property
    def state_info(self) -> list[dict[str, Any]]:
        return [info for cell in self._cells for info in cell.state_info]

    def begin_state(self, func: Any = None, **kwargs: Any) -> States:
        return [state for cell in self._cells for state in cell.begin_state(func, **kwargs)]

    def unpack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        return reduce(lambda found, cell: cell.unpack_weights(found), self._cells, dict(args))

    def pack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        return reduce(lambda found, cell: cell.pack_weights(found), self._cells, dict(args))


class SequentialRNNCell(_Several):
    """Cells one upon the other: `add` puts one on top.

    >>> from dlcore.symbol.cells import GRUCell
    >>> stack = SequentialRNNCell()
    >>> stack.add(GRUCell(4, "a_")); stack.add(GRUCell(3, "b_"))
    >>> stack.state_shape
    [(0, 4), (0, 3)]
    """

    def __init__(self, params: RNNParams | None = None) -> None:
        super().__init__([], params)

    def add(self, cell: BaseRNNCell) -> None:
        """Put a cell on top."""
        if not isinstance(cell, BaseRNNCell):
            raise TypeError(f"SequentialRNNCell.add: expected a cell of symbols, got {type(cell).__name__}")
        self._cells.append(cell)

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        left, after = list(states), []
        for cell in self._cells:
            count = len(cell.state_info)
            inputs, own = cell(inputs, left[:count])
            left = left[count:]
            after += own
        return inputs, after

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: States | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Any, States]:
        self.reset()
        left = self.begin_state() if begin_state is None else list(begin_state)
        after = []
        for number, cell in enumerate(self._cells):
            count, last = len(cell.state_info), number == len(self._cells) - 1
            inputs, own = cell.unroll(length, inputs, left[:count], layout, merge_outputs if last else None)
            left = left[count:]
            after += own
        return inputs, after


class BidirectionalCell(_Several):
    """One cell forwards, another backwards, their outputs behind each other; only `unroll`, as it needs the whole.

    >>> from dlcore.symbol.cells import LSTMCell
    >>> BidirectionalCell(LSTMCell(4, "l_"), LSTMCell(4, "r_")).state_shape
    [(0, 4), (0, 4), (0, 4), (0, 4)]
    """

    def __init__(
        self, l_cell: BaseRNNCell, r_cell: BaseRNNCell, params: RNNParams | None = None, output_prefix: str = "bi_"
    ) -> None:
        self._output_prefix = output_prefix
        super().__init__([l_cell, r_cell], params)

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        raise NotImplementedError("BidirectionalCell has no single step: it needs the whole sequence, call unroll")

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: States | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Any, States]:
        self.reset()
        steps, axis = sequence(inputs, length, layout)
        states = self.begin_state() if begin_state is None else list(begin_state)
        count = len(self._cells[0].state_info)
        ahead, first = self._cells[0].unroll(length, steps, states[:count], layout, False)
        back, second = self._cells[1].unroll(length, steps[::-1], states[count:], layout, False)
        outputs = [
            op("Concat")(a, b, dim=1, name=f"{self._output_prefix}t{t}")
            for t, (a, b) in enumerate(zip(ahead, back[::-1], strict=True))
        ]
        merge = isinstance(inputs, Symbol) and len(inputs) == 1 if merge_outputs is None else merge_outputs
        return (merged(outputs, axis) if merge else outputs), first + second


class DropoutCell(BaseRNNCell):
    """Dropout of rate `dropout` on each step's input, in training; it has no state.

    >>> DropoutCell(0.5).state_info
    []
    """

    def __init__(self, dropout: float, prefix: str = "dropout_", params: RNNParams | None = None) -> None:
        super().__init__(prefix, params)
        self._rate = float(dropout)

    @property
    def state_info(self) -> list[dict[str, Any]]:
        return []

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        return (op("Dropout")(inputs, p=self._rate) if self._rate > 0 else inputs), list(states)


class _Around(BaseRNNCell):
    """A cell that changes what another one does."""

    def __init__(self, base_cell: BaseRNNCell) -> None:
        self.base_cell = base_cell
        super().__init__(base_cell._prefix, base_cell.params)

    def reset(self) -> None:
        super().reset()
        self.base_cell.reset()

    @property
    def state_info(self) -> list[dict[str, Any]]:
        return self.base_cell.state_info

    def begin_state(self, func: Any = None, **kwargs: Any) -> States:
        return self.base_cell.begin_state(func, **kwargs)

    def unpack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        return self.base_cell.unpack_weights(args)

    def pack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        return self.base_cell.pack_weights(args)


class ResidualCell(_Around):
    """The cell's output plus its input.

    >>> import dlcore as dl
    >>> from dlcore.symbol.cells import RNNCell
    >>> output, _ = ResidualCell(RNNCell(3))(dl.sym.var("x"), [None])
    >>> output.infer_shape(x=(2, 3))[1]
    [(2, 3)]
    """

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        output, states = self.base_cell(inputs, states)
        return op("add")(output, inputs), states


class ZoneoutCell(_Around):
    """In training some numbers of the output and the states stay as in the step before (Krueger et al., 2016).

    >>> from dlcore.symbol.cells import RNNCell
    >>> ZoneoutCell(RNNCell(3), zoneout_states=0.1).state_shape
    [(0, 3)]
    """

    def __init__(self, base_cell: BaseRNNCell, zoneout_outputs: float = 0.0, zoneout_states: float = 0.0) -> None:
        self._before: Any = None
        super().__init__(base_cell)
        self._rates = zoneout_outputs, zoneout_states

    def reset(self) -> None:
        super().reset()
        self._before = None

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        output, after = self.base_cell(inputs, states)
        before = op("zeros_like")(output) if self._before is None else self._before
        output = _zoned(self._rates[0], output, before)
        self._before = output
        if self._rates[1]:
            zeros = [op("zeros_like")(new) if old is None else old for new, old in zip(after, states, strict=True)]
            after = [_zoned(self._rates[1], new, old) for new, old in zip(after, zeros, strict=True)]
        return output, after


def _zoned(rate: float, new: Symbol, old: Symbol) -> Symbol:
    """`old` where a dropout of that rate leaves nothing, `new` elsewhere: everywhere when not training."""
    if not rate:
        return new
    kept = op("Dropout")(op("ones_like")(new), p=rate)
    return op("where")(kept, new, old)
