"""AdaGrad."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class AdaGrad(Optimizer):
    """Divides by the root of the sum of all squared gradients (Duchi et al., 2011); g = clip(rescale * grad) + wd * w:

        n = n + g^2;  w = w - lr * g / (sqrt(n) + epsilon)

    `eps` is the older name of `epsilon`. Other arguments: see `Optimizer`.

    >>> AdaGrad(learning_rate=0.1)
    AdaGrad(lr=0.1, wd=0)
    """

    def __init__(
        self, learning_rate: float | None = None, epsilon: float = 1e-7, eps: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.epsilon = epsilon if eps is None else eps

    @property
    def states(self) -> tuple[str, ...]:
        return ("n",)

    def rule(
        self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: _core.NDArray
    ) -> None:
        F.adagrad_update(weight, grad, state[0], lr=lr, eps=self.epsilon, wd=wd, **self.tail(), out=(weight, state[0]))
