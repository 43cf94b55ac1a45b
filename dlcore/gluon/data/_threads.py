"""Threads that make batches ahead of time, in the order in which they were asked for."""

from __future__ import annotations

import atexit
import weakref
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

_Answer = SimpleQueue[tuple[Any, BaseException | None]]


class TooLate(Exception):
    """No batch came in the time that it was given."""


class BatchThreads:
    """`count` threads that call `make(indices)`.

    Batches go through queues of C, which cost the loop less than a pool with futures: beside a step of 0.2 ms that is
    felt.

    >>> threads = BatchThreads(sum, 2)
    >>> threads.ask([1, 2]); threads.ask([3, 4])
    >>> threads.next(timeout=60), threads.next(timeout=60), threads.waiting
    (3, 7, 0)
    >>> threads.close()
    """

    def __init__(self, make: Callable[[Any], Any], count: int) -> None:
        self._jobs: SimpleQueue[tuple[Any, _Answer] | None] = SimpleQueue()
        self._asked: deque[_Answer] = deque()
        self._closed = Event()  # the threads know nothing of this object
        self._threads = [
            Thread(target=_work, args=(make, self._jobs, self._closed), name=f"dlcore-data_{k}", daemon=True)
            for k in range(count)
        ]
        for thread in self._threads:
            thread.start()
        _ALIVE.add(self)

    @property
    def waiting(self) -> int:
        """How many batches were asked for and not taken yet."""
        return len(self._asked)

    def ask(self, indices: Any) -> None:
        """Have one more batch made."""
        answer: _Answer = SimpleQueue()
        self._asked.append(answer)
        self._jobs.put((indices, answer))

    def next(self, timeout: float) -> Any:
        """The first batch that was not taken yet, or its error; TooLate after so many seconds."""
        try:
            batch, error = self._asked.popleft().get(timeout=timeout)
        except Empty:
            raise TooLate from None
        if error is None:
            return batch
        try:
            raise error
        finally:
            del error  # it holds this frame, which should not hold it

    def close(self, wait: bool = True) -> None:
        """End the threads after what they are doing. Harmless when called twice."""
        self._asked.clear()
        self._closed.set()
        threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        for thread in threads if wait else ():
            thread.join()


def _work(make: Callable[[Any], Any], jobs: SimpleQueue[tuple[Any, _Answer] | None], closed: Event) -> None:
    while (job := jobs.get()) is not None:
        indices, answer = job
        if closed.is_set():
            continue
        try:
            answer.put((make(indices), None))
        except BaseException as error:  # whoever waits for the batch gets it
            answer.put((None, error))
        del job, indices, answer  # a batch belongs to its taker alone while this waits


_ALIVE: weakref.WeakSet[BatchThreads] = weakref.WeakSet()


@atexit.register
def _end() -> None:
    """No thread is left in the core while the process goes away."""
    for threads in list(_ALIVE):
        threads.close()
