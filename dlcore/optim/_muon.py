"""Muon."""

from __future__ import annotations

import math
from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._adam import AdamW
from ._optimizer import State, register

# A quintic whose iteration takes every singular value from (0, 1] close to 1; Jordan et al. give these coefficients.
_A, _B, _C = 3.4445, -4.7750, 2.0315


def orthogonalized(matrix: Any, steps: int = 5) -> Any:
    """`matrix` with its singular values replaced by numbers near 1 (0.7 to 1.2), by `steps` Newton-Schulz iterations.

    >>> import dlcore as dl
    >>> x = orthogonalized(dl.nd.array([[3.0, 0.0], [0.0, 0.5]]))
    >>> bool((abs(x.asnumpy() - [[1, 0], [0, 1]]) < 0.35).all())
    True
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = F.cast(F.transpose(matrix) if tall else matrix, "float32")
    x = F.divide(x, F.add(F.sqrt(F.sum(F.square(x))), 1e-7))
    for _ in range(steps):
        square = F.matmul(x, F.transpose(x))
        mixed = F.add(F.multiply(square, _B), F.multiply(F.matmul(square, square), _C))
        x = F.add(F.multiply(x, _A), F.matmul(mixed, x))
    return F.transpose(x) if tall else x


@register
class Muon(AdamW):
    """Momentum whose step is made orthogonal, for weights of two axes or more; the others follow AdamW.

    With g = clip(rescale * grad), a kernel of a convolution seen as (channels, rest):

        mom = momentum * mom + g
        w = w - lr * (sqrt(max(1, rows / columns)) * orthogonalized(g + momentum * mom) + wd * w)

    learning_rate: of the orthogonal steps. adam_lr: that of AdamW for biases, gains and embeddings of one axis.
    Other arguments: see `Optimizer`.
    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.

    >>> Muon()
    Muon(lr=0.02, wd=0, beta1=0.9, beta2=0.999, momentum=0.95, adam_lr=0.001)
    """

    default_learning_rate = 0.02

    def __init__(
        self,
        learning_rate: float | None = None,
        momentum: float = 0.95,
        adam_lr: float = 0.001,
        steps: int = 5,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.lazy_update = False  # a step depends on the whole weight
        self._knob("momentum", momentum)
        self._knob("adam_lr", adam_lr)
        self.steps = steps

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: Any, wd: Any) -> None:
        if weight.ndim < 2 or 0 in weight.shape:
            super().rule(weight, grad, state, self._arrays["adam_lr"], wd)
            return
        g, momentum, mom = self.gradient(weight, grad), self._arrays["momentum"], state[0]
        _core.assign(mom, F.add(F.multiply(mom, momentum), g))
        ahead = F.add(g, F.multiply(mom, momentum))
        rows, columns = weight.shape[0], weight.size // weight.shape[0]
        step = F.reshape(orthogonalized(F.reshape(ahead, (rows, columns)), self.steps), tuple(weight.shape))
        scaled = F.multiply(step, math.sqrt(max(1.0, rows / columns)))
        _core.assign(weight, F.subtract(weight, F.multiply(F.add(scaled, F.multiply(weight, wd)), lr)))
