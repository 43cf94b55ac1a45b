"""DataLoader: batches of a dataset, prepared ahead of time by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

import numpy as np

from . import batchify as _batchify
from ._dataset import Dataset
from ._draws import draws_of, epoch_key
from ._sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler


class DataLoader:
    """Iterates over `dataset` in batches; every pass (`for batch in loader`) is one epoch.

    dataset: a `Dataset` or any sequence. An element `(x, y)` gives batches `[X, Y]` of NDArrays on the CPU, with the
        batch as first axis.
    batch_size, shuffle, last_batch ("keep", "discard", "rollover"), or a `sampler`, or a `batch_sampler` of your own.
    batchify_fn: from a list of elements to a batch; `batchify.default` stacks.
    num_workers: threads that prepare batches ahead (0: in the loop itself); `prefetch`: how many, default 2 a thread.
    timeout: seconds to wait for one batch from a thread.
    seed: makes the shuffled order and the random transforms of every epoch repeatable by themselves; without it
        `dlcore.random.seed` decides.
    thread_pool, pin_memory, pin_device_id and auto_reload are accepted for old scripts and change nothing: workers are
        always threads, never forked processes.

    When the dataset holds whole arrays and its transforms work on batches, a batch is one vectorised index.
    A failing element raises RuntimeError that names its index.

    >>> data = [(float(i), i) for i in range(5)]
    >>> for x, y in DataLoader(data, batch_size=2, last_batch="discard"):
    ...     print(y.asnumpy())
    [0 1]
    [2 3]
    """

    def __init__(
        self,
        dataset: Dataset | Sequence[Any],
        batch_size: int | None = None,
        shuffle: bool = False,
        sampler: Sampler | None = None,
        last_batch: str | None = None,
        batch_sampler: Sampler | None = None,
        batchify_fn: Callable[[list[Any]], Any] | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        pin_device_id: int = 0,
        prefetch: int | None = None,
        thread_pool: bool = True,
        timeout: float = 120,
        auto_reload: bool = False,
        seed: int | None = None,
    ) -> None:
        if num_workers < 0:
            raise ValueError(f"DataLoader: expected num_workers >= 0, got {num_workers}")
        self.dataset = dataset
        self.batch_sampler = batch_sampler or _batches(dataset, batch_size, shuffle, sampler, last_batch, seed)
        if batch_sampler is not None and (batch_size is not None or shuffle or sampler is not None or last_batch):
            raise ValueError("DataLoader: batch_sampler excludes batch_size, shuffle, sampler and last_batch")
        self.batch_size = batch_size
        self._batchify_fn = batchify_fn
        self._workers = num_workers
        self._ahead = max(1, 2 * num_workers if prefetch is None else prefetch)
        self._timeout, self._seed = timeout, seed
        self.epoch = 0  # passes begun so far; set it to go on with the random transforms of a later one

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[Any]:
        key = epoch_key(self.epoch, self._seed)
        self.epoch += 1

        def make(indices: Sequence[int]) -> Any:
            return self._batch(indices, key)

        if self._workers == 0:
            return (make(indices) for indices in self.batch_sampler)
        return _ThreadedIterator(make, iter(self.batch_sampler), self._workers, self._ahead, self._timeout)

    def _batch(self, indices: Sequence[int], key: tuple[int, ...]) -> Any:
        if self._batchify_fn is None and isinstance(self.dataset, Dataset):
            batch = self.dataset.take_batch(np.asarray(indices, np.int64))
            if batch is not None:
                return _batchify.to_ndarray(batch)
        elements = [self._element(index, key) for index in indices]
        try:
            return (self._batchify_fn or _batchify.default)(elements)
        except ValueError as error:
            raise ValueError(f"DataLoader: elements {_short(indices)} do not make a batch: {error}") from error

    def _element(self, index: int, key: tuple[int, ...]) -> Any:
        try:
            with draws_of(key, int(index)):
                return self.dataset[index]
        except Exception as error:
            kind = type(self.dataset).__name__
            said = f"{type(error).__name__}: {error}"
            raise RuntimeError(f"DataLoader: element {index} of {kind} failed: {said}") from error


def _short(indices: Sequence[int]) -> str:
    shown = ", ".join(str(int(index)) for index in indices[:4])
    return f"[{shown}{', ...' if len(indices) > 4 else ''}]"


def _batches(
    dataset: Dataset | Sequence[Any],
    batch_size: int | None,
    shuffle: bool,
    sampler: Sampler | None,
    last_batch: str | None,
    seed: int | None,
) -> BatchSampler:
    if batch_size is None:
        raise ValueError("DataLoader: batch_size must be given unless a batch_sampler is")
    if sampler is not None and shuffle:
        raise ValueError("DataLoader: a sampler fixes the order; shuffle must then be False")
    if sampler is None:
        sampler = RandomSampler(len(dataset), seed) if shuffle else SequentialSampler(len(dataset))
    return BatchSampler(sampler, batch_size, last_batch or "keep")


class _ThreadedIterator:
    """One pass over the batches with threads working ahead; closes its threads at the end, on error and on `close`."""

    def __init__(
        self, batch: Callable[[Any], Any], order: Iterator[Any], workers: int, ahead: int, timeout: float
    ) -> None:
        self._make, self._order, self._timeout = batch, order, timeout
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(workers, thread_name_prefix="dlcore-data")
        self._waiting: deque[Future[Any]] = deque()
        for _ in range(ahead):
            self._ask_next()

    def _ask_next(self) -> None:
        indices = next(self._order, None)
        if indices is not None and self._pool is not None:
            self._waiting.append(self._pool.submit(self._make, indices))

    def __iter__(self) -> _ThreadedIterator:
        return self

    def __next__(self) -> Any:
        if not self._waiting:
            self.close()
            raise StopIteration
        try:
            batch = self._waiting.popleft().result(self._timeout)
        except FutureTimeout:
            self.close(wait=False)
            raise TimeoutError(f"DataLoader: no batch within {self._timeout:g} s; raise timeout=") from None
        except BaseException:
            self.close()
            raise
        self._ask_next()
        return batch

    def close(self, wait: bool = True) -> None:
        """Cancel what has not begun and end the threads. Harmless when called twice."""
        pool, self._pool = self._pool, None
        self._waiting.clear()
        if pool is not None:
            pool.shutdown(wait=wait, cancel_futures=True)

    def __enter__(self) -> _ThreadedIterator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pool", None) is not None:
            self.close()
