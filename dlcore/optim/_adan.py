"""Adan."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class Adan(Optimizer):
    """Adam with Nesterov's momentum, taken from the difference of two gradients (Xie et al., 2022).

    With g = clip(rescale * grad), and e the difference to the last step's (0 in the first step):

        m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * e
        n = beta3 * n + (1 - beta3) * (g + beta2 * e)^2
        w = (w - lr * (m' + beta2 * v') / (sqrt(n') + epsilon)) / (1 + lr * wd)

    where a prime is the correction of the bias, / (1 - beta^t). Other arguments: see `Optimizer`.

    >>> Adan()
    Adan(lr=0.001, wd=0, beta1=0.98, beta2=0.92, beta3=0.99)
    """

    default_learning_rate = 0.001
    lazy_update = True

    def __init__(
        self,
        learning_rate: float | None = None,
        beta1: float = 0.98,
        beta2: float = 0.92,
        beta3: float = 0.99,
        epsilon: float = 1e-8,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        for name, value in (("beta1", beta1), ("beta2", beta2), ("beta3", beta3)):
            self._knob(name, value)
        self.epsilon = epsilon

    @property
    def states(self) -> tuple[str, ...]:
        return ("m", "v", "n", "old")

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        betas = {name: self._arrays[name] for name in ("beta1", "beta2", "beta3")}
        rest = {**betas, **self.tail(), "eps": self.epsilon, "t": self.t}
        m, v, n, old = state
        F.adan_update(weight, grad, m, v, n, old, lr=lr, wd=wd, **rest, out=(weight, *state))
