"""AdaGrad, for every element and for every row."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._arrays import moved
from ._optimizer import Optimizer, State, register


@register
class AdaGrad(Optimizer):
    """Divides by the root of the sum of all squared gradients (Duchi et al., 2011); g = clip(rescale * grad) + wd * w:

        n = n + g^2;  w = w - lr * g / (sqrt(n) + epsilon)

    `eps` is the older name of `epsilon`. Other arguments: see `Optimizer`.

    >>> AdaGrad(learning_rate=0.1)
    AdaGrad(lr=0.1, wd=0)
    """

    lazy_update = True

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


@register
class GroupAdaGrad(AdaGrad):
    """AdaGrad with one sum for every row of a weight, not for every element: for embeddings; without weight decay.

        n = n + mean over a row of g^2;  w = w - lr * g / sqrt(n + epsilon)

    >>> GroupAdaGrad(learning_rate=0.1)
    GroupAdaGrad(lr=0.1, wd=0)
    """

    def __init__(self, learning_rate: float | None = None, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(learning_rate, epsilon, **kwargs)
        if self.wd:
            raise ValueError(f"GroupAdaGrad: expected no weight decay, got wd={self.wd:g}")

    def create_state(self, index: Any, weight: _core.NDArray) -> State:
        n, *rest = super().create_state(index, weight)
        rows = F.zeros((weight.shape[0] if weight.ndim else 1, *(1 for _ in weight.shape[1:])), n.dtype.name)
        return (moved(rows, weight._device), *rest)

    def rule(
        self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: _core.NDArray
    ) -> None:
        g, (n,) = self.gradient(weight, grad), state
        others = tuple(range(1, g.ndim))
        square = F.square(g)
        _core.assign(n, F.add(n, F.mean(square, axis=others, keepdims=True) if others else square))
        _core.assign(weight, F.subtract(weight, F.multiply(F.divide(g, F.sqrt(F.add(n, self.epsilon))), lr)))
