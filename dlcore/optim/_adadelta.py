"""AdaDelta."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class AdaDelta(Optimizer):
    """Steps as long as the steps before, for gradients as large as those before (Zeiler, 2012).

    With g = clip(rescale * grad) + wd * w:

        n = rho * n + (1 - rho) * g^2
        step = sqrt(d + epsilon) / sqrt(n + epsilon) * g;  d = rho * d + (1 - rho) * step^2;  w = w - lr * step

    Other arguments: see `Optimizer`.

    >>> AdaDelta()
    AdaDelta(lr=1, wd=0, rho=0.9)
    """

    default_learning_rate = 1.0

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
        rho, (n, d) = self._arrays["rho"], state
        g = self.gradient(weight, grad, wd)
        _core.assign(n, F.lerp(n, F.square(g), rho))
        step = F.multiply(F.sqrt(F.divide(F.add(d, self.epsilon), F.add(n, self.epsilon))), g)
        _core.assign(d, F.lerp(d, F.square(step), rho))
        _core.assign(weight, F.subtract(weight, F.multiply(step, lr)))
