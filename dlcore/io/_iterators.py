"""What every data iterator shares: the description of an input, the batch, and the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dlcore._arguments import look
from dlcore._core import NDArray


class _Description(NamedTuple):
    name: str
    shape: tuple[int, ...]


class DataDesc(_Description):
    """Name and shape of one input, a pair, with its dtype and layout beside.

    >>> desc = DataDesc("data", (32, 1, 28, 28))
    >>> name, shape = desc
    >>> name, desc.dtype, DataDesc.get_batch_axis(desc.layout)
    ('data', dtype('float32'), 0)
    """

    dtype: np.dtype
    layout: str | None

    def __new__(cls, name: str, shape: Sequence[int], dtype: Any = "float32", layout: str | None = "NCHW") -> DataDesc:
        look("DataDesc", DataDesc.__new__, {"name": name, "shape": shape, "dtype": dtype, "layout": layout})
        made = super().__new__(cls, name, tuple(shape))
        made.dtype = np.dtype(dtype)
        made.layout = layout
        return made

    def __repr__(self) -> str:
        return f"DataDesc({self.name!r}, {self.shape}, {self.dtype.name}, {self.layout})"

    @staticmethod
    def get_batch_axis(layout: str | None) -> int:
        """The axis called N; 0 without a layout, -1 when the layout has no N."""
        return 0 if layout is None else layout.find("N")

    @staticmethod
    def get_list(
        shapes: Sequence[tuple[str, Sequence[int]]], types: Sequence[tuple[str, Any]] | None = None
    ) -> list[DataDesc]:
        """Descriptions of (name, shape) pairs, with dtypes from (name, dtype) pairs."""
        dtypes = dict(types or ())
        return [DataDesc(name, shape, dtypes.get(name, "float32")) for name, shape in shapes]


class DataBatch:
    """One batch: a list of arrays as data, another as label.

    pad: how many examples at the end only fill the batch up. index: the number of each example, or None.
    bucket_key, provide_data and provide_label (DataDescs, or names with shapes) tell a module that batches differ.

    >>> import dlcore as dl
    >>> DataBatch([dl.nd.ones((2, 3))], [dl.nd.zeros((2,))])
    DataBatch: data shapes: [(2, 3)] label shapes: [(2,)]
    """

    def __init__(
        self,
        data: list[NDArray],
        label: list[NDArray] | None = None,
        pad: int | None = None,
        index: Any = None,
        bucket_key: Any = None,
        provide_data: Sequence[Any] | None = None,
        provide_label: Sequence[Any] | None = None,
    ) -> None:
        for what, value in (("data", data), ("label", label)):
            if value is not None and not isinstance(value, (list, tuple)):
                raise TypeError(f"DataBatch: {what} must be a list of arrays, got {type(value).__name__}")
        self.data, self.label = data, label
        self.pad, self.index = pad, index
        self.bucket_key = bucket_key
        self.provide_data, self.provide_label = provide_data, provide_label

    def __repr__(self) -> str:
        labels = None if self.label is None else [tuple(array.shape) for array in self.label]
        return f"DataBatch: data shapes: {[tuple(array.shape) for array in self.data]} label shapes: {labels}"


def batch_of(data: list[NDArray], label: list[NDArray], pad: int | None, index: Any) -> DataBatch:
    """The batch that an iterator itself has made: nothing needs to be looked at again."""
    made = DataBatch.__new__(DataBatch)
    made.data, made.label, made.pad, made.index = data, label, pad, index
    made.bucket_key = made.provide_data = made.provide_label = None
    return made


class DataIter:
    """The base of all data iterators. One pass ends with StopIteration; `reset()` begins the next.

    A subclass defines `provide_data` and `provide_label` (lists of DataDesc), `reset`, and either `next` or all of
    `iter_next`, `getdata`, `getlabel` and `getpad`.

    >>> import numpy as np
    >>> from dlcore.io import NDArrayIter
    >>> batches = NDArrayIter(np.zeros((5, 2)), batch_size=2)
    >>> [batch.pad for batch in batches], list(batches)
    ([0, 0, 1], [])
    """

    def __init__(self, batch_size: int = 0) -> None:
        self.batch_size = batch_size

    def __iter__(self) -> DataIter:
        return self

    def __next__(self) -> DataBatch:
        return self.next()

    def reset(self) -> None:
        """Begin a new pass."""

    def next(self) -> DataBatch:
        """The next batch; StopIteration at the end of the pass."""
        if not self.iter_next():
            raise StopIteration
        return DataBatch(self.getdata(), self.getlabel(), self.getpad(), self.getindex())

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it, for iterators that can go on from one."""
        raise NotImplementedError(f"{type(self).__name__} has no state(): its place in the data cannot be kept")

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a place that `state()` gave."""
        raise NotImplementedError(f"{type(self).__name__} has no load_state(): it cannot go on from a place")

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end of the pass."""
        raise NotImplementedError(f"{type(self).__name__} has neither next() nor iter_next()")

    def getdata(self) -> list[NDArray]:
        """The data of the batch that `iter_next` went to."""
        raise NotImplementedError(f"{type(self).__name__} has no getdata()")

    def getlabel(self) -> list[NDArray]:
        """The labels of the batch that `iter_next` went to."""
        raise NotImplementedError(f"{type(self).__name__} has no getlabel()")

    def getpad(self) -> int:
        """How many examples at the end of the batch only fill it up."""
        raise NotImplementedError(f"{type(self).__name__} has no getpad()")

    def _quick(self) -> bool:
        """Whether a batch costs less than its way from one thread to another."""
        return False

    def getindex(self) -> Any:
        """The numbers of the batch's examples; None if they have none."""
        return None
