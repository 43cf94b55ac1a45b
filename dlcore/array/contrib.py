"""`dlcore.nd.contrib`: MXNet's experimental names over the same operators: loops, attention products, boxes, heads.

What is here under another name, or not at all, stands in docs/reference/mxnet.md with the reason.
"""

from __future__ import annotations

from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from . import np_random as _np_random
from . import random as _random
from . import sparse as _sparse
from ._convert import asarray
from ._names._call import of_arrays, offer
from ._names.basic import Embedding as _Embedding
from ._names.boxes import (
    MultiBoxDetection,
    MultiBoxPrior,
    MultiBoxTarget,
    bipartite_matching,
    box_decode,
    box_encode,
    box_iou,
    box_nms,
    box_non_maximum_suppression,
)
from ._names.control import classic_cond as cond
from ._names.control import foreach, while_loop
from ._names.deform import DeformableConvolution, ModulatedDeformableConvolution
from ._names.layers import BatchNorm as _BatchNorm
from ._names.quantize import dequantize, quantize, quantize_v2, requantize
from ._names.sequences import CTCLoss, ctc_loss
from ._names.spatial import AdaptiveAvgPooling2D
from ._names.updates import adamw_update, group_adagrad_update
from ._names.updates_many import (
    mp_adamw_update,
    multi_adamw_update,
    multi_lamb_update,
    multi_mp_adamw_update,
    multi_mp_lamb_update,
)
from ._names.vision import BilinearResize2D, ROIAlign
from .context import current_context

interleaved_matmul_encdec_qk = of_arrays(F.interleaved_matmul_encdec_qk, 2)
interleaved_matmul_encdec_valatt = of_arrays(F.interleaved_matmul_encdec_valatt, 2)
interleaved_matmul_selfatt_qk = of_arrays(F.interleaved_matmul_selfatt_qk, 1)
interleaved_matmul_selfatt_valatt = of_arrays(F.interleaved_matmul_selfatt_valatt, 2)
uniform = _random.uniform


def isfinite(data: Any) -> NDArray:
    """Whether each number is neither infinite nor NaN.

    >>> isfinite([1.0, float("inf")]).tolist()
    [True, False]
    """
    return F.isfinite(data)


def isinf(data: Any) -> NDArray:
    """Whether each number is infinite.

    >>> isinf([1.0, float("inf")]).tolist()
    [False, True]
    """
    return F.isinf(data)


def isnan(data: Any) -> NDArray:
    """Whether each number is NaN.

    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    return F.isnan(data)


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = True) -> NDArray:
    """1 where |a - b| <= atol + rtol * |b| holds everywhere, else 0; unless told otherwise NaN is close to NaN.

    >>> allclose([1.0], [1.0]).item()
    1.0
    """
    a, b = asarray(a), asarray(b)
    near = F.less_equal(F.abs(F.subtract(a, b)), F.add(F.multiply(F.abs(b), rtol), atol))
    near = F.logical_or(near, F.equal(a, b))
    if equal_nan:
        near = F.logical_or(near, F.logical_and(F.isnan(a), F.isnan(b)))
    return F.cast(F.all(near), "float32")


def arange_like(
    data: NDArray, start: float = 0.0, step: float = 1.0, repeat: int = 1, ctx: Any = None, axis: int | None = None
) -> NDArray:
    """start, start + step, ... as many as data has along the axis, or in data's shape without one; each `repeat` times.

    They are where data is, or on the device `ctx`.

    >>> arange_like(asarray([[5.0, 6.0]])).tolist()
    [[0.0, 1.0]]
    """
    data = asarray(data)
    n = data.size if axis is None else data.shape[axis]
    places = F.floor_divide(F.arange(0, n, 1, "int64", data._device), repeat)
    kind = data._dtype_name if data._dtype_name.startswith(("float", "bfloat")) else "float32"
    values = F.add(F.multiply(F.cast(places, kind), step), start)
    values = F.reshape(values, data.shape) if axis is None else values
    return values if ctx is None else values.as_in_context(ctx)


def index_array(data: NDArray, axes: Any = None) -> NDArray:
    """The positions of all numbers: shape (*data.shape, axes), int64.

    >>> index_array(asarray([[5.0, 6.0]])).tolist()
    [[[0, 0], [0, 1]]]
    """
    data = asarray(data)
    chosen = range(data.ndim) if axes is None else [a % data.ndim for a in axes]
    parts = []
    for axis in chosen:
        shape = [1] * data.ndim
        shape[axis] = data.shape[axis]
        line = F.reshape(F.arange(0, data.shape[axis], 1, "int64", data._device), shape)
        parts.append(F.broadcast_to(line, data.shape))
    return F.stack(*parts, axis=-1)


def index_copy(old_tensor: Any, index_vector: Any, new_tensor: Any) -> NDArray:
    """A copy of old_tensor in which the rows that index_vector names are those of new_tensor.

    >>> index_copy([[1.0], [2.0]], [1], [[9.0]]).tolist()
    [[1.0], [9.0]]
    """
    return F.index_put(asarray(old_tensor), asarray(new_tensor), F.cast(asarray(index_vector), "int64"))


def boolean_mask(data: Any, index: Any, axis: int = 0) -> NDArray:
    """The rows along the axis where index is not 0.

    >>> boolean_mask([[1.0], [2.0]], [0.0, 1.0]).tolist()
    [[2.0]]
    """
    data, index = asarray(data), asarray(index)
    if _core.is_tracing():
        raise _core.TraceError(
            "boolean_mask: its shape depends on numbers, but inside jit or hybridize arrays have only a shape and "
            "a dtype"
        )
    if not -data.ndim <= axis < data.ndim:
        raise IndexError(f"boolean_mask: axis {axis} is out of range for data of shape {data.shape}")
    if index.shape != data.shape[axis : axis + 1 or None]:
        raise ValueError(f"boolean_mask: index must have shape ({data.shape[axis]},), got {index.shape}")
    rows = _np.flatnonzero(index.asnumpy())
    return F.take(data, _core.from_numpy(rows, True), axis)


def div_sqrt_dim(data: Any) -> NDArray:
    """data over the root of the length of its last axis.

    >>> div_sqrt_dim([[2.0, 2.0, 2.0, 2.0]]).tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    data = asarray(data)
    return F.divide(data, data.shape[-1] ** 0.5)


def quadratic(data: Any, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> NDArray:
    """a * data**2 + b * data + c.

    >>> quadratic([2.0], 1.0, 2.0, 3.0).tolist()
    [11.0]
    """
    return F.add(F.add(F.multiply(F.square(data), a), F.multiply(data, b)), c)


def _straight(value: NDArray, data: NDArray) -> NDArray:
    """`value`, with data's gradient passed on unchanged (a straight-through estimator)."""
    return F.add(data, F.stop_gradient(F.subtract(value, data)))


def round_ste(data: Any) -> NDArray:
    """The nearest whole number, with a gradient as if nothing were rounded (Bengio et al., arXiv:1308.3432).

    >>> round_ste([0.4, 1.6]).tolist()
    [0.0, 2.0]
    """
    data = asarray(data)
    return _straight(F.rint(data), data)


def sign_ste(data: Any) -> NDArray:
    """The sign, with a gradient as if it were data itself.

    >>> sign_ste([-0.4, 1.6]).tolist()
    [-1.0, 1.0]
    """
    data = asarray(data)
    return _straight(F.sign(data), data)


def gradientmultiplier(data: Any, scalar: float = 1.0) -> NDArray:
    """data itself; its gradient is multiplied by `scalar` (a negative one reverses it, Ganin et al., 2015).

    >>> from dlcore import autograd
    >>> x = asarray([3.0]); x.attach_grad()
    >>> with autograd.record():
    ...     y = gradientmultiplier(x, -2.0)
    >>> y.backward(); y.tolist(), x.grad.tolist()
    ([3.0], [-2.0])
    """
    data = asarray(data)
    return F.add(F.multiply(data, scalar), F.stop_gradient(F.subtract(data, F.multiply(data, scalar))))


def fft(data: Any, compute_size: int = 128) -> NDArray:
    """The discrete Fourier transform of each line, its real and imaginary parts in turn: (..., 2 n).

    >>> fft([[1.0, 0.0]]).tolist()
    [[1.0, 0.0, 1.0, 0.0]]
    """
    from . import fft as _fft

    y = _fft.fft(asarray(data))
    return F.reshape(F.stack(F.real(y), F.imag(y), axis=-1), (*y.shape[:-1], -1))


def ifft(data: Any, compute_size: int = 128) -> NDArray:
    """The real part of the inverse of `fft`, times n as cuFFT leaves it.

    >>> ifft([[1.0, 0.0, 1.0, 0.0]]).tolist()
    [[2.0, 0.0]]
    """
    from . import fft as _fft

    data = asarray(data)
    pairs = F.reshape(data, (*data.shape[:-1], -1, 2))
    line = F.add(F.take(pairs, 0, -1), F.multiply(F.take(pairs, 1, -1), asarray(1j)))
    return F.multiply(F.real(_fft.ifft(line)), float(line.shape[-1]))


def BatchNormWithReLU(
    data: Any, gamma: Any, beta: Any, moving_mean: NDArray, moving_var: NDArray, eps: float = 1e-3,
    momentum: float = 0.9, fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False,
    axis: int = 1,
) -> Any:  # fmt: skip
    """`nd.BatchNorm` with what is negative replaced by 0.

    >>> from dlcore import nd
    >>> one = nd.ones((1,))
    >>> BatchNormWithReLU(nd.array([[-3.0]]), one, nd.zeros((1,)), nd.zeros((1,)), one).tolist()
    [[0.0]]
    """
    knobs = (eps, momentum, fix_gamma, use_global_stats, output_mean_var, axis)
    y = _BatchNorm(data, gamma, beta, moving_mean, moving_var, *knobs)
    return [F.relu(y[0]), *y[1:]] if output_mean_var else F.relu(y)


def SyncBatchNorm(
    data: Any, gamma: Any, beta: Any, moving_mean: NDArray, moving_var: NDArray, eps: float = 1e-3,
    momentum: float = 0.9, fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False,
    ndev: int = 1, key: str = "",
) -> Any:  # fmt: skip
    """`nd.BatchNorm` for one process; statistics over several are gluon.nn.SyncBatchNorm's.

    >>> from dlcore import nd
    >>> one = nd.ones((1,))
    >>> SyncBatchNorm(nd.array([[3.0]]), one, nd.zeros((1,)), one, nd.array([4.0]), eps=0.0).tolist()
    [[1.0]]
    """
    if ndev != 1:
        raise ValueError(f"SyncBatchNorm: here it is for one device, got ndev={ndev}; use gluon.nn.SyncBatchNorm")
    knobs = (eps, momentum, fix_gamma, use_global_stats, output_mean_var)
    return _BatchNorm(data, gamma, beta, moving_mean, moving_var, *knobs)


def SparseEmbedding(
    data: Any, weight: Any, input_dim: int | None = None, output_dim: int | None = None, dtype: Any = "float32",
    sparse_grad: bool = False, deterministic: bool = False,
) -> NDArray:  # fmt: skip
    """Rows of weight that data names, as `nd.Embedding`.

    >>> SparseEmbedding([1.0], [[1.0], [2.0]]).tolist()
    [[2.0]]
    """
    return _Embedding(data, weight, input_dim, output_dim, dtype, sparse_grad)


def getnnz(data: Any, axis: int | None = None) -> NDArray:
    """How many numbers a csr matrix stores: of all, of each column (axis 0) or of each row (axis 1), int64.

    >>> getnnz(asarray([[1.0, 0.0], [2.0, 3.0]]).tostype("csr"), axis=1).tolist()
    [1, 2]
    """
    if not isinstance(data, _sparse.CSRNDArray) or axis not in (None, 0, 1):
        raise TypeError(f"getnnz: expected a CSRNDArray and axis None, 0 or 1, got {type(data).__name__}, axis {axis}")
    if axis is None:
        return F.full(data.nnz, (1,), "int64", data._device)
    if axis == 1:
        return F.subtract(data.indptr[1:], data.indptr[:-1])
    return F.segment_sum(F.ones_like(data.indices), data.indices, data.shape[1])


def count_sketch(data: Any, h: Any, s: Any, out_dim: int, processing_batch_size: int = 32) -> NDArray:
    """Count sketch (Charikar et al., 2002): y[..., h[i]] += s[i] * data[..., i], of out_dim places.

    >>> count_sketch([[1.0, 2.0, 3.0]], [[0, 1, 0]], [[1, -1, 1]], 2).tolist()
    [[4.0, -2.0]]
    """
    data = asarray(data)
    places, signs = F.reshape(F.cast(asarray(h), "int64"), (-1,)), F.reshape(asarray(s), (-1,))
    lines = F.transpose(F.reshape(F.multiply(data, F.cast(signs, data._dtype_name)), (-1, data.shape[-1])))
    return F.reshape(F.transpose(F.segment_sum(lines, places, out_dim)), (*data.shape[:-1], out_dim))


def rand_zipfian(
    true_classes: Any, num_sampled: int, range_max: int, ctx: Any = None
) -> tuple[NDArray, NDArray, NDArray]:
    """num_sampled classes below range_max by the law P(k) = log((k + 2) / (k + 1)) / log(range_max + 1), with repeats.

    Returns them and how often the true and the drawn classes are expected among num_sampled draws.

    >>> drawn, true, sampled = rand_zipfian(asarray([3]), 4, 5)
    >>> drawn.shape, round(true.item(), 4)
    ((4,), 0.4982)
    """
    spread = _np_random.uniform(0.0, 1.0, num_sampled, "float64", ctx)
    drawn = F.cast(F.subtract(F.exp(F.multiply(spread, float(_np.log(range_max + 1.0)))), 1.0), "int64")
    drawn = F.remainder(drawn, range_max)

    def expected(classes: NDArray) -> NDArray:
        k = F.cast(classes, "float64")
        share = F.divide(F.log(F.divide(F.add(k, 2.0), F.add(k, 1.0))), float(_np.log(range_max + 1.0)))
        return F.multiply(share, float(num_sampled))

    return drawn, expected(asarray(true_classes)), expected(drawn)


__all__ = [
    "MultiBoxDetection", "MultiBoxPrior", "MultiBoxTarget", "bipartite_matching", "box_decode", "box_encode", "box_iou",
    "box_nms", "box_non_maximum_suppression",
    "DeformableConvolution", "ModulatedDeformableConvolution", "BilinearResize2D", "ROIAlign", "dequantize", "quantize",
    "quantize_v2", "requantize",
    "AdaptiveAvgPooling2D", "BatchNormWithReLU", "CTCLoss", "SparseEmbedding", "SyncBatchNorm", "adamw_update",
    "allclose", "arange_like", "boolean_mask", "cond", "count_sketch", "ctc_loss", "current_context", "div_sqrt_dim",
    "fft", "foreach", "getnnz", "gradientmultiplier", "group_adagrad_update", "ifft", "index_array", "index_copy",
    "interleaved_matmul_encdec_qk", "interleaved_matmul_encdec_valatt", "interleaved_matmul_selfatt_qk",
    "interleaved_matmul_selfatt_valatt", "isfinite", "isinf", "isnan", "mp_adamw_update", "multi_adamw_update",
    "multi_lamb_update", "multi_mp_adamw_update", "multi_mp_lamb_update", "quadratic", "rand_zipfian", "round_ste",
    "sign_ste", "uniform", "while_loop",
]  # fmt: skip

offer(globals(), __all__, "nd.contrib")


def __dir__() -> list[str]:
    return sorted(__all__)
