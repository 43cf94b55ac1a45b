"""Mixing of samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops import F

from ..._draws import generator


def mixup(x: Any, y: Any, classes: int, alpha: float = 0.2) -> tuple[Any, Any]:
    """A batch whose samples are each mixed with another, and their labels in the same shares (Zhang et al., 2017).

    x: (n, ...). y: (n,) classes, or (n, classes) shares. The share of the first is drawn from Beta(alpha, alpha), one
    for the batch; alpha 0 mixes nothing. Gives x and y (n, classes) float32, for
    `SoftmaxCrossEntropyLoss(sparse_label=False)`.

    >>> import dlcore as dl
    >>> x, y = mixup(dl.nd.ones((2, 3)), dl.nd.array([0, 1]), classes=2)
    >>> x.shape, y.sum(axis=1).asnumpy().round(5)
    ((2, 3), array([1., 1.], dtype=float32))
    """
    if alpha < 0:
        raise ValueError(f"mixup: expected alpha of at least 0, got {alpha}")
    draw = generator()
    share = float(draw.beta(alpha, alpha)) if alpha else 1.0
    order = _core.from_numpy(draw.permutation(x.shape[0]).astype(np.int64))
    if y.ndim == 1:
        y = F.one_hot(y, classes, dtype="float32")
    mixed = [F.add(F.multiply(a, share), F.multiply(F.take(a, order, axis=0), 1 - share)) for a in (x, y)]
    return mixed[0], mixed[1]
