"""RecurrentCell: what makes one step of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore.ops import F

from .._hybrid_block import HybridBlock


def time_axis(layout: str, what: str) -> int:
    """0 for "TNC", 1 for "NTC"."""
    if layout not in ("TNC", "NTC"):
        raise ValueError(f"{what}: layout must be 'TNC' or 'NTC', got {layout!r}")
    return layout.index("T")


def steps(x: Any, axis: int) -> list[Any]:
    """x cut along `axis` into its steps, without that axis. Views."""
    return [F.squeeze(part, axis=axis) for part in F.split(x, x.shape[axis], axis=axis)]


class RecurrentCell(HybridBlock):
    """Base of cells: `cell(x, states)` gives (output, new states), with x (n, inputs) and states a list of arrays.

    A subclass defines `forward(x, states)` and `state_info(batch_size)`.

    >>> import dlcore as dl
    >>> cell = dl.gluon.rnn.GRUCell(4)
    >>> cell.initialize()
    >>> output, states = cell(dl.nd.ones((2, 3)), cell.begin_state(2))
    >>> output.shape, [state.shape for state in states]
    ((2, 4), [(2, 4)])
    """

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        """Shape and layout of each state: [{"shape": (n, hidden), "__layout__": "NC"}, ...]."""
        raise NotImplementedError(f"{type(self).__name__} has no state_info(batch_size)")

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = F.zeros, **kwargs: Any) -> list[Any]:
        """States to begin with: `func(shape, **kwargs)` for each, zeros by default."""
        return [func(info["shape"], **kwargs) for info in self.state_info(batch_size)]

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: Sequence[Any] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Any, list[Any]]:
        """Run over `length` steps and give (outputs, last states).

        inputs: one array (n, length, inputs), or (length, n, inputs) for layout "TNC", or a list of `length` arrays
        (n, inputs). begin_state: zeros if None. merge_outputs: True for one array in `layout`, else a list of steps.
        Raises ValueError if the inputs do not have `length` steps.

        >>> import dlcore as dl
        >>> cell = dl.gluon.rnn.LSTMCell(4)
        >>> cell.initialize()
        >>> outputs, states = cell.unroll(5, dl.nd.ones((2, 5, 3)), merge_outputs=True)
        >>> outputs.shape, len(states)
        ((2, 5, 4), 2)
        """
        name = f"{type(self).__name__}.unroll"
        axis = time_axis(layout, name)
        if not isinstance(inputs, (list, tuple)) and inputs.ndim <= axis:
            raise ValueError(f"{name}: expected inputs of layout {layout}, got shape {tuple(inputs.shape)}")
        found = len(inputs) if isinstance(inputs, (list, tuple)) else inputs.shape[axis]
        if found != length or length < 1:
            raise ValueError(f"{name}: expected inputs of {length} steps, at least 1; got {found}")
        xs = list(inputs) if isinstance(inputs, (list, tuple)) else steps(inputs, axis)
        if begin_state is None:
            first = xs[0]
            begin_state = self.begin_state(first.shape[0], dtype=first.dtype.name, device=first._device)
        states, outputs = list(begin_state), []
        for x in xs:
            output, states = self(x, states)
            outputs.append(output)
        return (F.stack(*outputs, axis=axis) if merge_outputs else outputs), states


# In MXNet the cells that can be compiled have a base of their own; here every cell can.
HybridRecurrentCell = RecurrentCell
