"""Losses that are minus the logarithm of a likelihood, or a divergence between distributions."""

from __future__ import annotations

import math
from typing import Any

from dlcore.ops import F

from ._loss import Loss, label_like


class KLDivLoss(Loss):
    """Kullback-Leibler divergence: label * (log(label) - log(q)) (Kullback and Leibler, 1951).

    pred: log(q), or with `from_logits=False` scores that a softmax along `axis` turns into q. label: probabilities in
    the shape of pred. Gives (batch,): the sum over all other axes.

    >>> import dlcore as dl
    >>> KLDivLoss(from_logits=False)(dl.nd.zeros((1, 2)), dl.nd.array([[1.0, 0.0]])).asnumpy().round(4)
    array([0.6931], dtype=float32)
    """

    def __init__(
        self,
        from_logits: bool = True,
        axis: int = -1,
        weight: float | None = None,
        batch_axis: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        self._from_logits, self._axis = from_logits, axis

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        logs = pred if self._from_logits else F.log_softmax(pred, axis=self._axis)
        label = label_like(label, pred, "KLDivLoss")
        divergence = F.multiply(label, F.subtract(F.log(F.add(label, 1e-12)), logs))
        return self._finish(divergence, sample_weight, F.sum)


class LogisticLoss(Loss):
    """log(1 + exp(-pred * label)) for labels -1 and 1 ("signed"), or the same for labels 0 and 1 ("binary").

    Gives (batch,): the mean over all other axes.

    >>> import dlcore as dl
    >>> LogisticLoss()(dl.nd.zeros((1, 1)), dl.nd.array([[-1.0]])).asnumpy().round(4)
    array([0.6931], dtype=float32)
    """

    def __init__(
        self,
        weight: float | None = None,
        batch_axis: int = 0,
        label_format: str = "signed",
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        if label_format not in ("signed", "binary"):
            raise ValueError(f"LogisticLoss: expected label_format 'signed' or 'binary', got {label_format!r}")
        self._signed = label_format == "signed"

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        label = label_like(label, pred, "LogisticLoss")
        if self._signed:
            label = F.multiply(F.add(label, 1.0), 0.5)
        # softplus(-|x|) never overflows.
        rest = F.subtract(F.relu(pred), F.multiply(pred, label))
        return self._finish(F.add(rest, F.softplus(F.negative(F.abs(pred)))), sample_weight)


class PoissonNLLLoss(Loss):
    """-log of the likelihood of counts `target` under Poisson distributions of mean exp(pred).

    from_logits=False: pred is the mean itself. compute_full: add Stirling's approximation of log(target!), which does
    not depend on pred, for targets above 1. Gives (batch,), the mean over all other axes, like every other loss here
    (MXNet 1.9 gave the mean over the batch too).

    >>> import dlcore as dl
    >>> PoissonNLLLoss()(dl.nd.zeros((1, 1)), dl.nd.array([[3.0]])).asnumpy()
    array([1.], dtype=float32)
    """

    def __init__(
        self,
        weight: float | None = None,
        from_logits: bool = True,
        batch_axis: int = 0,
        compute_full: bool = False,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        self._from_logits, self._full = from_logits, compute_full

    def forward(self, pred: Any, target: Any, sample_weight: Any = None, epsilon: float = 1e-8) -> Any:
        target = label_like(target, pred, "PoissonNLLLoss")
        if self._from_logits:
            loss = F.subtract(F.exp(pred), F.multiply(target, pred))
        else:
            loss = F.subtract(pred, F.multiply(target, F.log(F.add(pred, epsilon))))
        if self._full:
            above = F.maximum(target, 1.0)  # keeps the logarithm finite where its value is not used
            logs = F.log(above)
            stirling = F.add(F.subtract(F.multiply(above, logs), above), F.multiply(F.add(logs, _LOG_2_PI), 0.5))
            loss = F.add(loss, F.multiply(stirling, F.greater(target, 1.0)))
        return self._finish(loss, sample_weight)


_LOG_2_PI = math.log(2 * math.pi)


class FocalLoss(Loss):
    """-(1 - p)^gamma * log(p) of the right class's probability p: what is easy already counts for little.

    pred: scores with the classes along `axis`. label: classes. With gamma 0 it is the softmax cross-entropy.
    Gives (batch,): the mean over all other axes.
    Source: T.-Y. Lin et al., "Focal Loss for Dense Object Detection", 2017.

    >>> import dlcore as dl
    >>> FocalLoss(gamma=2)(dl.nd.zeros((1, 2)), dl.nd.array([0])).asnumpy().round(4)
    array([0.1733], dtype=float32)
    """

    def __init__(
        self,
        gamma: float = 2.0,
        axis: int = -1,
        weight: float | None = None,
        batch_axis: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        self._gamma, self._axis = gamma, axis

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        minus_log = F.softmax_cross_entropy(pred, label, axis=self._axis % pred.ndim)
        rest = F.subtract(1.0, F.exp(F.negative(minus_log)))
        # p may be exactly 1; the power's gradient there must stay finite for gamma below 1.
        return self._finish(F.multiply(F.power(F.maximum(rest, 1e-12), self._gamma), minus_log), sample_weight)
