"""RecurrentCell: what makes one step of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore.array.np import zeros
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


def listed(length: int, inputs: Any, axis: int, name: str) -> list[Any]:
    """The `length` steps of a sequence, (n, inputs) each. ValueError if there are not as many."""
    if not isinstance(inputs, (list, tuple)) and inputs.ndim <= axis:
        raise ValueError(f"{name}: expected inputs of layout {'NT'[:axis] or 'T'}..., got shape {tuple(inputs.shape)}")
    found = len(inputs) if isinstance(inputs, (list, tuple)) else inputs.shape[axis]
    if found != length or length < 1:
        raise ValueError(f"{name}: expected inputs of {length} steps, at least 1; got {found}")
    return list(inputs) if isinstance(inputs, (list, tuple)) else steps(inputs, axis)


def joined(outputs: list[Any], axis: int, merge: bool | None) -> Any:
    """The outputs of all steps as one array if `merge`, else as they are."""
    return F.stack(*outputs, axis=axis) if merge else outputs


def reaches(t: int, valid_length: Any, ndim: int) -> Any:
    """Whether each sample has a step t, ready for broadcasting against arrays of `ndim` axes."""
    return F.greater(F.reshape(valid_length, (-1,) + (1,) * (ndim - 1)), t)


def reversed_steps(xs: list[Any], valid_length: Any) -> list[Any]:
    """The steps from the last to the first; with valid_length each sample's own, what follows them staying there."""
    if valid_length is None:
        return xs[::-1]
    together, length = F.stack(*xs, axis=0), len(xs)
    n, ndim = together.shape[1], together.ndim
    at = F.reshape(F.arange(0, length, 1, dtype="int64"), (length, 1))
    ends = F.reshape(F.cast(valid_length, "int64"), (1, n))
    order = F.where(F.less(at, ends), F.subtract(F.subtract(ends, 1), at), at)
    order = F.broadcast_to(F.reshape(order, (length, n) + (1,) * (ndim - 2)), tuple(together.shape))
    return steps(F.take_along_axis(together, order, axis=0), 0)


class Stateful(HybridBlock):
    """What keeps states from step to step: cells, and layers over whole sequences."""

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        """Shape and layout of each state: [{"shape": (n, hidden), "__layout__": "NC"}, ...]."""
        raise NotImplementedError(f"{type(self).__name__} has no state_info(batch_size)")

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = zeros, **kwargs: Any) -> list[Any]:
        """States to begin with: `func(shape, **kwargs)` for each, zeros by default."""
        return [func(info["shape"], **kwargs) for info in self.state_info(batch_size)]


class RecurrentCell(Stateful):
    """Base of cells: `cell(x, states)` gives (output, new states), with x (n, inputs) and states a list of arrays.

    A subclass defines `forward(x, states)` and `state_info(batch_size)`.

    >>> import dlcore as dl
    >>> cell = dl.gluon.rnn.GRUCell(4)
    >>> cell.initialize()
    >>> output, states = cell(dl.nd.ones((2, 3)), cell.begin_state(2))
    >>> output.shape, [state.shape for state in states]
    ((2, 4), [(2, 4)])
    """

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: Sequence[Any] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Any = None,
    ) -> tuple[Any, list[Any]]:
        """Run over `length` steps and give (outputs, last states).

        inputs: one array (n, length, inputs), or (length, n, inputs) for layout "TNC", or a list of `length` arrays
        (n, inputs). begin_state: zeros if None. merge_outputs: True for one array in `layout`, else a list of steps.
        valid_length: (n,), how many steps each sample has; outputs after its end are 0, and its states are those of
        its last step. Raises ValueError if the inputs do not have `length` steps.

        >>> import dlcore as dl
        >>> cell = dl.gluon.rnn.LSTMCell(4)
        >>> cell.initialize()
        >>> outputs, states = cell.unroll(5, dl.nd.ones((2, 5, 3)), merge_outputs=True)
        >>> outputs.shape, len(states)
        ((2, 5, 4), 2)
        """
        name = f"{type(self).__name__}.unroll"
        axis = time_axis(layout, name)
        xs = listed(length, inputs, axis, name)
        if begin_state is None:
            first = xs[0]
            begin_state = self.begin_state(first.shape[0], dtype=first.dtype.name, device=first._device)
        states, outputs = list(begin_state), []
        for t, x in enumerate(xs):
            output, new = self(x, states)
            if valid_length is not None:
                output = F.where(reaches(t, valid_length, output.ndim), output, F.zeros_like(output))
                new = [F.where(reaches(t, valid_length, n.ndim), n, old) for n, old in zip(new, states, strict=True)]
            states = list(new)
            outputs.append(output)
        return joined(outputs, axis, merge_outputs), states


# In MXNet the cells that can be compiled have a base of their own; here every cell can.
HybridRecurrentCell = RecurrentCell
