"""What all cells have: variables shared by the steps, first states, and `unroll`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import _make
from .._symbol import Symbol

States = list[Any]  # symbols, or None for zeros


def op(name: str) -> Callable[..., Any]:
    """A function of `dlcore.sym`."""
    from dlcore import symbol

    return getattr(symbol, name)


class RNNParams:
    """The variables of a cell, made when first asked for; cells that are given one share its variables.

    >>> params = RNNParams("a_")
    >>> params.get("weight") is params.get("weight"), params.get("weight").name
    (True, 'a_weight')
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._variables: dict[str, Symbol] = {}

    def get(self, name: str, **kwargs: Any) -> Symbol:
        """The variable called prefix + name; kwargs as for `sym.var`."""
        full = self._prefix + name
        if full not in self._variables:
            self._variables[full] = _make.var(full, **kwargs)
        return self._variables[full]


class BaseRNNCell:
    """Base of the cells: `cell(inputs, states)` gives the output of one step and the new states.

    prefix: begins the names of its variables. params: another cell's `params`, to share its weights.

    >>> import dlcore as dl
    >>> cell = dl.rnn.LSTMCell(4, prefix="a_")
    >>> isinstance(cell, BaseRNNCell), cell.state_shape
    (True, [(0, 4), (0, 4)])
    """

    def __init__(self, prefix: str = "", params: RNNParams | None = None) -> None:
        self._prefix = prefix
        self._own = params is None
        self._params = RNNParams(prefix) if params is None else params
        self.reset()

    def reset(self) -> None:
        """Begin a new sequence: steps are counted from 0 again."""
        self._counter = -1

    @property
    def params(self) -> RNNParams:
        """Its variables."""
        self._own = False
        return self._params

    @property
    def state_info(self) -> list[dict[str, Any]]:
        """A dict with "shape" for each state; 0 is the batch."""
        raise NotImplementedError(f"{type(self).__name__} does not say what states it has: define state_info")

    @property
    def state_shape(self) -> list[tuple[int, ...]]:
        """The shapes of the states."""
        return [info["shape"] for info in self.state_info]

    def begin_state(self, func: Callable[..., Any] | None = None, **kwargs: Any) -> States:
        """First states: None, which stands for zeros, or `func(name=, shape=, **kwargs)` of each, such as `sym.var`."""
        if func is None:
            return [None] * len(self.state_info)
        names = (f"{self._prefix}begin_state_{k}" for k in range(len(self.state_info)))
        shapes = [shape if 0 not in shape else None for shape in self.state_shape]
        return [func(name=name, shape=shape, **kwargs) for name, shape in zip(names, shapes, strict=True)]

    def __call__(self, inputs: Symbol, states: States) -> tuple[Symbol, States]:
        """One step on inputs (n, features)."""
        raise NotImplementedError(f"{type(self).__name__} has no step: define __call__(inputs, states)")

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: States | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Any, States]:
        """`length` steps. inputs: a symbol in `layout`, or a list of (n, features). Gives (outputs, last states).

        merge_outputs: True for one symbol in `layout`, False for a list of steps, None for what the inputs were.
        """
        self.reset()
        steps, axis = sequence(inputs, length, layout)
        states = self.begin_state() if begin_state is None else begin_state
        outputs = []
        for step in steps:
            output, states = self(step, states)
            outputs.append(output)
        merge = isinstance(inputs, Symbol) and len(inputs) == 1 if merge_outputs is None else merge_outputs
        return (merged(outputs, axis) if merge else outputs), states

    def unpack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Arrays by name as checkpoints hold them: for each gate, "lstm_i2h_i_weight", in the place of the cell's one.

        Arrays of other names stay as they are. ValueError for one of the cell's that is missing.
        """
        return dict(args)

    def pack_weights(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The opposite of `unpack_weights`."""
        return dict(args)

    def step_name(self) -> str:
        """How the names of the next step's calls begin."""
        self._counter += 1
        return f"{self._prefix}t{self._counter}_"


def taken(args: dict[str, Any], name: str) -> Any:
    """An array out of `args`."""
    if name not in args:
        raise ValueError(f"weights of cells: there is no {name!r} among {', '.join(args)}")
    return args.pop(name)


def sequence(inputs: Any, length: int, layout: str) -> tuple[list[Symbol], int]:
    """The steps of a sequence, and the axis of time."""
    if layout not in ("NTC", "TNC"):
        raise ValueError(f"unroll: layout must be 'NTC' or 'TNC', got {layout!r}")
    axis = layout.find("T")
    if isinstance(inputs, Symbol) and len(inputs) == 1:
        inputs = op("SliceChannel")(inputs, axis=axis, num_outputs=length, squeeze_axis=True)
    steps = list(inputs)
    if len(steps) != length:
        raise ValueError(f"unroll: expected {length} inputs, got {len(steps)}")
    return steps, axis


def merged(steps: Sequence[Symbol], axis: int) -> Symbol:
    """Steps as one symbol."""
    return op("stack")(*steps, axis=axis)
