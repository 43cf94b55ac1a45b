"""Rules that use only the sign: Signum and Lion."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._optimizer import Optimizer, State, register


@register
class Signum(Optimizer):
    """Steps of one length for every weight (Bernstein et al., 2018); with g = clip(rescale * grad) + wd * w:

        mom = momentum * mom - (1 - momentum) * g;  w = (1 - lr * wd_lh) * w + lr * sign(mom)

    momentum 0: the sign of g itself. wd_lh: decay apart from the gradient (Loshchilov and Hutter, 2019).
    Other arguments: see `Optimizer`.

    >>> Signum()
    Signum(lr=0.01, wd=0, momentum=0.9)
    """

    lazy_update = True

    def __init__(
        self, learning_rate: float | None = None, momentum: float = 0.9, wd_lh: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._has_momentum = momentum != 0.0
        if self._has_momentum:
            self._knob("momentum", momentum)
        self.wd_lh = wd_lh

    @property
    def states(self) -> tuple[str, ...]:
        return ("mom",) if self._has_momentum else ()

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        if not self._has_momentum:
            g = self.gradient(weight, grad, wd)
            kept = F.multiply(weight, F.subtract(1.0, F.multiply(lr, self.wd_lh))) if self.wd_lh else weight
            _core.assign(weight, F.subtract(kept, F.multiply(F.sign(g), lr)))
            return
        knobs = {"momentum": self._arrays["momentum"], "wd_lh": self.wd_lh}
        F.signum_update(weight, grad, state[0], lr=lr, wd=wd, **knobs, **self.tail(), out=(weight, state[0]))


@register
class SignSGD(Signum):
    """Signum without momentum: w = w - lr * sign(g).

    >>> SignSGD()
    SignSGD(lr=0.01, wd=0)
    """

    def __init__(self, learning_rate: float | None = None, **kwargs: Any) -> None:
        super().__init__(learning_rate, momentum=0.0, **kwargs)


@register
class Lion(Optimizer):
    """The sign of an average of momentum and gradient (Chen et al., 2023); with g = clip(rescale * grad):

        w = w - lr * (sign(beta1 * m + (1 - beta1) * g) + wd * w);  m = beta2 * m + (1 - beta2) * g

    Its steps are larger than Adam's: take a third to a tenth of Adam's lr, and as much more wd.
    Other arguments: see `Optimizer`.

    >>> Lion()
    Lion(lr=0.0001, wd=0, beta1=0.9, beta2=0.99)
    """

    default_learning_rate = 0.0001
    lazy_update = True

    def __init__(
        self, learning_rate: float | None = None, beta1: float = 0.9, beta2: float = 0.99, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("beta1", beta1)
        self._knob("beta2", beta2)

    @property
    def states(self) -> tuple[str, ...]:
        return ("m",)

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        betas = {"beta1": self._arrays["beta1"], "beta2": self._arrays["beta2"]}
        F.lion_update(weight, grad, state[0], lr=lr, wd=wd, **betas, **self.tail(), out=(weight, state[0]))
