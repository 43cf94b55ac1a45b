"""Positions in a sequence: added to its elements, or turned into them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import _core
from dlcore.array._copies import copy_on
from dlcore.graph import outside_trace
from dlcore.ops import F

from .._hybrid_block import HybridBlock


def _angles(length: int, size: int, base: float) -> np.ndarray:
    """Position times frequency, (length, size / 2), with frequencies base^(-2k / size)."""
    frequencies = base ** (-np.arange(0, size, 2, dtype=np.float64) / size)
    return np.arange(length)[:, None] * frequencies


class _Table(HybridBlock):
    """Sines and cosines that are made once for the longest sequence seen so far, and again for a longer one."""

    def __init__(self, base: float, prefix: str | None, params: Any) -> None:
        super().__init__(prefix, params)
        self._base = base
        self._tables: dict[tuple[int, int, str, str], list[Any]] = {}

    def _rows(self, angles: np.ndarray) -> list[np.ndarray]:
        raise NotImplementedError

    def _table(self, length: int, size: int, like: Any) -> list[Any]:
        key = (length, size, like.dtype.name, like._device)
        if key not in self._tables:

            def make() -> list[Any]:
                tables = [_core.from_numpy(t.astype(np.float32)) for t in self._rows(_angles(length, size, self._base))]
                return [copy_on(table, like._device, like.dtype.name) for table in tables]

            self._tables[key] = outside_trace(make)
        return self._tables[key]


class SinusoidalPositionalEmbedding(_Table):
    """x (n, t, units) plus sines (the first half of units) and cosines of its positions (Vaswani et al., 2017).

    units must be even. base: the longest wave is 2 pi * base positions long.

    >>> import dlcore as dl
    >>> layer = SinusoidalPositionalEmbedding()
    >>> layer(dl.nd.zeros((1, 2, 4))).asnumpy()[0, 0]
    array([0., 0., 1., 1.], dtype=float32)
    """

    def __init__(self, base: float = 10_000.0, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(base, prefix, params)

    def _rows(self, angles: np.ndarray) -> list[np.ndarray]:
        return [np.concatenate([np.sin(angles), np.cos(angles)], axis=1)]

    def forward(self, x: Any) -> Any:
        if x.ndim != 3 or x.shape[2] % 2:
            raise ValueError(f"SinusoidalPositionalEmbedding: expected x (n, t, even units), got {tuple(x.shape)}")
        (table,) = self._table(x.shape[1], x.shape[2], x)
        return F.add(x, table)


class RotaryEmbedding(_Table):
    """Turns pairs of elements of x (..., t, units) by angles that grow with the position (Su et al., 2021).

    Products of two such x then depend on the distance of their positions only: for queries and keys of attention.
    Element k is paired with element k + units / 2; units must be even.

    >>> import dlcore as dl
    >>> RotaryEmbedding()(dl.nd.ones((1, 2, 2))).asnumpy().round(3)[0, 1]
    array([-0.301,  1.382], dtype=float32)
    """

    def __init__(self, base: float = 10_000.0, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(base, prefix, params)

    def _rows(self, angles: np.ndarray) -> list[np.ndarray]:
        return [np.cos(angles), np.sin(angles)]

    def forward(self, x: Any) -> Any:
        if x.ndim < 2 or x.shape[-1] % 2:
            raise ValueError(f"RotaryEmbedding: expected x (..., t, even units), got {tuple(x.shape)}")
        cosine, sine = self._table(x.shape[-2], x.shape[-1], x)
        a, b = F.split(x, 2, axis=-1)
        turned_a = F.subtract(F.multiply(a, cosine), F.multiply(b, sine))
        turned_b = F.add(F.multiply(b, cosine), F.multiply(a, sine))
        return F.concat(turned_a, turned_b, axis=-1)
