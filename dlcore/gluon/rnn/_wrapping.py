"""Cells around another cell (zoneout, residual, variational dropout), and two cells in two directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore import autograd
from dlcore._kinds import Chance
from dlcore.ops import F

from ._cell import RecurrentCell, joined, listed, reversed_steps, time_axis


class ModifierCell(RecurrentCell):
    """Base of cells that change what `base_cell` does and have its states.

    >>> import dlcore as dl
    >>> class Doubled(ModifierCell):
    ...     def forward(self, x, states):
    ...         output, states = self.base_cell(x, states)
    ...         return output * 2, states
    >>> cell = Doubled(dl.gluon.rnn.RNNCell(3))
    >>> cell.initialize()
    >>> cell(dl.nd.ones((1, 2)), cell.begin_state(1))[0].shape
    (1, 3)
    """

    def __init__(self, base_cell: RecurrentCell, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        if not isinstance(base_cell, RecurrentCell):
            raise TypeError(f"{type(self).__name__}: expected a cell, got {base_cell!r}")
        self.base_cell = base_cell

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return self.base_cell.state_info(batch_size)

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = F.zeros, **kwargs: Any) -> list[Any]:
        return self.base_cell.begin_state(batch_size, func, **kwargs)

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        return self.base_cell(x, states)


def _rate(rate: float, what: str) -> float:
    if not 0 <= rate < 1:
        raise ValueError(f"{what}: expected a rate from 0 up to 1, got {rate}")
    return rate


class ZoneoutCell(ModifierCell):
    """In training, leaves each element of the output or a state as it was with the given probability.

    The output before the first step is 0. Elsewhere the cell passes as it is (Krueger et al., 2017).

    >>> import dlcore as dl
    >>> cell = ZoneoutCell(dl.gluon.rnn.RNNCell(4), zoneout_states=0.2)
    >>> cell.initialize()
    >>> cell.unroll(3, dl.nd.ones((2, 3, 5)))[0][-1].shape
    (2, 4)
    """

    def __init__(
        self,
        base_cell: RecurrentCell,
        zoneout_outputs: Chance = 0.0,
        zoneout_states: Chance = 0.0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(base_cell, prefix, params)
        self._outputs, self._states = _rate(zoneout_outputs, "ZoneoutCell"), _rate(zoneout_states, "ZoneoutCell")
        self._before: Any = None

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = F.zeros, **kwargs: Any) -> list[Any]:
        self._before = None
        return super().begin_state(batch_size, func, **kwargs)

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        output, new = self.base_cell(x, states)
        if not autograd.is_training():
            return output, new
        before = F.zeros_like(output) if self._before is None else self._before
        output = _left(output, before, self._outputs)
        self._before = output
        return output, [_left(n, o, self._states) for n, o in zip(new, states, strict=True)]

    def _details(self) -> str:
        return f"outputs={self._outputs}, states={self._states}"


def _left(new: Any, old: Any, rate: float) -> Any:
    """`new`, with elements of `old` at random places, a share `rate` of them."""
    if not rate:
        return new
    kept = F.greater(F.dropout(F.ones_like(new), rate), 0.0)
    return F.where(kept, new, old)


class ResidualCell(ModifierCell):
    """Adds the input to the cell's output; both must have one size.

    >>> import dlcore as dl
    >>> cell = ResidualCell(dl.gluon.rnn.RNNCell(3))
    >>> cell.initialize(init="zeros")
    >>> cell(dl.nd.ones((1, 3)), cell.begin_state(1))[0].asnumpy()
    array([[1., 1., 1.]], dtype=float32)
    """

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        output, states = self.base_cell(x, states)
        if tuple(output.shape) != tuple(x.shape):
            raise ValueError(f"ResidualCell: output {tuple(output.shape)} and input {tuple(x.shape)} must be alike")
        return F.add(output, x), states


class VariationalDropoutCell(ModifierCell):
    """Dropout whose mask is drawn once for a sequence and used for all its steps (Gal and Ghahramani, 2016).

    drop_inputs, drop_states, drop_outputs: rates; of the states only the first is dropped. `reset` or a new sequence
    (`begin_state`, `unroll`) draws new masks.

    >>> import dlcore as dl
    >>> cell = VariationalDropoutCell(dl.gluon.rnn.RNNCell(4), drop_inputs=0.5)
    >>> cell.initialize()
    >>> cell.unroll(3, dl.nd.ones((2, 3, 5)))[0][-1].shape
    (2, 4)
    """

    def __init__(
        self,
        base_cell: RecurrentCell,
        drop_inputs: Chance = 0.0,
        drop_states: Chance = 0.0,
        drop_outputs: Chance = 0.0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(base_cell, prefix, params)
        rates = {"inputs": drop_inputs, "states": drop_states, "outputs": drop_outputs}
        self._rates = {name: _rate(rate, "VariationalDropoutCell") for name, rate in rates.items()}
        self._masks: dict[str, Any] = {}

    def reset(self) -> None:
        """Forget the masks, so that the next step draws new ones."""
        self._masks.clear()

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = F.zeros, **kwargs: Any) -> list[Any]:
        self.reset()
        return super().begin_state(batch_size, func, **kwargs)

    def unroll(self, length: int, inputs: Any, *args: Any, **kwargs: Any) -> tuple[Any, list[Any]]:
        self.reset()
        result = super().unroll(length, inputs, *args, **kwargs)
        self.reset()  # a mask of a compiled call means nothing outside it
        return result

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        first, *others = states
        output, new = self.base_cell(self._dropped("inputs", x), [self._dropped("states", first), *others])
        return self._dropped("outputs", output), new

    def _dropped(self, name: str, x: Any) -> Any:
        rate = self._rates[name]
        if not rate or not autograd.is_training():
            return x
        if name not in self._masks:
            self._masks[name] = F.dropout(F.ones_like(x), rate)
        return F.multiply(x, self._masks[name])

    def _details(self) -> str:
        return ", ".join(f"{name}={rate}" for name, rate in self._rates.items())


class BidirectionalCell(RecurrentCell):
    """Two cells over one sequence, the second from its end; `unroll` gives their outputs side by side.

    >>> import dlcore as dl
    >>> both = BidirectionalCell(dl.gluon.rnn.LSTMCell(4), dl.gluon.rnn.LSTMCell(5))
    >>> both.initialize()
    >>> outputs, states = both.unroll(3, dl.nd.ones((2, 3, 6)), merge_outputs=True)
    >>> outputs.shape, len(states)
    ((2, 3, 9), 4)
    """

    def __init__(
        self, l_cell: RecurrentCell, r_cell: RecurrentCell, prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(prefix, params)
        self.l_cell, self.r_cell = l_cell, r_cell

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return self.l_cell.state_info(batch_size) + self.r_cell.state_info(batch_size)

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = F.zeros, **kwargs: Any) -> list[Any]:
        cells = (self.l_cell, self.r_cell)
        return [state for cell in cells for state in cell.begin_state(batch_size, func, **kwargs)]

    def forward(self, x: Any, states: Any) -> Any:
        raise RuntimeError("BidirectionalCell: a single step has no future; call unroll over a whole sequence")

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: Sequence[Any] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:
        """See `RecurrentCell.unroll`. With valid_length the second cell begins at each sample's own end."""
        axis = time_axis(layout, "BidirectionalCell.unroll")
        xs = listed(length, inputs, axis, "BidirectionalCell.unroll")
        count = len(self.l_cell.state_info())
        forth, back = (None, None) if begin_state is None else (begin_state[:count], begin_state[count:])
        ahead, left = self.l_cell.unroll(length, xs, forth, layout, False, valid_length)
        backwards = reversed_steps(xs, valid_length)
        behind, right = self.r_cell.unroll(length, backwards, back, layout, False, valid_length)
        behind = reversed_steps(behind, valid_length)
        outputs = [F.concat(a, b, axis=-1) for a, b in zip(ahead, behind, strict=True)]
        return joined(outputs, axis, merge_outputs), [*left, *right]
