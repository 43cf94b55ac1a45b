"""Layers under the import path that MXNet had them in; they are `dlcore.gluon.nn`'s.

>>> from dlcore import gluon
>>> SyncBatchNorm is gluon.nn.SyncBatchNorm
True
"""

from __future__ import annotations

from typing import Any

from dlcore import _answers
from dlcore._kinds import Count

from ..nn import (
    Concatenate,
    Embedding,
    HybridConcatenate,
    Identity,
    PixelShuffle1D,
    PixelShuffle2D,
    PixelShuffle3D,
    SyncBatchNorm,
)

__all__ = [
    "Concurrent",
    "HybridConcurrent",
    "Identity",
    "PixelShuffle1D",
    "PixelShuffle2D",
    "PixelShuffle3D",
    "SparseEmbedding",
    "SyncBatchNorm",
]

Concurrent = Concatenate
HybridConcurrent = HybridConcatenate


class SparseEmbedding(Embedding):
    """`Embedding` whose gradient holds only the rows that were looked up.

    >>> SparseEmbedding(10, 4).weight.grad_stype
    'row_sparse'
    """

    def __init__(
        self,
        input_dim: Count,
        output_dim: Count,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(input_dim, output_dim, dtype, weight_initializer, True, prefix, params)


_answers.guard(__name__, __all__)
