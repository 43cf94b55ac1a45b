"""AdaDelta."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class AdaDelta(Optimizer):
    """Steps as long as the steps before, for gradients as large as those before (Zeiler, 2012).

    With g = clip(rescale * grad):

        n = rho * n + (1 - rho) * g^2
        step = sqrt(d + epsilon) / sqrt(n + epsilon) * g
        d = rho * d + (1 - rho) * step^2;  w = w - lr * (step + wd * w)

    Other arguments: see `Optimizer`.

    >>> AdaDelta()
    AdaDelta(lr=1, wd=0, rho=0.9)
    """

    default_learning_rate = 1.0
    lazy_update = True

    def __init__(
        self, learning_rate: float | None = None, rho: float = 0.9, epsilon: float = 1e-6, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("rho", rho)
        self.epsilon = epsilon

    @property
    def states(self) -> tuple[str, ...]:
        return ("n", "d")

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        (n, d), knobs = state, {"rho": self._arrays["rho"], "eps": self.epsilon}
        F.adadelta_update(weight, grad, n, d, lr=lr, wd=wd, **knobs, **self.tail(), out=(weight, n, d))
