"""A running text as samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._dataset import Dataset


class LanguageModelDataset(Dataset):
    """Windows of `length` tokens of a running text, each with the same window one token later, to be predicted.

    tokens: whole numbers (n,). stride: from one window to the next, `length` unless given. What is left at the end and
    fills no window is not used. An element is (x, y), both (length,) int32.

    >>> data = LanguageModelDataset([1, 2, 3, 4, 5], length=2)
    >>> len(data), [part.tolist() for part in data[1]]
    (2, [[3, 4], [4, 5]])
    """

    def __init__(self, tokens: Any, length: int, stride: int | None = None) -> None:
        host = np.asarray(tokens.asnumpy() if hasattr(tokens, "asnumpy") else tokens)
        if host.ndim != 1 or host.dtype.kind not in "iu":
            raise ValueError(f"LanguageModelDataset: expected whole numbers (n,), got {host.shape} of {host.dtype}")
        if length < 1 or len(host) <= length:
            raise ValueError(f"LanguageModelDataset: expected a length from 1 to {len(host) - 1}, got {length}")
        self._tokens, self._length = host.astype(np.int32), length
        self._starts = np.arange(0, len(host) - length, length if stride is None else stride)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        start = self._starts[index]
        window = self._tokens[start : start + self._length + 1]
        return window[:-1], window[1:]

    def take_batch(self, indices: np.ndarray) -> Any:
        places = self._starts[indices][:, None] + np.arange(self._length + 1)
        windows = self._tokens[places]
        return windows[:, :-1], windows[:, 1:]
