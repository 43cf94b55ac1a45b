"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class Adam(Optimizer):
    """Adam with bias correction (Kingma and Ba, 2015, algorithm 1); with g = clip(rescale * grad) + wd * w:

        m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
        w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

    `lazy_update` is accepted for old scripts; gradients are dense. Other arguments: see `Optimizer`.

    >>> Adam()
    Adam(lr=0.001, wd=0, beta1=0.9, beta2=0.999)
    """

    default_learning_rate = 0.001

    def __init__(
        self,
        learning_rate: float | None = None,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        lazy_update: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("beta1", beta1)
        self._knob("beta2", beta2)
        self.epsilon = epsilon

    @property
    def states(self) -> tuple[str, ...]:
        return ("m", "v")

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> None:
        beta1, beta2 = self._arrays["beta1"], self._arrays["beta2"]
        m, v = state
        F.adam_update(
            weight, grad, m, v, lr=lr, beta1=beta1, beta2=beta2, eps=self.epsilon, wd=wd, **self.tail(), t=self.t,
            out=(weight, m, v),
        )  # fmt: skip


@register
class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019): first w = w - lr * wd * w.

    >>> AdamW(wd=0.01)
    AdamW(lr=0.001, wd=0.01, beta1=0.9, beta2=0.999)
    """

    def __init__(self, learning_rate: float | None = None, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(learning_rate, epsilon=epsilon, **kwargs)

    def rule(
        self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: _core.NDArray
    ) -> None:
        keep = F.subtract(1.0, F.multiply(lr, wd))
        _core.assign(weight, F.multiply(weight, keep))
        super().rule(weight, grad, state, lr, 0.0)
