"""Rules that follow a regularized leader: Ftrl and FTML."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class Ftrl(Optimizer):
    """FTRL-proximal, which makes weights exactly zero (McMahan et al., 2013); with g = clip(rescale * grad):

        z = z + g - (sqrt(n + g^2) - sqrt(n)) * w / lr;  n = n + g^2
        w = 0 where |z| <= lamda1, else (sign(z) * lamda1 - z) / ((beta + sqrt(n)) / lr + wd)

    Other arguments: see `Optimizer`.

    >>> Ftrl()
    Ftrl(lr=0.1, wd=0, lamda1=0.01, beta=1)
    """

    default_learning_rate = 0.1
    lazy_update = True

    def __init__(
        self, lamda1: float = 0.01, learning_rate: float | None = None, beta: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("lamda1", lamda1)
        self._knob("beta", beta)

    @property
    def states(self) -> tuple[str, ...]:
        return ("z", "n")

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        (z, n), knobs = state, {"lamda1": self._arrays["lamda1"], "beta": self._arrays["beta"]}
        F.ftrl_update(weight, grad, z, n, lr=lr, wd=wd, **knobs, **self.tail(), out=(weight, z, n))


@register
class FTML(Optimizer):
    """Follow the moving leader (Zheng and Kwok, 2017); with g = clip(rescale * grad + wd * w):

        v = beta2 * v + (1 - beta2) * g^2
        d' = (1 - beta1^t) / lr * (sqrt(v / (1 - beta2^t)) + epsilon)
        z = beta1 * z + (1 - beta1) * g - (d' - beta1 * d) * w;  d = d';  w = -z / d

    Other arguments: see `Optimizer`.

    >>> FTML()
    FTML(lr=0.0025, wd=0, beta1=0.6, beta2=0.999)
    """

    default_learning_rate = 0.0025
    lazy_update = True

    def __init__(
        self,
        beta1: float = 0.6,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        learning_rate: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("beta1", beta1)
        self._knob("beta2", beta2)
        self.epsilon = epsilon

    @property
    def states(self) -> tuple[str, ...]:
        return ("d", "v", "z")

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        d, v, z = state
        knobs = {"beta1": self._arrays["beta1"], "beta2": self._arrays["beta2"], "eps": self.epsilon, "t": self.t}
        F.ftml_update(weight, grad, d, v, z, lr=lr, wd=wd, **knobs, **self.tail(), out=(weight, d, v, z))
