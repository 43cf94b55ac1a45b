"""Gradient descent, plain, with momentum, and Nesterov's."""

from __future__ import annotations

from typing import Any

from dlcore import _core

from ._optimizer import Call, Optimizer, State, register


@register
class SGD(Optimizer):
    """Stochastic gradient descent; with g = clip(rescale * grad) + wd * w:

        w = w - lr * g                                              without momentum
        mom = momentum * mom - lr * g;  w = w + mom                 momentum_form="heavy_ball" (Polyak, 1964)
        mom = momentum * mom + (1 - momentum) * g;  w = w - lr * mom    momentum_form="ema"

    A constant gradient moves a heavy ball by lr / (1 - momentum) a step in the end, an average by lr.
    lazy_update: a row-sparse gradient changes only the rows it has. Other arguments: see `Optimizer`.

    >>> SGD(learning_rate=0.1, momentum=0.9)
    SGD(lr=0.1, wd=0, momentum=0.9)
    """

    def __init__(
        self,
        learning_rate: float | None = None,
        momentum: float = 0.0,
        lazy_update: bool = True,
        momentum_form: str = "heavy_ball",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.lazy_update = lazy_update
        if momentum_form not in ("heavy_ball", "ema"):
            raise ValueError(f"SGD: expected momentum_form 'heavy_ball' or 'ema', got {momentum_form!r}")
        self._form = momentum_form
        self._has_momentum = momentum != 0.0
        if self._has_momentum:
            self._knob("momentum", momentum)

    @property
    def momentum(self) -> float:
        """The momentum now; 0 for plain descent."""
        return self._values.get("momentum", 0.0)

    @property
    def states(self) -> tuple[str, ...]:
        return ("mom",) if self._has_momentum else ()

    def call(
        self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: _core.NDArray
    ) -> Call:
        if not self._has_momentum:
            return "sgd_update", (weight, grad), {"lr": lr, "wd": wd, **self.tail()}
        knobs = {"lr": lr, "momentum": self._arrays["momentum"], "wd": wd, **self.tail()}
        name = "sgd_mom_update" if self._form == "heavy_ball" else "sgd_ema_update"
        return name, (weight, grad, *state), knobs


@register
class ccSGD(SGD):  # noqa: N801  (MXNet's spelling)
    """`SGD` under the name that it had in MXNet's first versions.

    >>> ccSGD(learning_rate=0.5)
    ccSGD(lr=0.5, wd=0)
    """


@register
class NAG(Optimizer):
    """Nesterov's accelerated gradient (Sutskever et al., 2013); with g = clip(rescale * grad) + wd * w:

        mom = momentum * mom + g;  w = w - lr * (momentum * mom + g)

    >>> NAG(learning_rate=0.1)
    NAG(lr=0.1, wd=0, momentum=0.9)
    """

    default_learning_rate = 0.1
    lazy_update = True

    def __init__(self, learning_rate: float | None = None, momentum: float = 0.9, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self._knob("momentum", momentum)

    @property
    def states(self) -> tuple[str, ...]:
        return ("mom",)

    def call(
        self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: _core.NDArray
    ) -> Call:
        knobs = {"lr": lr, "momentum": self._arrays["momentum"], "wd": wd, **self.tail()}
        return "nag_mom_update", (weight, grad, *state), knobs
