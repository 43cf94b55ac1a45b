"""Rules for large batches, whose steps are a share of the weight's own length: LAMB and LARS."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._adam import Adam
from ._optimizer import Optimizer, State, register


def _length(x: Any) -> Any:
    return F.sqrt(F.sum(F.square(F.cast(x, "float32"))))


def _ratio(above: Any, below: Any, usable: Any) -> Any:
    """above / below, or 1 where that is not usable."""
    return F.where(usable, F.divide(above, F.where(usable, below, 1.0)), 1.0)


def _both(a: Any, b: Any) -> Any:
    return F.logical_and(F.greater(a, 0.0), F.greater(b, 0.0))


@register
class LAMB(Adam):
    """Adam whose step is made as long as the weight is, times lr (You et al., 2020); with g = clip(rescale * grad):

        r = m' / (sqrt(v') + epsilon) + wd * w;  w = w - lr * |w| / |r| * r

    where m' and v' are Adam's, corrected with `bias_correction`. lower_bound, upper_bound: limits of |w|.
    Other arguments: see `Optimizer`.

    >>> LAMB()
    LAMB(lr=0.001, wd=0, beta1=0.9, beta2=0.999)
    """

    def __init__(
        self,
        learning_rate: float | None = None,
        epsilon: float = 1e-6,
        lower_bound: float | None = None,
        upper_bound: float | None = None,
        bias_correction: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, epsilon=epsilon, **kwargs)
        self.lazy_update = False  # a step depends on the whole weight
        self.bias_correction, self.lower_bound, self.upper_bound = bias_correction, lower_bound, upper_bound

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        beta1, beta2, (m, v) = self._arrays["beta1"], self._arrays["beta2"], state
        g = self.gradient(weight, grad)
        _core.assign(m, F.lerp(m, g, beta1))
        _core.assign(v, F.lerp(v, F.square(g), beta2))
        mean: Any = m
        square: Any = v
        if self.bias_correction:
            mean = F.divide(m, F.subtract(1.0, F.power(beta1, self.t)))
            square = F.divide(v, F.subtract(1.0, F.power(beta2, self.t)))
        r = F.add(F.divide(mean, F.add(F.sqrt(square), self.epsilon)), F.multiply(weight, wd))
        above, below = self._bounded(_length(weight)), _length(r)
        ratio = _ratio(above, below, _both(above, below))
        _core.assign(weight, F.subtract(weight, F.multiply(r, F.multiply(lr, ratio))))

    def _bounded(self, length: Any) -> Any:
        if self.lower_bound is not None:
            length = F.maximum(length, self.lower_bound)
        return length if self.upper_bound is None else F.minimum(length, self.upper_bound)


@register
class LARS(Optimizer):
    """Momentum whose step is a share of the weight's length (You, Gitman and Ginsburg, 2017).

    With g = clip(rescale * grad):

        ratio = eta * |w| / (|g| + wd * |w| + epsilon);  mom = momentum * mom + lr * ratio * (g + wd * w);  w = w - mom

    The ratio is 1 for biases, gains and shifts (weights of one axis), as the paper's practice is, and where |w| or |g|
    is zero. Other arguments: see `Optimizer`.

    >>> LARS()
    LARS(lr=0.1, wd=0, momentum=0.9)
    """

    default_learning_rate = 0.1

    def __init__(
        self,
        learning_rate: float | None = None,
        momentum: float = 0.9,
        eta: float = 0.001,
        epsilon: float = 1e-9,
        lazy_update: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("momentum", momentum)
        self.eta, self.epsilon = eta, epsilon

    @property
    def states(self) -> tuple[str, ...]:
        return ("mom",)

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        g, (mom,) = self.gradient(weight, grad), state
        rate: Any = lr
        if weight.ndim > 1:
            of_weight, of_grad = _length(weight), _length(g)
            below = F.add(F.add(of_grad, F.multiply(of_weight, wd)), self.epsilon)
            rate = F.multiply(lr, _ratio(F.multiply(of_weight, self.eta), below, _both(of_weight, of_grad)))
        step = F.multiply(F.add(g, F.multiply(weight, wd)), rate)
        _core.assign(mom, F.add(F.multiply(mom, self._arrays["momentum"]), step))
        _core.assign(weight, F.subtract(weight, mom))
