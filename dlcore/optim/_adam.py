"""Adam and the rules that differ from it by a term: AdamW, AMSGrad, Adamax, Nadam, AdaBelief."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._arrays import moved, scalar
from ._optimizer import Call, Optimizer, State, register


@register
class Adam(Optimizer):
    """Adam with bias correction (Kingma and Ba, 2015, algorithm 1); with g = clip(rescale * grad) + wd * w:

        m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
        w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)          epsilon_form="corrected"
        w = w - lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)        epsilon_form="hat"

    The second is the quicker form at the end of the paper's section 2, and MXNet's; its epsilon weighs more in the
    first steps. amsgrad: divide by the largest v so far. lazy_update: a row-sparse gradient changes only the rows it
    has. Other arguments: see `Optimizer`.

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
        amsgrad: bool = False,
        epsilon_form: str = "corrected",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        if epsilon_form not in ("corrected", "hat"):
            raise ValueError(f"{type(self).__name__}: expected epsilon_form 'corrected' or 'hat', got {epsilon_form!r}")
        self._knob("beta1", beta1)
        self._knob("beta2", beta2)
        self.lazy_update = lazy_update
        self.epsilon, self.amsgrad, self._hat = epsilon, amsgrad, epsilon_form == "hat"

    @property
    def states(self) -> tuple[str, ...]:
        return ("m", "v", "top") if self.amsgrad else ("m", "v")

    def _betas(self) -> dict[str, Any]:
        """What every rule of this family takes beside its arrays."""
        beta1, beta2 = self._arrays["beta1"], self._arrays["beta2"]
        eps: Any = self.epsilon
        if self._hat:  # the same quotient with this epsilon in the other form
            eps = F.divide(eps, F.sqrt(F.subtract(1.0, F.power(beta2, self.t))))
        return {"beta1": beta1, "beta2": beta2, "eps": eps, **self.tail(), "t": self.t}

    def call(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> Call | None:
        name = "amsgrad_update" if self.amsgrad else "adam_update"
        return name, (weight, grad, *state), {"lr": lr, "wd": wd, **self._betas()}


@register
class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019), with g = clip(rescale * grad):

        w = w - lr * (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + wd * w)

    >>> AdamW(wd=0.01)
    AdamW(lr=0.001, wd=0.01, beta1=0.9, beta2=0.999)
    """

    def __init__(self, learning_rate: float | None = None, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(learning_rate, epsilon=epsilon, **kwargs)

    def call(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> Call | None:
        name = "adamw_amsgrad_update" if self.amsgrad else "adamw_update"
        return name, (weight, grad, *state), {"lr": 1.0, "wd": wd, **self._betas(), "eta": lr}


@register
class Adamax(Adam):
    """Adam with the largest gradient in place of their root mean square (Kingma and Ba, 2015, algorithm 2):

        u = max(beta2 * u, |g|);  w = w - lr / (1 - beta1^t) * m / (u + epsilon)

    >>> Adamax()
    Adamax(lr=0.002, wd=0, beta1=0.9, beta2=0.999)
    """

    default_learning_rate = 0.002

    def call(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> Call:
        return "adamax_update", (weight, grad, *state), {"lr": lr, "wd": wd, **self._betas()}


@register
class AdaBelief(Adam):
    """Adam that divides by how far gradients are from their average (Zhuang et al., 2020).

    >>> AdaBelief()
    AdaBelief(lr=0.001, wd=0, beta1=0.9, beta2=0.999)
    """

    def __init__(self, learning_rate: float | None = None, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(learning_rate, epsilon=epsilon, **kwargs)

    def call(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> Call:
        return "adabelief_update", (weight, grad, *state), {"lr": lr, "wd": wd, **self._betas()}


@register
class Nadam(Adam):
    """Adam with Nesterov's momentum (Dozat, 2016): the momentum of step t is beta1 * (1 - 0.5 * 0.96^(t * decay)).

    schedule_decay: how quickly it rises to beta1.

    >>> Nadam()
    Nadam(lr=0.001, wd=0, beta1=0.9, beta2=0.999)
    """

    def __init__(self, learning_rate: float | None = None, schedule_decay: float = 0.004, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.schedule_decay = schedule_decay
        self.product = scalar(1.0)  # of the momenta of all steps so far

    def _momentum(self, t: Any) -> Any:
        fall = F.power(0.96, F.multiply(t, self.schedule_decay))
        return F.multiply(self._arrays["beta1"], F.subtract(1.0, F.multiply(fall, 0.5)))

    def place(self, device: str) -> None:
        super().place(device)
        self.product = moved(self.product, device)

    def begin_step(self) -> None:
        super().begin_step()
        _core.assign(self.product, F.multiply(self.product, self._momentum(self.t)))

    def counters(self) -> dict[str, _core.NDArray]:
        return {**super().counters(), "product": self.product}

    def call(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> Call:
        momenta = {"now": self._momentum(self.t), "after": self._momentum(F.add(self.t, 1.0)), "product": self.product}
        return "nadam_update", (weight, grad, *state), {"lr": lr, "wd": wd, **self._betas(), **momenta}
