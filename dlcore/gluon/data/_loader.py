"""DataLoader: batches of a dataset, prepared ahead of time by threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._hints import explained

from . import batchify as _batchify
from ._cursor import Cursor, new_cursor, read_cursor
from ._dataset import Dataset, Split, split_of, stages_of
from ._draws import draws_of, epoch_key, words_of
from ._plan import Plan, planned
from ._sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from ._threads import BatchThreads, TooLate


class DataLoader:
    """Iterates over `dataset` in batches; every pass (`for batch in loader`) is one epoch.

    dataset: a `Dataset` or any sequence. An element `(x, y)` gives batches `[X, Y]` of NDArrays on the CPU, with the
        batch as first axis.
    batch_size, shuffle, last_batch ("keep", "discard", "rollover"), or a `sampler`, or a `batch_sampler` of your own.
    batchify_fn: from a list of elements to a batch; `batchify.default` stacks.
    num_workers: threads that prepare batches ahead (0: in the loop itself); `prefetch`: how many, default 2 a thread.
        Batches of up to 1 MiB that one call can make of arrays in memory (see below) are made in the loop all the
        same: that costs less than their way from one thread to another.
        Where the order of a pass is known (no sampler of your own), the next such batch is cut out of the arrays while
        the core's threads have nothing else to do: leave arrays as they are during a pass.
    timeout: seconds to wait for one batch from a thread.
    seed: makes the shuffled order and the random transforms of every epoch repeatable by themselves; without it
        `dlcore.random.seed` decides.
    thread_pool, pin_memory, pin_device_id and auto_reload are accepted for old scripts and change nothing: workers are
        always threads, never forked processes.

    When the dataset holds whole arrays and its transforms are those of `vision.transforms`, one call into the core
    makes the batch, with the same numbers as sample by sample. Transforms that work on batches come second: a function
    of one's own that is a `vision.transforms.Transform` is called once a batch.
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
        self._timeout, self._seed, self._pin_memory = timeout, seed, pin_memory
        self.epoch = 0  # passes begun so far; set it to go on with the random transforms of a later one
        self._cursor: Cursor | None = None  # the pass that is being walked
        self._resumed: Cursor | None = None  # the pass that the next walk takes up

    def __len__(self) -> int:
        return len(self.batch_sampler)

    @property
    def _dataset(self) -> Any:
        """Where MXNet kept it, and loaders derived from this one look."""
        return self.dataset

    @property
    def _batch_sampler(self) -> Any:
        """Likewise."""
        return self.batch_sampler

    def __iter__(self) -> Iterator[Any]:
        cursor, self._resumed = self._resumed, None
        if cursor is None:
            cursor = new_cursor(self.epoch, self.batch_sampler, True)
            key = epoch_key(cursor.epoch, self._seed)
        else:
            key = epoch_key(cursor.epoch, self._seed, cursor.random)
        self._cursor, self.epoch = cursor, cursor.epoch + 1
        batches, words = cursor.begin(self.batch_sampler), words_of(key)
        plan, stages = self._plan()
        split = split_of(self.dataset) if self._batchify_fn is None else None

        def make(indices: Sequence[int], then: np.ndarray | None = None) -> Any:
            batch = plan.take(indices, words, then) if plan is not None else None
            if batch is None:
                return self._batch(indices, key, split)
            return _changed(batch, stages) if stages else batch

        if self._workers == 0 or (plan is not None and not stages and plan.quick(self._usual_size())):
            return _DirectIterator(make, batches, cursor, self._ended)
        return _ThreadedIterator(make, batches, self._workers, self._ahead, self._timeout, cursor, self._ended)

    def _plan(self) -> tuple[Plan | None, tuple[Callable[[np.ndarray], np.ndarray], ...]]:
        """How the core makes batches, and what functions on whole batches then make of the first item."""
        if self._batchify_fn is not None:
            return None, ()
        plan = planned(self.dataset)
        stages = stages_of(self.dataset) if plan is None else None
        return (planned(stages[0]), stages[1]) if stages is not None else (plan, ())

    def _usual_size(self) -> float:
        """How many samples a batch has, as far as that can be said beforehand."""
        if self.batch_size is not None:
            return self.batch_size
        try:
            return len(self.dataset) / max(1, len(self.batch_sampler))
        except (TypeError, NotImplementedError):
            return len(self.dataset)

    def _ended(self, cursor: Cursor) -> None:
        if self._cursor is cursor:
            self._cursor = None

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it: which pass, its order, how many of its batches were handed out.

        Of passes that overlap it is the one begun last. See `load_state`.
        """
        # A pass that was taken up in a file and not walked yet still waits.
        cursor = self._resumed or self._cursor or new_cursor(self.epoch, self.batch_sampler, False)
        return {"samples": len(self.dataset), "batch_size": self.batch_size, **cursor.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on where a loader with the same arguments stood when `state()` was asked.

        ValueError, with nothing changed, for another number of samples, another batch size, or a damaged state.

        >>> loader = DataLoader(list(range(6)), batch_size=2, shuffle=True, seed=1)
        >>> walk = iter(loader)
        >>> first, place = next(walk), loader.state()
        >>> rest = [batch.tolist() for batch in walk]
        >>> again = DataLoader(list(range(6)), batch_size=2, shuffle=True, seed=1)
        >>> again.load_state(place)
        >>> [batch.tolist() for batch in again] == rest
        True
        """
        for name, mine in (("samples", len(self.dataset)), ("batch_size", self.batch_size)):
            if name not in state or state[name] != mine:
                raise ValueError(f"DataLoader: the place is one of data with {name} {state.get(name)}, here {mine}")
        cursor = read_cursor({name: value for name, value in state.items() if name not in ("samples", "batch_size")})
        if isinstance(self.batch_sampler, Sampler):
            self.batch_sampler.load_state(cursor.sampler)
        self.epoch = cursor.epoch
        self._cursor, self._resumed = None, None if cursor.random is None else cursor

    def _batch(self, indices: Sequence[int], key: tuple[int, ...], split: Split | None) -> Any:
        if self._batchify_fn is None and isinstance(self.dataset, Dataset):
            batch = self.dataset.take_batch(np.asarray(indices, np.int64))
            if batch is not None:
                return _batchify.to_ndarray(batch)
        source, changes, others = split or (self.dataset, (), [])
        elements = self._elements(indices, key, source, changes)
        try:
            batch = _made_of(elements) if self._batchify_fn is None else self._batchify_fn(elements)
            if not others:
                return batch
            return [batch, *(_core.from_numpy(column[np.asarray(indices)], copy=False) for column in others)]
        except ValueError as error:
            raise ValueError(f"DataLoader: elements {_short(indices)} do not make a batch: {error}") from error

    def _elements(
        self, indices: Any, key: tuple[int, ...], source: Any, changes: tuple[Callable[[Any], Any], ...]
    ) -> Any:
        """What `_core.elements` makes of them; with a batchify function of one's own, their list."""
        listed = indices.tolist() if isinstance(indices, np.ndarray) else list(indices)
        apart = self._batchify_fn is not None
        with draws_of(key) as at:
            try:
                return _core.elements(listed, source, changes, at, apart)
            except Exception as error:
                index, _, called = at
                if called and isinstance(error, TypeError):
                    error = explained("Dataset.transform_first", error) or error
                said = f"{type(error).__name__}: {error}"
                kind = type(self.dataset).__name__
                raise RuntimeError(f"DataLoader: element {index} of {kind} failed: {said}") from error


def _made_of(elements: Any) -> Any:
    """The batch, of which the core has made what it could."""
    if type(elements) is tuple:
        return [_made_of(column) for column in elements]
    return _batchify.default(elements) if type(elements) is list else elements


def _changed(batch: Any, stages: tuple[Callable[[np.ndarray], np.ndarray], ...]) -> Any:
    first = (batch[0] if isinstance(batch, list) else batch)._numpy_view()
    for stage in stages:
        first = stage(first)
    made = _batchify.to_ndarray(first)
    return [made, *batch[1:]] if isinstance(batch, list) else made


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


def _nothing() -> None:
    """What follows a batch of a sampler that does not say."""


class _DirectIterator:
    """One pass over the batches, each made when it is asked for."""

    def __init__(
        self,
        batch: Callable[[Any, np.ndarray | None], Any],
        order: Iterator[Any],
        cursor: Cursor,
        ended: Callable[[Cursor], None],
    ) -> None:
        self._make = batch
        self._order: Iterator[Any] | None = order
        self._following: Callable[[], np.ndarray | None] = getattr(order, "following", _nothing)
        self._cursor, self._ended = cursor, ended

    def __iter__(self) -> _DirectIterator:
        return self

    def __next__(self) -> Any:
        if self._order is None:
            raise StopIteration
        try:
            indices = next(self._order)
        except StopIteration:
            self._ended(self._cursor)
            self.close()
            raise
        try:
            batch = self._make(indices, self._following())
        except BaseException:
            self.close()
            raise
        # Counted before it is handed out: whoever saves in the loop's body has this batch behind him.
        self._cursor.done += 1
        return batch

    def close(self) -> None:
        """End the pass. Harmless when called twice."""
        self._order = None

    def __enter__(self) -> _DirectIterator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _ThreadedIterator:
    """One pass over the batches with threads working ahead; closes its threads at the end, on error and on `close`."""

    def __init__(
        self,
        batch: Callable[[Any, np.ndarray | None], Any],
        order: Iterator[Any],
        workers: int,
        ahead: int,
        timeout: float,
        cursor: Cursor,
        ended: Callable[[Cursor], None],
    ) -> None:
        self._order, self._timeout = order, timeout
        self._cursor, self._ended = cursor, ended
        # One thread makes batch after batch in their order; of several, each would be told what another makes.
        self._following = getattr(order, "following", _nothing) if workers == 1 else _nothing
        self._threads: BatchThreads | None = BatchThreads(lambda job: batch(*job), workers)
        for _ in range(ahead):
            self._ask_next(self._threads)

    def _ask_next(self, threads: BatchThreads) -> None:
        indices = next(self._order, None)
        if indices is not None:
            threads.ask((indices, self._following()))

    def __iter__(self) -> _ThreadedIterator:
        return self

    def __next__(self) -> Any:
        threads = self._threads
        if threads is None or not threads.waiting:
            if threads is not None:
                self._ended(self._cursor)
            self.close()
            raise StopIteration
        try:
            batch = threads.next(self._timeout)
        except TooLate:
            self.close(wait=False)
            raise TimeoutError(f"DataLoader: no batch within {self._timeout:g} s; raise timeout=") from None
        except BaseException:
            self.close()
            raise
        self._ask_next(threads)
        self._cursor.done += 1
        return batch

    def close(self, wait: bool = True) -> None:
        """Make no batch any more and end the threads. Harmless when called twice."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.close(wait)

    def __enter__(self) -> _ThreadedIterator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_threads", None) is not None:
            self.close()
