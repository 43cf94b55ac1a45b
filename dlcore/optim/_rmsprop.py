"""RMSProp."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class RMSProp(Optimizer):
    """Divides by a running root mean square of gradients (Tieleman and Hinton, 2012).

    With g = clip(rescale * grad) + wd * w:

        n = rho * n + (1 - rho) * g^2;  w = w - lr * g / sqrt(n + epsilon)

    `gamma1` is the older name of `rho`. Other arguments: see `Optimizer`. Raises ValueError for `centered=True`.

    >>> RMSProp(learning_rate=0.01)
    RMSProp(lr=0.01, wd=0, rho=0.9)
    """

    default_learning_rate = 0.001

    def __init__(
        self,
        learning_rate: float | None = None,
        rho: float = 0.9,
        epsilon: float = 1e-8,
        centered: bool = False,
        gamma1: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        if centered:
            raise ValueError("RMSProp: the centered form is not available; use centered=False")
        self._knob("rho", rho if gamma1 is None else gamma1)
        self.epsilon = epsilon

    @property
    def states(self) -> tuple[str, ...]:
        return ("n",)

    def rule(
        self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: _core.NDArray
    ) -> None:
        rho = self._arrays["rho"]
        F.rmsprop_update(
            weight, grad, state[0], lr=lr, gamma=rho, eps=self.epsilon, wd=wd, **self.tail(), out=(weight, state[0])
        )
