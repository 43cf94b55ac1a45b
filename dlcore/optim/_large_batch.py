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
        if self.amsgrad:
            raise ValueError("LAMB: expected amsgrad=False, there is no such form of it")
        self.lazy_update = False  # a step depends on the whole weight
        self.bias_correction, self.lower_bound, self.upper_bound = bias_correction, lower_bound, upper_bound

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        knobs = {**self._betas(), "wd": wd}
        if not self.bias_correction:
            knobs["t"] = float("inf")
        r, *moments = F.lamb_phase1(weight, grad, *state, **knobs)
        for old, new in zip(state, moments, strict=True):
            _core.assign(old, new)
        low, high = (-1.0 if bound is None else bound for bound in (self.lower_bound, self.upper_bound))
        F.lamb_phase2(weight, r, _length(weight), _length(r), lr, low, high, out=weight)


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
