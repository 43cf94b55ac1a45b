"""What a key-value store does to what is pushed and pulled: compression, chosen rows, and an optimizer's states."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._core import NDArray
from dlcore._hooks import hook
from dlcore.array.sparse import RowSparseNDArray
from dlcore.ops import F

_FORMAT = "dlcore.kvstore"


class Compression:
    """Each number as -threshold, 0 or threshold; the rest of it waits for the next push, as in MXNet's "2bit"."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._left: dict[tuple[Any, int], NDArray] = {}

    def __call__(self, key: Any, arrays: Sequence[NDArray]) -> list[NDArray]:
        """What is sent of the arrays that the devices push."""
        sent = []
        for device, array in enumerate(arrays):
            left = self._left.get((key, device))
            whole = array if left is None else F.add(array, left)
            size = F.greater_equal(F.abs(whole), self.threshold)
            part = F.multiply(F.multiply(F.sign(whole), F.cast(size, whole._dtype_name)), self.threshold)
            self._left[key, device] = F.subtract(whole, part)
            sent.append(part)
        return sent


def compression(words: Mapping[str, Any]) -> Compression | None:
    """The compression that MXNet's words describe."""
    unknown = [name for name in words if name not in ("type", "threshold")]
    kind = words.get("type", "none")
    if unknown or kind not in ("2bit", "none"):
        raise ValueError(f"set_gradient_compression: expected type '2bit' or 'none', and threshold; got {dict(words)}")
    threshold = float(words.get("threshold", 0.5))
    if threshold <= 0:
        raise ValueError(f"set_gradient_compression: expected a threshold above 0, got {threshold}")
    return Compression(threshold) if kind == "2bit" else None


def rows_of(stored: NDArray, row_ids: Any) -> RowSparseNDArray:
    """The rows, each once and in order."""
    given = row_ids.asnumpy() if isinstance(row_ids, NDArray) else np.asarray(row_ids)
    rows = np.unique(given.astype(np.int64))
    if rows.size and (rows[0] < 0 or rows[-1] >= stored.shape[0]):
        raise IndexError(f"KVStore.row_sparse_pull: rows {rows[0]} to {rows[-1]} of an array of {stored.shape[0]} rows")
    at = _core.from_numpy(rows)
    return RowSparseNDArray(F.take(stored, at), at, stored.shape)


def fill_rows(array: Any, rows: RowSparseNDArray) -> None:
    """Write rows into an array of either kind; the others become 0."""
    if isinstance(array, RowSparseNDArray):
        array[:] = rows
    else:
        _core.assign(array, rows.tostype("default"))


def _named(optimizer: Any, states: Mapping[Any, Any]) -> dict[str, NDArray]:
    found = {f"optimizer/{name}": array for name, array in optimizer.counters().items()}
    for key, arrays in states.items():
        kind = "i" if isinstance(key, int) else "s"
        found.update({f"{kind}:{key}/{number}": array for number, array in enumerate(arrays)})
    return found


def save_states(path: str | os.PathLike[str], optimizer: Any, states: Mapping[Any, Any]) -> None:
    """An optimizer's counters, knobs and the states of each key, to a file."""
    told = json.dumps({"optimizer": type(optimizer).__name__, "knobs": optimizer.knobs})
    hook("files.save")(path, _named(optimizer, states), {"format": _FORMAT, "store": told})


def load_states(path: str | os.PathLike[str], optimizer: Any, states: Mapping[Any, Any]) -> None:
    """The same from a file, into arrays that were made for it; ValueError, with nothing written, where it differs."""
    where = os.fspath(path)
    header, found = hook("files.metadata")(path), hook("files.load")(path)
    try:
        told: Any = json.loads(header.get("store", "")) if header.get("format") == _FORMAT else None
        knobs = {str(name): float(value) for name, value in told["knobs"].items()}
        kind = told["optimizer"]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise ValueError(f"{where}: not a file of KVStore.save_optimizer_states") from None
    if kind != type(optimizer).__name__ or set(knobs) != set(optimizer.knobs):
        raise ValueError(f"{where}: made with the optimizer {kind}, this one is {type(optimizer).__name__}")
    mine = _named(optimizer, states)
    for name, array in found.items():
        if name not in mine or tuple(mine[name].shape) != array.shape or mine[name].dtype != array.dtype:
            there = tuple(mine[name].shape) if name in mine else "nothing"
            raise ValueError(f"{where}: {name}: expected {there}, found {array.shape} of {array.dtype}")
    for name, array in found.items():
        _core.assign(mine[name], _core.from_numpy(np.array(array)))
    optimizer.load_knobs(knobs)
