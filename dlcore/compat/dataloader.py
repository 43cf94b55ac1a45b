"""`mxnet.gluon.data.dataloader`: the loader, and the functions of its module that other loaders were built with.

>>> import dlcore
>>> DataLoader is dlcore.gluon.data.DataLoader
True
>>> default_batchify_fn([1, 2, 3]).shape
(3,)
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable
from multiprocessing.reduction import ForkingPickler
from typing import Any, ClassVar

from dlcore.gluon.data import DataLoader
from dlcore.gluon.data.batchify import default

__all__ = ["DataLoader", "ForkingPickler", "default_batchify_fn", "default_mp_batchify_fn"]

# There a second one wrote into memory that processes share; here loaders are threads, and share it anyway.
default_batchify_fn = default_mp_batchify_fn = default


def _as_in_context(data: Any, ctx: Any) -> Any:
    """The arrays of a batch, in lists or tuples too, on the device `ctx`."""
    if isinstance(data, (list, tuple)):
        return [_as_in_context(part, ctx) for part in data]
    return data.as_in_context(ctx) if hasattr(data, "as_in_context") else data


class _MultiWorkerIter:
    """Batches in order from a pool of workers that somebody else made: what loaders of other libraries derive from.

    `worker_fn(samples, batchify_fn, dataset)` is called in the pool for every list of samples. Without a dataset here,
    what comes back is the batch as bytes, which the workers made with `ForkingPickler`: of arrays, numbers, texts and
    what holds them, else UnpicklingError.
    """

    def __init__(
        self,
        worker_pool: Any,
        batchify_fn: Callable[..., Any],
        batch_sampler: Iterable[Any],
        pin_memory: bool = False,
        pin_device_id: int = 0,
        worker_fn: Callable[..., Any] | None = None,
        prefetch: int = 0,
        dataset: Any = None,
        data_loader: Any = None,
        timeout: float = 120,
    ) -> None:
        self._worker_pool, self._worker_fn = worker_pool, worker_fn or _batch_of
        self._batchify_fn, self._batch_sampler = batchify_fn, batch_sampler
        self._dataset, self._data_loader, self._timeout = dataset, data_loader, timeout
        self._pin_memory, self._pin_device_id = pin_memory, pin_device_id
        self._iter = iter(batch_sampler)
        self._data_buffer: dict[int, Any] = {}
        self._rcvd_idx = self._sent_idx = 0
        for _ in range(prefetch):
            self._push_next()

    def __len__(self) -> int:
        return len(self._batch_sampler)  # type: ignore[arg-type]

    def __iter__(self) -> _MultiWorkerIter:
        return self

    def _push_next(self) -> None:
        """Ask the pool for one more batch."""
        samples = next(self._iter, None)
        if samples is not None:
            asked = self._worker_pool.apply_async(self._worker_fn, (samples, self._batchify_fn, self._dataset))
            self._data_buffer[self._sent_idx] = asked
            self._sent_idx += 1

    def __next__(self) -> Any:
        self._push_next()
        if self._rcvd_idx == self._sent_idx:
            raise StopIteration
        made = self._data_buffer.pop(self._rcvd_idx).get(self._timeout)
        self._rcvd_idx += 1
        return _Batches(io.BytesIO(made)).load() if self._dataset is None else made

    next = __next__


class _Batches(pickle.Unpickler):
    """Reads batches that workers wrote; calls nothing but what makes arrays."""

    _MAKERS: ClassVar[set[tuple[str, str]]] = {
        ("_codecs", "encode"),
        ("dlcore.array._protocol", "rebuild"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
        *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._MAKERS:
            raise pickle.UnpicklingError(f"a batch of workers holds {module}.{name}, which is no array")
        return super().find_class(module, name)


def _batch_of(samples: Any, batchify_fn: Callable[[Any], Any], dataset: Any) -> Any:
    """What a worker does that was told nothing else."""
    return batchify_fn([dataset[k] for k in samples])
