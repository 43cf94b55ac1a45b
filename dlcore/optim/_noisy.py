"""SGLD, which samples instead of searching, and DCASGD, which forgives late gradients."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._arrays import moved
from ._optimizer import Optimizer, State, register


@register
class SGLD(Optimizer):
    """Stochastic gradient Langevin dynamics: w = w - lr / 2 * g + normal(0, sqrt(lr)).

    With g = clip(rescale * grad) + wd * w. Once settled, its weights are samples of the posterior when g is the
    gradient of -log of the posterior over all data (Welling and Teh, 2011). Other arguments: see `Optimizer`.

    >>> SGLD()
    SGLD(lr=0.01, wd=0)
    """

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        g = self.gradient(weight, grad, wd)
        noise = F.random_normal(0.0, 1.0, tuple(weight.shape), weight.dtype.name)
        noise = F.multiply(noise if noise._device == weight._device else moved(noise, weight._device), F.sqrt(lr))
        _core.assign(weight, F.add(F.subtract(weight, F.multiply(g, F.multiply(lr, 0.5))), noise))


@register
class DCASGD(Optimizer):
    """Gradient descent that makes up for gradients taken at older weights (Zheng et al., 2017).

    With c = clip(rescale * grad) and old the weight of the step before:

        mom = momentum * mom - lr * (c + wd * w + lamda * c^2 * (w - old));  w = w + mom

    Other arguments: see `Optimizer`.

    >>> DCASGD()
    DCASGD(lr=0.01, wd=0, momentum=0)
    """

    lazy_update = True

    def __init__(
        self, momentum: float = 0.0, lamda: float = 0.04, learning_rate: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("momentum", momentum)
        self.lamda = lamda

    @property
    def states(self) -> tuple[str, ...]:
        return ("mom", "old")

    def create_state(self, index: Any, weight: _core.NDArray) -> State:
        mom, old, *rest = super().create_state(index, weight)
        _core.assign(old, weight)
        return (mom, old, *rest)

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        momentum, (mom, old) = self._arrays["momentum"], state
        F.dcasgd_update(
            weight, grad, mom, old, lr=lr, momentum=momentum, lamda=self.lamda, wd=wd, **self.tail(),
            out=(weight, *state),
        )  # fmt: skip
