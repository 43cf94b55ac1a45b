"""KVStore: arrays by key that devices and workers push to and pull from, with MXNet's names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dlcore import _core
from dlcore._core import NDArray
from dlcore.array._copies import copy_on
from dlcore.array.sparse import RowSparseNDArray, cast_storage
from dlcore.ops import F

from ._alone import Alone
from ._communicator import Communicator
from ._mpi import MPICommunicator
from ._push import Compression, compression, fill_rows, load_states, rows_of, save_states

Key = int | str
Keys = Key | Sequence[Key]
Arrays = NDArray | RowSparseNDArray | Sequence[Any]
Updater = Callable[[Key, NDArray, NDArray], Any]

_LOCAL = ("local", "device", "local_allreduce_cpu", "local_allreduce_device", "nccl")
_DISTRIBUTED = ("dist", "dist_sync", "dist_device_sync", "dist_sync_device")


class KVStore:
    """Arrays by key. What is pushed is added up, over a list (one array a device) and over all workers.

    A push replaces the stored array by the sum, or, with an updater, calls `updater(key, sum, stored)`, which changes
    `stored`. Every worker keeps the store and sees the same sums, so all stores stay equal: all workers must make the
    same calls in the same order. A key is an int or a str, or a list of these with as many values. What is
    stored is dense; row-sparse arrays may be given, and `row_sparse_pull` fills them.

    >>> import dlcore as dl
    >>> store = dl.kv.create("local")
    >>> store.init("w", dl.nd.zeros((2,)))
    >>> store.push("w", [dl.nd.ones((2,)), dl.nd.ones((2,))])
    >>> out = dl.nd.empty((2,))
    >>> store.pull("w", out=out)
    >>> out.asnumpy()
    array([2., 2.], dtype=float32)
    """

    OPTIMIZER = "optimizer"

    def __init__(self, comm: Communicator | None = None, type: str = "local") -> None:
        self._comm = Alone() if comm is None else comm
        self._type = type
        self._stored: dict[Key, NDArray] = {}
        self._updater: Updater | None = None
        self._optimizer: Any = None
        self._states: dict[Key, Any] = {}
        self._squeeze: Compression | None = None

    @property
    def type(self) -> str:
        """The name it was created by."""
        return self._type

    @property
    def rank(self) -> int:
        """The number of this worker."""
        return self._comm.rank

    @property
    def num_workers(self) -> int:
        """How many workers share the store."""
        return self._comm.size

    def barrier(self) -> None:
        """Return once every worker has called it."""
        self._comm.barrier()

    def init(self, key: Keys, value: Arrays) -> None:
        """Store a copy of `value` under a new key; all workers get that of worker 0. ValueError for a known key."""
        fresh = {}
        for name, arrays in _pairs("init", key, value):
            if name in self._stored or name in fresh:
                raise ValueError(f"KVStore.init: a key must be new, {name!r} is there already")
            with _unrecorded():
                fresh[name] = F.copy(_dense(arrays[0]))
        if self.num_workers > 1:
            self._comm.broadcast(list(fresh.values()), root=0)
        self._stored.update(fresh)

    def hold(self, arrays: Mapping[Key, NDArray]) -> None:
        """Keep these arrays themselves under their keys, also those that are known: what is pulled is as they are then.

        All workers' arrays get the values of worker 0.

        >>> import dlcore as dl
        >>> store, weight, out = create("local"), dl.nd.zeros((2,)), dl.nd.empty((2,))
        >>> store.hold({"w": weight})
        >>> weight[:] = 3
        >>> store.pull("w", out=out)
        >>> out.tolist()
        [3.0, 3.0]
        """
        if self.num_workers > 1:
            self._comm.broadcast(list(arrays.values()), root=0)
        self._stored.update(arrays)

    def add_up(self, arrays: Sequence[NDArray]) -> None:
        """Write into each array the sum of those that all workers have in its place.

        >>> import dlcore as dl
        >>> x = dl.nd.ones((2,))
        >>> create("local").add_up([x])  # one worker: nothing is added
        >>> x.tolist()
        [1.0, 1.0]
        """
        if self.num_workers > 1:
            self._comm.allreduce(list(arrays), op="sum")

    def push(self, key: Keys, value: Arrays, priority: int = 0) -> None:
        """Add up the arrays of all devices and workers and store the sum, or give it to the updater.

        Raises KeyError for a key that `init` was not called with, ValueError for another shape. `priority` is accepted
        for old scripts.
        """
        pairs = _pairs("push", key, value)
        with _unrecorded():
            pairs = [(name, [_dense(array) for array in arrays]) for name, arrays in pairs]
            if self._squeeze is not None:
                pairs = [(name, self._squeeze(name, arrays)) for name, arrays in pairs]
            sums = [self._sum(name, arrays) for name, arrays in pairs]
            if self.num_workers > 1:
                self._comm.allreduce(sums, op="sum")
            for (name, _), total in zip(pairs, sums, strict=True):
                if self._updater is None:
                    _core.assign(self._stored[name], total)
                else:
                    self._updater(name, total, self._stored[name])

    def _sum(self, name: Key, arrays: Sequence[NDArray]) -> NDArray:
        stored = self._known("push", name)
        for array in arrays:
            if tuple(array.shape) != tuple(stored.shape):
                raise ValueError(f"KVStore.push: {name!r}: expected shape {stored.shape}, got {array.shape}")
        total = _on(arrays[0], stored._device)
        for array in arrays[1:]:
            total = F.add(total, _on(array, stored._device))
        return total

    def pull(self, key: Keys, out: Arrays | None = None, priority: int = 0, ignore_sparse: bool = True) -> None:
        """Copy what is stored into `out`, an array or a list of them (one a device).

        ignore_sparse: leave row-sparse arrays as they are; `row_sparse_pull` fills them.
        """
        if out is None:
            raise ValueError("KVStore.pull: expected an array or a list of arrays as out, got None")
        with _unrecorded():
            for name, arrays in _pairs("pull", key, out):
                stored = self._known("pull", name)
                for array in arrays:
                    if isinstance(array, NDArray):
                        _core.assign(array, stored)
                    elif not ignore_sparse:
                        array[:] = cast_storage(stored, "row_sparse")

    def pushpull(self, key: Keys, value: Arrays, out: Arrays | None = None, priority: int = 0) -> None:
        """`push`, then `pull` into `out`, or back into `value` if there is none."""
        self.push(key, value, priority)
        self.pull(key, value if out is None else out, priority)

    def broadcast(self, key: Keys, value: Arrays, out: Arrays, priority: int = 0) -> None:
        """`init`, then `pull` into `out`."""
        self.init(key, value)
        self.pull(key, out, priority)

    def _known(self, what: str, name: Key) -> NDArray:
        if name not in self._stored:
            raise KeyError(f"KVStore.{what}: there is no key {name!r}; call init first")
        return self._stored[name]

    def set_updater(self, updater: Updater) -> None:
        """Let `updater(key, pushed, stored)` decide what a push does to the stored array."""
        self._updater = updater

    _set_updater = set_updater

    def set_optimizer(self, optimizer: Any) -> None:
        """Let an optimizer (`create_state`, `update`) change what is stored, with the pushed arrays as gradients.

        >>> import dlcore as dl
        >>> store = dl.kv.create("local")
        >>> store.init(0, dl.nd.ones((1,)))
        >>> store.set_optimizer(dl.optim.SGD(learning_rate=0.5))
        >>> w = dl.nd.ones((1,))
        >>> store.pushpull(0, dl.nd.ones((1,)), out=w)
        >>> w.asnumpy()
        array([0.5], dtype=float32)
        """
        self._optimizer, self._states = optimizer, {}
        self._updater = self._step

    def _step(self, key: Key, gradient: NDArray, weight: NDArray) -> None:
        if key not in self._states:
            self._states[key] = self._optimizer.create_state(key, weight)
        self._optimizer.update(key, weight, gradient, self._states[key])

    @staticmethod
    def is_capable(capability: str) -> bool:
        """Whether a store can do something: "optimizer", which means `set_optimizer`. ValueError for another word.

        >>> KVStore.is_capable("optimizer")
        True
        """
        if capability.lower() != KVStore.OPTIMIZER:
            raise ValueError(f"KVStore.is_capable: expected 'optimizer', got {capability!r}")
        return True

    def save_optimizer_states(self, fname: str | os.PathLike[str], dump_optimizer: bool = False) -> None:
        """Write what the optimizer of `set_optimizer` keeps, to a safetensors file. RuntimeError without one.

        The keys must be texts or ints. dump_optimizer is accepted for old scripts: knobs are always written.
        """
        save_states(fname, self._having("save_optimizer_states"), self._states)

    def load_optimizer_states(self, fname: str | os.PathLike[str]) -> None:
        """Go on from a file of `save_optimizer_states`, with the same keys and optimizer; else ValueError."""
        optimizer = self._having("load_optimizer_states")
        made = {key: optimizer.create_state(key, weight) for key, weight in self._stored.items()}
        load_states(fname, optimizer, made)
        self._states = made

    def _having(self, what: str) -> Any:
        if self._optimizer is None:
            raise RuntimeError(f"KVStore.{what}: there is no optimizer; call set_optimizer first")
        return self._optimizer

    def set_gradient_compression(self, compression_params: Mapping[str, Any]) -> None:
        """Let every number that is pushed be one of -threshold, 0, threshold; what is left is added to the next push.

        compression_params: {"type": "2bit", "threshold": 0.5}, or {"type": "none"}. The numbers are those that MXNet
        sends in two bits; here they travel as they are. ValueError for another type, and for a store of type "local".

        >>> store = create("device")
        >>> store.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        """
        if self._type == "local":
            raise ValueError(
                "KVStore.set_gradient_compression: there is nothing to compress in a store of type 'local'"
            )
        self._squeeze = compression(compression_params)

    def row_sparse_pull(
        self, key: Keys, out: Any = None, priority: int = 0, row_ids: Any = None
    ) -> RowSparseNDArray | list[RowSparseNDArray]:
        """The rows `row_ids` (one array, or one for each key) of what is stored, as RowSparseNDArrays.

        Also written into `out`, an array of either kind (or one for each key), whose other rows become 0. For one key,
        row_ids and out may be lists, as of several devices; then so is what is given.

        >>> import dlcore as dl
        >>> store = create("local")
        >>> store.init("table", dl.nd.array([[1.0], [2.0], [3.0]]))
        >>> store.row_sparse_pull("table", row_ids=dl.nd.array([2, 0])).indices.tolist()
        [0, 2]
        """
        if row_ids is None:
            raise ValueError("KVStore.row_sparse_pull: row_ids says which rows; it is not given")
        several = [x for x in (row_ids, out) if isinstance(x, (list, tuple))]
        keys = [key] * (len(several[0]) if several else 1) if isinstance(key, (int, str)) else list(key)
        ids = list(row_ids) if isinstance(row_ids, (list, tuple)) else [row_ids] * len(keys)
        outs = list(out) if isinstance(out, (list, tuple)) else [out] * len(keys)
        if not len(keys) == len(ids) == len(outs):
            raise ValueError(
                f"KVStore.row_sparse_pull: got {len(keys)} keys, {len(ids)} row_ids and {len(outs)} arrays as out"
            )
        found = []
        with _unrecorded():
            for name, chosen, array in zip(keys, ids, outs, strict=True):
                rows = rows_of(self._known("row_sparse_pull", name), chosen)
                found.append(rows)
                if array is not None:
                    fill_rows(array, rows)
        return found if several or not isinstance(key, (int, str)) else found[0]

    def __repr__(self) -> str:
        return f"KVStore({self._type!r}, rank={self.rank}, num_workers={self.num_workers}, keys={len(self._stored)})"


def create(name: str = "local", comm: Communicator | None = None) -> KVStore:
    """A store: "local" or "device" for one process, "dist_sync" for all workers of `comm` (default: all MPI ranks).

    Raises ValueError listing the names for another one; "dist_async" is not there.

    >>> create("local")
    KVStore('local', rank=0, num_workers=1, keys=0)
    """
    kind = name.lower() if isinstance(name, str) else name
    if kind in _LOCAL:
        return KVStore(comm, kind)
    if kind in _DISTRIBUTED:
        return KVStore(MPICommunicator() if comm is None else comm, kind)
    raise ValueError(f"kv.create: expected one of {', '.join((*_LOCAL, *_DISTRIBUTED))}; got {name!r}")


def store_of(given: Any) -> KVStore | None:
    """The store that a trainer or a module is given, by name too; None where there is one process and so none."""
    if given is None or not isinstance(given, str):
        return given
    return create(given) if given.lower() in _DISTRIBUTED else None


@contextmanager
def _unrecorded() -> Iterator[None]:
    recording = _core.set_recording(False)
    try:
        yield
    finally:
        _core.set_recording(recording)


def _dense(array: Any) -> NDArray:
    return array.tostype("default") if isinstance(array, RowSparseNDArray) else array


def _on(array: NDArray, device: str) -> NDArray:
    """A copy on `device`."""
    return F.copy(array) if array._device == device else copy_on(array, device)


def _pairs(what: str, key: Keys, value: Arrays) -> list[tuple[Key, list[Any]]]:
    """Keys, each with its arrays as a list."""
    keys: list[Key] = [key] if isinstance(key, (int, str)) else list(key)
    one = isinstance(key, (int, str)) or isinstance(value, (NDArray, RowSparseNDArray))
    values: list[Any] = [value] if one else list(value)  # type: ignore[arg-type]
    if len(keys) != len(values):
        raise ValueError(
            f"KVStore.{what}: there must be one value for each key, got {len(keys)} keys and {len(values)} values"
        )
    pairs = []
    for name, given in zip(keys, values, strict=True):
        arrays = list(given) if isinstance(given, (list, tuple)) else [given]
        wrong = [type(array).__name__ for array in arrays if not isinstance(array, (NDArray, RowSparseNDArray))]
        if wrong or not arrays:
            raise TypeError(f"KVStore.{what}: {name!r}: expected NDArrays, got {wrong[0] if wrong else 'none'}")
        pairs.append((name, arrays))
    return pairs
