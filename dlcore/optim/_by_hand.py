"""Optimizers that change a weight in Python of their own, as MXNet's were written: `update`, or `step`, overridden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcore import _core

if TYPE_CHECKING:
    from ._optimizer import Optimizer


class _Counts(dict[Any, int]):
    """How often each index was updated: as often as there were steps."""

    def __init__(self, optimizer: Optimizer) -> None:
        super().__init__()
        self._optimizer = optimizer

    def __missing__(self, index: Any) -> int:
        return self._optimizer.num_update


class ByHand:
    """What the `update(index, weight, grad, state)` of such an optimizer may ask for.

    It changes `weight` and `state` in place; the state is whatever its `create_state(index, weight)` gives: None, an
    array, or arrays in tuples. It sees a learning rate that is a number, so it is called anew for every step: outside
    of compiled programs.
    """

    _counted = False  # a step has begun that this update is part of

    def _update_by_hand(self, index: Any, weight: _core.NDArray, grad: Any, state: Any) -> None:
        """One weight's part of a step that `begin_step` has begun."""
        if _core.is_tracing():
            raise _core.TraceError(
                f"{type(self).__name__} has an update of its own, which is Python for every step: call trainer.step "
                "outside of the compiled function"
            )
        self._counted = True
        try:
            if hasattr(self, "step"):
                self.step([index], [weight], [grad], [state])
            else:
                self.update(index, weight, grad, state)  # type: ignore[attr-defined]
        finally:
            self._counted = False

    def _update_count(self: Any, index: Any) -> None:
        """Count an update of these indices: a second one of the same begins a new step."""
        if self._counted:
            return
        for one in index if isinstance(index, (list, tuple)) else [index]:
            if one in self._seen or not self._seen:
                self.begin_step()
            self._seen.add(one)

    @property
    def _index_update_count(self: Any) -> _Counts:
        return _Counts(self)

    def _get_lrs(self: Any, indices: Sequence[Any]) -> list[float]:
        """The learning rate of each index, its parameter's factor included."""
        lr = self.learning_rate
        return [lr * getattr(self.param_dict.get(index), "lr_mult", 1.0) for index in indices]

    def _get_lr(self, index: Any) -> float:
        return self._get_lrs([index])[0]

    def _get_wds(self: Any, indices: Sequence[Any]) -> list[float]:
        """The weight decay of each index, its parameter's factor included."""
        return [self.wd * getattr(self.param_dict.get(index), "wd_mult", 1.0) for index in indices]

    def _get_wd(self, index: Any) -> float:
        return self._get_wds([index])[0]


def arrays_of(state: Any) -> list[_core.NDArray]:
    """The arrays of a state, in order: those of a rule are a tuple, those made by hand may be None, one, or nested.

    >>> from dlcore import nd
    >>> [array.shape for array in arrays_of((nd.ones((2,)), (nd.ones((3,)), None)))]
    [(2,), (3,)]
    """
    if isinstance(state, (list, tuple)):
        return [array for part in state for array in arrays_of(part)]
    return [] if state is None else [state]
