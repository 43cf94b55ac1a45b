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

    centered: divide by the deviation from the average instead, and add momentum (Graves, 2013):

        m = rho * m + (1 - rho) * g;  d = momentum * d - lr * g / sqrt(n - m^2 + epsilon);  w = w + d

    `gamma1` and `gamma2` are the older names of `rho` and `momentum`. clip_weights: a bound on every element of
    the weights after each step. Other arguments: see `Optimizer`.

    >>> RMSProp(learning_rate=0.01)
    RMSProp(lr=0.01, wd=0, rho=0.9)
    """

    default_learning_rate = 0.001
    lazy_update = True

    def __init__(
        self,
        learning_rate: float | None = None,
        rho: float = 0.9,
        epsilon: float = 1e-8,
        centered: bool = False,
        gamma1: float | None = None,
        momentum: float = 0.9,
        gamma2: float | None = None,
        clip_weights: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("rho", rho if gamma1 is None else gamma1)
        if centered:
            self._knob("momentum", momentum if gamma2 is None else gamma2)
        self.epsilon, self.centered, self.clip_weights = epsilon, centered, clip_weights

    @property
    def states(self) -> tuple[str, ...]:
        return ("n", "m", "d") if self.centered else ("n",)

    def rule(
        self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: _core.NDArray
    ) -> None:
        if self.centered:
            self._centered_rule(weight, grad, state, lr, wd)
        else:
            knobs = {"gamma": self._arrays["rho"], "eps": self.epsilon}
            F.rmsprop_update(weight, grad, state[0], lr=lr, wd=wd, **knobs, **self.tail(), out=(weight, state[0]))
        if self.clip_weights:
            _core.assign(weight, F.clip(weight, -self.clip_weights, self.clip_weights))

    def _centered_rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        n, m, d = state
        knobs = {"gamma1": self._arrays["rho"], "gamma2": self._arrays["momentum"], "eps": self.epsilon}
        F.rmspropalex_update(weight, grad, n, m, d, lr=lr, wd=wd, **knobs, **self.tail(), out=(weight, n, m, d))
