"""Creation, reductions, choosing, sorting, files: MXNet's arguments over our operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as _np

from ... import _core
from ..._core import NDArray
from ..._hooks import hook
from ...ops import F
from .. import linalg
from .. import np as _np_names
from .._convert import array as _array
from .._convert import asarray
from .._creation import arange as _arange
from .._shared import clip as _clip
from ..context import Context


def array(source_array: Any, ctx: Context | str | None = None, dtype: Any = None) -> NDArray:
    """An array with a copy of the source. As in MXNet, Python numbers and float64 become float32 without a dtype;
    other NumPy arrays and NDArrays keep theirs.

    >>> array([1, 2]).dtype
    dtype('float32')
    """
    if dtype is None:
        own = getattr(source_array, "dtype", None)
        dtype = "float32" if own is None or own == _np.float64 else None
    return _array(source_array, dtype, ctx)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool | None = None,
    ctx: Context | str | None = None,
    dtype: Any = "float32",
) -> NDArray:
    """start, start + step, ... while before stop, each `repeat` times; float32 unless told otherwise.

    infer_range is of no consequence: nothing is left to be inferred.

    >>> arange(3).tolist()
    [0.0, 1.0, 2.0]
    """
    values = _arange(start, stop, step, dtype, ctx)
    return values if repeat == 1 else _np_names.repeat(values, repeat)


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    ctx: Context | str | None = None,
    dtype: Any = "float32",
) -> NDArray:
    """`num` numbers at equal distances from start to stop, without the latter if not endpoint.

    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    return _np_names.linspace(start, stop, num, endpoint, dtype=dtype, ctx=ctx)


def moveaxis(tensor: Any, source: Any, destination: Any) -> NDArray:
    """The array with axes at other places.

    >>> moveaxis([[1.0, 2.0, 3.0]], 0, 1).shape
    (3, 1)
    """
    return _np_names.moveaxis(asarray(tensor), source, destination)


def histogram(a: Any, bins: Any = 10, range: tuple[float, float] | None = None) -> tuple[NDArray, NDArray]:
    """How many numbers fall between the edges, and the edges: `bins` equal parts of `range`, or edges given.

    >>> [part.tolist() for part in histogram([0.0, 1.0, 1.5, 2.0], bins=2)]
    [[1, 3], [0.0, 1.0, 2.0]]
    """
    return _np_names.histogram(asarray(a), bins, range)


def waitall() -> None:
    """Returns when all work given to the devices is done; the processor's is done when an operator returns.

    >>> waitall()
    """
    backend = _core.__dict__.get("synchronize")
    if backend is not None:
        backend()


def _all_but(x: NDArray, axis: Any) -> tuple[int, ...]:
    kept = {k % x.ndim for k in ((axis,) if isinstance(axis, int) else axis or ())}
    return tuple(k for k in range(x.ndim) if k not in kept)


def _reduction(name: str) -> Callable[..., NDArray]:
    function = getattr(F, name)

    def reduce(data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, **more: Any) -> NDArray:
        data = asarray(data)
        axis = _all_but(data, axis) if exclude else axis
        return function(data, axis if axis != () or exclude else None, keepdims, **more)

    reduce.__name__, reduce.__doc__ = name, function.__doc__
    return reduce


sum, mean, prod = map(_reduction, ("sum", "mean", "prod"))
max, min = map(_reduction, ("max", "min"))
sum_axis, max_axis, min_axis = sum, max, min


def norm(data: Any, ord: float = 2, axis: Any = None, out_dtype: Any = None, keepdims: bool = False) -> NDArray:
    """The root of the sum of squares (ord 2) or the sum of sizes (ord 1), computed in out_dtype if one is given.

    >>> float(norm([3.0, 4.0]))
    5.0
    """
    data = data if out_dtype is None else F.cast(asarray(data), out_dtype)
    return linalg.vector_norm(data, axis=axis, keepdims=keepdims, ord=ord)


def where(condition: Any, x: Any, y: Any) -> NDArray:
    """x where the condition is not zero, else y; a vector as condition chooses rows.

    >>> where([1.0, 0.0], [1.0, 2.0], [3.0, 4.0]).tolist()
    [1.0, 4.0]
    """
    condition, x = asarray(condition), asarray(x)
    if condition.ndim == 1 and x.ndim > 1:
        condition = F.reshape(condition, (-1,) + (1,) * (x.ndim - 1))
    return _np_names.where(condition, x, y)


def clip(data: Any, a_min: float, a_max: float) -> NDArray:
    """Held between a_min and a_max.

    >>> clip([-1.0, 5.0], 0, 2).tolist()
    [0.0, 2.0]
    """
    return _clip(asarray(data), a_min, a_max)


def take(a: Any, indices: Any, axis: int = 0, mode: str = "raise") -> NDArray:
    """Rows along the axis. mode: what an index out of range does: "raise" (the default here), "clip" or "wrap".

    >>> take([10.0, 20.0], [1]).tolist()
    [20.0]
    """
    return _np_names.take(a, indices, axis, mode=mode)


def Embedding(
    data: Any,
    weight: Any,
    input_dim: int | None = None,
    output_dim: int | None = None,
    dtype: Any = "float32",
    sparse_grad: bool = False,
) -> NDArray:
    """Rows of weight (input_dim, output_dim) that data names, in weight's dtype. `dtype` and `sparse_grad` are of no
    consequence: a gradient of single rows is what `gluon.nn.Embedding(sparse_grad=True)` has.

    >>> Embedding([1.0], [[1.0], [2.0]]).tolist()
    [[2.0]]
    """
    data, weight = asarray(data), asarray(weight)
    given = (
        weight.shape[0] if input_dim is None else input_dim,
        weight.shape[-1] if output_dim is None else output_dim,
    )
    if weight.shape != given:
        raise ValueError(f"Embedding: input_dim and output_dim say {given}, weight has shape {weight.shape}")
    return F.embedding(F.cast(data, "int64") if data.dtype.kind == "f" else data, weight)


def pick(data: Any, index: Any, axis: int = -1, keepdims: bool = False, mode: str = "raise") -> NDArray:
    """One number of each line along the axis. mode: what an index out of range does: "raise" (the default here), "clip"
    or "wrap".

    >>> pick([[1.0, 2.0]], [1]).tolist()
    [2.0]
    """
    if mode not in ("raise", "clip", "wrap"):
        raise ValueError(f"pick: mode must be 'raise', 'clip' or 'wrap', got {mode!r}")
    if mode != "raise":
        data, index = asarray(data), asarray(index)
        size = data.shape[axis]
        index = F.clip(index, 0, size - 1) if mode == "clip" else F.remainder(index, size)
    return F.pick(data, index, axis, keepdims)


def one_hot(indices: Any, depth: int, on_value: float = 1.0, off_value: float = 0.0, dtype: Any = "float32") -> NDArray:
    """A new last axis with `on_value` at the place that the index names.

    >>> one_hot([1], 2).tolist()
    [[0.0, 1.0]]
    """
    return F.one_hot(indices, depth, on_value, off_value, dtype)


def gather_nd(data: Any, indices: Any) -> NDArray:
    """data[indices[0], indices[1], ...].

    >>> gather_nd([[1.0, 2.0]], [[0], [1]]).tolist()
    [2.0]
    """
    indices = asarray(indices)
    if indices.dtype.kind == "f":
        indices = F.cast(indices, "int64")
    return F.gather_nd(data, *indices)


def topk(
    data: Any, axis: int | None = -1, k: int = 1, ret_typ: str = "indices", is_ascend: bool = False,
    dtype: Any = "float32",
) -> Any:  # fmt: skip
    """The k largest (or smallest) along the axis: "indices" (in `dtype`), "value", "both" or a "mask".

    With axis=None of all numbers in a row (the mask has data's shape); with k below 1 all of them, sorted.

    >>> topk([3.0, 1.0, 2.0], k=2).tolist()
    [0.0, 2.0]
    """
    data = asarray(data)
    shape = data.shape
    if axis is None:
        data, axis = F.reshape(data, (-1,)), 0
    best = F.argtopk(data, k if k > 0 else data.shape[axis], axis, not is_ascend)
    if ret_typ == "indices":
        return F.cast(best, dtype)
    if ret_typ == "mask":
        return F.reshape(F._take_along_axis_grad(F.ones_like(best, data.dtype), best, data, axis), shape)
    value = F.take_along_axis(data, best, axis)
    if ret_typ not in ("value", "both"):
        raise ValueError(f"topk: ret_typ must be 'indices', 'value', 'both' or 'mask', got {ret_typ!r}")
    return value if ret_typ == "value" else [value, F.cast(best, dtype)]


def sort(data: Any, axis: int | None = -1, is_ascend: bool = True) -> NDArray:
    """The numbers along the axis in order; all of them in a row with axis=None.

    >>> sort([2.0, 1.0]).tolist()
    [1.0, 2.0]
    """
    return F.sort(data, axis, not is_ascend) if axis is not None else F.sort(F.reshape(data, (-1,)), 0, not is_ascend)


def argsort(data: Any, axis: int | None = -1, is_ascend: bool = True, dtype: Any = "int64") -> NDArray:
    """The positions that would sort the axis; all numbers in a row with axis=None.

    >>> argsort([2.0, 1.0]).tolist()
    [1, 0]
    """
    if axis is None:
        data, axis = F.reshape(data, (-1,)), 0
    return F.cast(F.argsort(data, axis, not is_ascend), dtype)


def add_n(*args: Any) -> NDArray:
    """The sum of all arguments.

    >>> add_n([1.0], [2.0], [3.0]).tolist()
    [6.0]
    """
    total = asarray(args[0])
    for other in args[1:]:
        total = F.add(total, other)
    return total


ElementWiseSum = add_n


def load(fname: Any) -> Any:
    """The arrays of an MXNet `.params` file, or of safetensors: a dict, or a list when they were saved without names.

    >>> import pathlib, tempfile
    >>> from dlcore import nd
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "w.params"
    >>> save(file, {"w": nd.ones((2, 3))})
    >>> load(file)["w"].shape
    (2, 3)
    """
    return hook("nd.load")(fname)


def save(fname: Any, data: Any) -> None:
    """Write an array, a list of arrays, or a dict of arrays by name to an MXNet `.params` file.

    >>> import pathlib, tempfile
    >>> from dlcore import nd
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "list.params"
    >>> save(file, [nd.ones((2, 3)), nd.zeros((4,))])
    >>> [x.shape for x in load(file)]
    [(2, 3), (4,)]
    """
    hook("nd.save")(fname, data)


def cast(data: Any, dtype: Any) -> NDArray:
    """The same numbers in another dtype.

    >>> cast([1.7], "int32").tolist()
    [1]
    """
    return F.cast(data, dtype)
