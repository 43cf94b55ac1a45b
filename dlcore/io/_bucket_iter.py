"""Sentences in buckets: batches of sequences of nearly one length."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._warn import warn
from dlcore.ops import F

from ._iterators import DataBatch, DataDesc, DataIter
from ._place import whole_numbers


def encode_sentences(
    sentences: Sequence[Sequence[Any]],
    vocab: Mapping[Any, int] | None = None,
    invalid_label: int = -1,
    invalid_key: Any = "\n",
    start_label: int = 0,
    unknown_token: Any = None,
) -> tuple[list[list[int]], dict[Any, int]]:
    """Words as numbers, and the vocabulary: each new word gets the next number from `start_label` on.

    vocab: numbers that are known already; then no word gets a new one, and one that is not there has that of
    `unknown_token`, without which it is a ValueError. No word gets invalid_label, which `invalid_key` stands for.

    >>> encode_sentences([["a", "b"], ["b", "c", "a"]], start_label=1)
    ([[1, 2], [2, 3, 1]], {'\\n': -1, 'a': 1, 'b': 2, 'c': 3})
    """
    grows = vocab is None
    known: dict[Any, int] = {invalid_key: invalid_label} if vocab is None else dict(vocab)
    following, found = start_label, []
    for sentence in sentences:
        coded = []
        for word in sentence:
            if word not in known:
                if grows:
                    following += following == invalid_label
                    known[word] = following
                    following += 1
                elif unknown_token is not None and unknown_token in known:
                    word = unknown_token
                else:
                    raise ValueError(f"encode_sentences: {word!r} is not in the vocabulary of {len(known)} words")
            coded.append(known[word])
        found.append(coded)
    return found, known


def _order(count: int) -> np.ndarray:
    return F.random_permutation(count, "int64", "cpu(0)").asnumpy() if count else np.zeros(0, np.int64)


class BucketSentenceIter(DataIter):
    """Batches of sentences as numbers for a language model: the label is the sentence one word further on.

    Every sentence goes into the smallest bucket (a length) that holds it, filled up with `invalid_label`; a batch comes
    from one bucket, whose length is its `bucket_key`, as `BucketingModule` asks. buckets: None takes every length that
    has at least a batch. Sentences that are too long are left out with a warning, and so are those that do not fill a
    batch of their bucket. layout: "NT" or "TN". Every `reset` draws a new order from `dlcore.random`.

    >>> batches = BucketSentenceIter([[1, 2], [3, 4], [5, 6, 7]], batch_size=1, buckets=[2, 4], invalid_label=0)
    >>> sorted((b.bucket_key, b.data[0].asnumpy().tolist()) for b in batches)
    [(2, [[1.0, 2.0]]), (2, [[3.0, 4.0]]), (4, [[5.0, 6.0, 7.0, 0.0]])]
    """

    def __init__(
        self,
        sentences: Sequence[Sequence[int]],
        batch_size: int,
        buckets: Sequence[int] | None = None,
        invalid_label: int = -1,
        data_name: str = "data",
        label_name: str = "softmax_label",
        dtype: Any = "float32",
        layout: str = "NT",
    ) -> None:
        super().__init__(batch_size)
        if layout not in ("NT", "TN"):
            raise ValueError(f"BucketSentenceIter: layout must be 'NT' or 'TN', got {layout!r}")
        if not buckets:
            counts = np.bincount([len(s) for s in sentences]) if len(sentences) else np.zeros(0, int)
            buckets = [length for length, count in enumerate(counts) if length and count >= batch_size]
        if not buckets:
            raise ValueError(f"BucketSentenceIter: no length has {batch_size} sentences; give buckets=")
        self.buckets, self.invalid_label, self.dtype = sorted(int(b) for b in buckets), invalid_label, np.dtype(dtype)
        self.data_name, self.label_name, self.layout = data_name, label_name, layout
        self.default_bucket_key = self.buckets[-1]
        rows: list[list[np.ndarray]] = [[] for _ in self.buckets]
        left_out = 0
        for sentence in sentences:
            at = bisect.bisect_left(self.buckets, len(sentence))
            if at == len(self.buckets):
                left_out += 1
                continue
            row = np.full(self.buckets[at], invalid_label, self.dtype)
            row[: len(sentence)] = sentence
            rows[at].append(row)
        if left_out:
            warn(
                f"BucketSentenceIter: {left_out} sentences are longer than the largest bucket, {self.buckets[-1]}, and "
                "were left out"
            )
        pairs = zip(rows, self.buckets, strict=True)
        self._rows = [np.stack(found) if found else np.zeros((0, length), self.dtype) for found, length in pairs]
        self._orders: list[np.ndarray] = []  # of the rows of each bucket, in this pass
        self._plan: list[tuple[int, int]] = []
        self._at = 0
        self.reset()

    def _described(self, name: str) -> list[DataDesc]:
        shape = (self.batch_size, self.default_bucket_key)
        return [DataDesc(name, shape if self.layout == "NT" else shape[::-1], self.dtype, self.layout)]

    @property
    def provide_data(self) -> list[DataDesc]:
        """Name and shape of the sentences of a batch of the largest bucket."""
        return self._described(self.data_name)

    @property
    def provide_label(self) -> list[DataDesc]:
        """Name and shape of its labels."""
        return self._described(self.label_name)

    def reset(self) -> None:
        """Begin a new pass, in a new order."""
        self._drawn_from = _core.rng_state()
        self._draw()
        self._at = 0

    def _draw(self) -> None:
        self._orders = [_order(len(rows)) for rows in self._rows]
        size = self.batch_size
        plan = [(k, at) for k, rows in enumerate(self._rows) for at in range(0, len(rows) - size + 1, size)]
        self._plan = [plan[k] for k in _order(len(plan))]

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it: `load_state` goes on from there. See `gluon.save_checkpoint`."""
        seed, block = self._drawn_from
        return {"sentences": sum(map(len, self._rows)), "seed": seed, "block": block, "at": self._at}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on where an iterator over the same sentences stood when `state()` was asked; do not `reset` first.

        ValueError, with nothing changed, for another number of sentences and for a damaged state.
        """
        count, any_word = sum(map(len, self._rows)), (0, 2**64 - 1)
        _, seed, block, at = whole_numbers(
            "BucketSentenceIter", state, sentences=(count, count), seed=any_word, block=any_word,
            at=(0, len(self._plan)),
        )  # fmt: skip
        before = _core.swap_generator((seed, block))
        try:
            self._draw()
        finally:
            _core.swap_generator(before)
        self._drawn_from, self._at = (seed, block), at

    def next(self) -> DataBatch:
        if self._at == len(self._plan):
            raise StopIteration
        bucket, at = self._plan[self._at]
        self._at += 1
        data = self._rows[bucket][self._orders[bucket][at : at + self.batch_size]]
        label = np.full_like(data, self.invalid_label)
        label[:, :-1] = data[:, 1:]
        if self.layout == "TN":
            data, label = data.T, label.T
        pair = [[_core.from_numpy(np.ascontiguousarray(array), True)] for array in (data, label)]
        described = [
            [DataDesc(name, array.shape, self.dtype, self.layout)]
            for name, array in ((self.data_name, data), (self.label_name, label))
        ]
        return DataBatch(pair[0], pair[1], 0, None, self.buckets[bucket], described[0], described[1])
