"""Less common classic functions: pictures, sequences, sums without NaN, positions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .. import _positions, linalg
from .. import np as _np_names
from .._convert import array, asarray
from . import basic


def UpSampling(
    *data: Any, scale: int = 1, sample_type: str = "nearest", num_args: int | None = None, num_filter: int = 0,
    multi_input_mode: str = "concat", workspace: int = 512,
) -> NDArray:  # fmt: skip
    """Every number of a picture (n, c, h, w) repeated scale by scale times; several pictures are joined along channels
    or added ("sum"), each brought to the size of the first. "bilinear" takes a picture and the weight of a transposed
    convolution, as MXNet did.

    >>> UpSampling([[[[1.0, 2.0]]]], scale=2).tolist()
    [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]
    """
    if len(data) > 1 and isinstance(data[1], int):  # UpSampling(data, 2, "nearest")
        data, scale, sample_type = data[:1], data[1], data[2] if len(data) > 2 else sample_type
    if sample_type not in ("nearest", "bilinear") or (sample_type == "bilinear" and len(data) != 2):
        raise ValueError(
            f"UpSampling: sample_type must be 'nearest', or 'bilinear' with data and weight, got {sample_type!r}"
        )
    if multi_input_mode not in ("concat", "sum"):
        raise ValueError(f"UpSampling: multi_input_mode must be concat or sum, got {multi_input_mode!r}")
    pictures = [asarray(x) for x in data]
    if any(x.ndim != 4 for x in pictures):
        raise ValueError(f"UpSampling: pictures (n, c, h, w) are needed, got {[x.shape for x in pictures]}")
    if scale < 1:
        raise ValueError(f"UpSampling: scale must be at least 1, got {scale}")
    if sample_type == "bilinear":
        x, weight = pictures
        return F.deconv2d(x, weight, None, (scale,) * 2, (-(-(scale - 1) // 2),) * 2, (1, 1), (0, 0), x.shape[1])
    height = pictures[0].shape[2] * scale
    made = [_repeated(x, height // x.shape[2]) for x in pictures]
    if len(made) == 1:
        return made[0]
    if multi_input_mode == "concat":
        return F.concat(*made, axis=1)
    total = made[0]
    for other in made[1:]:
        total = F.add(total, other)
    return total


def _repeated(x: NDArray, scale: int) -> NDArray:
    n, c, h, w = x.shape
    wide = F.broadcast_to(F.reshape(x, (n, c, h, 1, w, 1)), (n, c, h, scale, w, scale))
    return F.reshape(wide, (n, c, h * scale, w * scale))


def depth_to_space(data: Any, block_size: int) -> NDArray:
    """Channels spread out into blocks of the picture: (n, c b b, h, w) to (n, c, h b, w b), as in ONNX's DCR mode.

    >>> depth_to_space([[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]], 2).tolist()
    [[[[1.0, 2.0], [3.0, 4.0]]]]
    """
    data = asarray(data)
    n, c, h, w = data.shape
    b = block_size
    parts = F.transpose(F.reshape(data, (n, b, b, c // (b * b), h, w)), (0, 3, 4, 1, 5, 2))
    return F.reshape(parts, (n, c // (b * b), h * b, w * b))


def space_to_depth(data: Any, block_size: int) -> NDArray:
    """Blocks of the picture gathered into channels; undoes `depth_to_space`.

    >>> space_to_depth([[[[1.0, 2.0], [3.0, 4.0]]]], 2).tolist()
    [[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]
    """
    data = asarray(data)
    n, c, h, w = data.shape
    b = block_size
    parts = F.transpose(F.reshape(data, (n, c, h // b, b, w // b, b)), (0, 3, 5, 1, 2, 4))
    return F.reshape(parts, (n, c * b * b, h // b, w // b))


def _steps(data: NDArray, sequence_length: Any, axis: int) -> tuple[NDArray, NDArray]:
    """The numbers of the time steps and the lengths, shaped to be compared over data's first two axes."""
    if axis not in (0, 1):
        raise ValueError(f"sequence axis must be 0 or 1, got {axis}")
    steps = F.arange(0, data.shape[axis], 1, "int64", data._device)
    length = F.cast(asarray(sequence_length), "int64")
    tail = (1,) * (data.ndim - 2)
    if axis == 0:
        return F.reshape(steps, (-1, 1, *tail)), F.reshape(length, (1, -1, *tail))
    return F.reshape(steps, (1, -1, *tail)), F.reshape(length, (-1, 1, *tail))


def SequenceMask(
    data: Any, sequence_length: Any = None, use_sequence_length: bool = False, value: float = 0.0, axis: int = 0
) -> NDArray:
    """Everything behind each sequence's length replaced by `value`.

    data is (time, batch, ...) or, with axis 1, (batch, time, ...).

    >>> SequenceMask([[1.0, 2.0], [3.0, 4.0]], [1, 2], True).tolist()
    [[1.0, 2.0], [0.0, 4.0]]
    """
    data = asarray(data)
    if not use_sequence_length or sequence_length is None:
        return data
    steps, length = _steps(data, sequence_length, axis)
    return F.where(F.less(steps, length), data, value)


def SequenceLast(data: Any, sequence_length: Any = None, use_sequence_length: bool = False, axis: int = 0) -> NDArray:
    """The last step of each sequence. Raises IndexError for a length outside 1 .. the number of steps.

    >>> SequenceLast([[1.0, 2.0], [3.0, 4.0]], [1, 2], True).tolist()
    [1.0, 4.0]
    """
    data = asarray(data)
    if not use_sequence_length or sequence_length is None:
        return F.take(data, data.shape[axis] - 1, axis)
    steps, length = data.shape[axis], F.cast(asarray(sequence_length), "int64")
    count = f"a sequence length is not within 1 and {steps}, the length of axis {axis}"
    from_front = _positions.within(F.subtract(length, 1), steps, axis, "SequenceLast", count)
    from_end = _positions.within(F.subtract(length, steps + 1), steps, axis, "SequenceLast", count)
    last = F.minimum(from_front, from_end)  # the same; the first finds lengths that are too large, the second 0
    batch = F.arange(0, data.shape[1 - axis], 1, "int64", data._device)
    return F.gather_nd(data, last, batch) if axis == 0 else F.gather_nd(data, batch, last)


def SequenceReverse(
    data: Any, sequence_length: Any = None, use_sequence_length: bool = False, axis: int = 0
) -> NDArray:
    """Each sequence in reversed order, what lies behind its length left in place. data is (time, batch, ...).

    >>> SequenceReverse([[1.0, 2.0], [3.0, 4.0]], [1, 2], True).tolist()
    [[1.0, 4.0], [3.0, 2.0]]
    """
    data = asarray(data)
    if axis != 0:
        raise ValueError(f"SequenceReverse: only axis 0 is supported, got {axis}")
    if not use_sequence_length or sequence_length is None:
        return F.flip(data, 0)
    return F._sequence_reverse(data, F.cast(asarray(sequence_length), "int64"))


sequence_mask = SequenceMask


def nansum(data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False) -> NDArray:
    """The sum of the numbers that are not NaN; with `exclude` over all axes but `axis`.

    >>> float(nansum([1.0, float("nan")]))
    1.0
    """
    return basic.sum(F.where(F.isnan(data), 0.0, data), axis, keepdims, exclude)


def nanprod(data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False) -> NDArray:
    """The product of the numbers that are not NaN; with `exclude` over all axes but `axis`.

    >>> float(nanprod([2.0, float("nan")]))
    2.0
    """
    return basic.prod(F.where(F.isnan(data), 1.0, data), axis, keepdims, exclude)


def rcbrt(data: Any) -> NDArray:
    """One over the cube root.

    >>> rcbrt([8.0]).tolist()
    [0.5]
    """
    return F.reciprocal(F.cbrt(data))


def round(data: Any) -> NDArray:
    """The nearest whole number, halves away from zero (MXNet's round; `rint` takes the even one).

    >>> round([0.5, -1.5, 2.4]).tolist()
    [1.0, -2.0, 2.0]
    """
    return F.multiply(F.sign(data), F.floor(F.add(F.abs(data), 0.5)))


def argmax_channel(data: Any) -> NDArray:
    """argmax over axis 1.

    >>> argmax_channel([[1.0, 3.0]]).tolist()
    [1]
    """
    return F.argmax(data, 1)


def batch_take(a: Any, indices: Any) -> NDArray:
    """The number of each row that indices name.

    >>> batch_take([[1.0, 2.0], [3.0, 4.0]], [1, 0]).tolist()
    [2.0, 3.0]
    """
    return F.pick(a, indices, -1)


def scatter_nd(data: Any, indices: Any, shape: Sequence[int]) -> NDArray:
    """Zeros of the given shape with data at indices[0], indices[1], ...; the opposite of gather_nd.

    >>> scatter_nd([5.0], [[1]], (3,)).tolist()
    [0.0, 5.0, 0.0]
    """
    data, indices = asarray(data), F.cast(asarray(indices), "int64")
    return F.index_put(F.zeros(shape, data.dtype, data._device), data, *indices)


def size_array(data: NDArray) -> NDArray:
    """How many numbers there are, as an int64 array.

    >>> size_array(array([1.0, 2.0])).tolist()
    [2]
    """
    return array([data.size], "int64")


def unravel_index(data: Any, shape: Sequence[int]) -> NDArray:
    """Places counted in order as one row of positions for each axis. Raises IndexError for a place outside.

    The first axis may be -1, of any length: then no place is too far.

    >>> unravel_index([3], (2, 2)).tolist()
    [[1], [1]]
    """
    if len(shape) and shape[0] == -1:
        data = F.cast(asarray(data), "int64")
        inner = math.prod(shape[1:])
        rest = _positions.unravel(F.remainder(data, inner), shape[1:], "unravel_index")
        return F.stack(F.floor_divide(data, inner), *rest)
    return F.stack(*_positions.unravel(data, shape, "unravel_index"))


def ravel_multi_index(data: Any, shape: Sequence[int]) -> NDArray:
    """The opposite of `unravel_index`. Raises IndexError naming the axis for a position outside of it.

    The first axis may be -1, of any length.

    >>> ravel_multi_index([[1], [1]], (2, 2)).tolist()
    [3]
    """
    if len(shape) > 1 and shape[0] == -1:
        data = F.cast(asarray(data), "int64")
        rest = _positions.ravel(data[1:], shape[1:], "ravel_multi_index")
        return F.add(F.multiply(data[0], math.prod(shape[1:])), rest)
    return _positions.ravel(data, shape, "ravel_multi_index")


def all_finite(data: Any, init_output: bool = True, out: NDArray | None = None) -> NDArray:
    """Whether no number is infinite or NaN; without init_output, whether `out` said so of others before, too.

    >>> bool(all_finite([1.0, float("inf")]))
    False
    """
    found = F.all(F.isfinite(data))
    if out is None:
        return found
    out[...] = found if init_output else F.logical_and(F.reshape(found, out.shape), F.not_equal(out, 0))
    return out


def fill_element_0index(lhs: Any, mhs: Any, rhs: Any) -> NDArray:
    """A copy of lhs (n, k) in which the number of each row that rhs names is that of mhs (n,).

    >>> fill_element_0index([[1.0, 2.0], [3.0, 4.0]], [8.0, 9.0], [1, 0]).tolist()
    [[1.0, 8.0], [9.0, 4.0]]
    """
    lhs, places = asarray(lhs), F.cast(asarray(rhs), "int64")
    return F.index_put(lhs, asarray(mhs), F.arange(0, lhs.shape[0], 1, "int64", lhs._device), places)


def amp_cast(data: Any, dtype: Any) -> NDArray:
    """A floating-point array in another floating-point dtype; whole numbers stay as they are.

    >>> amp_cast(array([1.5]), "float16").dtype.name, amp_cast(array([1]), "float16").dtype.name
    ('float16', 'int64')
    """
    data = asarray(data)
    return F.cast(data, dtype) if data._dtype_name.startswith(("float", "bfloat")) else data


def amp_multicast(*data: Any, num_outputs: int | None = None, cast_narrow: bool = False) -> list[NDArray]:
    """All arrays in the widest of their dtypes, or in the narrowest with cast_narrow.

    >>> [x.dtype.name for x in amp_multicast(array([1.0], "float16"), array([2.0], "float32"))]
    ['float32', 'float32']
    """
    arrays = [asarray(a) for a in data]
    sizes = [a.dtype.itemsize for a in arrays]
    chosen = arrays[sizes.index(min(sizes) if cast_narrow else max(sizes))]
    return [amp_cast(a, chosen._dtype_name) for a in arrays]


def khatri_rao(*args: Any) -> NDArray:
    """The Kronecker products of matrices column by column: (m, k), (n, k) -> (m n, k).

    >>> khatri_rao([[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]).tolist()
    [[3.0, 8.0], [5.0, 12.0]]
    """
    arrays = [asarray(a) for a in args]
    if not arrays or any(a.ndim != 2 or a.shape[1] != arrays[0].shape[1] for a in arrays):
        raise ValueError(f"khatri_rao: matrices with equally many columns are needed, got {[a.shape for a in arrays]}")
    result = arrays[0]
    for other in arrays[1:]:
        product = F.multiply(F.expand_dims(result, 1), F.expand_dims(other, 0))
        result = F.reshape(product, (-1, other.shape[1]))
    return result


def linalg_det(A: Any) -> NDArray:
    """The determinants of square matrices.

    >>> float(linalg_det([[2.0]]))
    2.0
    """
    return linalg.det(A)


def linalg_inverse(A: Any) -> NDArray:
    """The inverses of square matrices.

    >>> linalg_inverse([[2.0]]).tolist()
    [[0.5]]
    """
    return linalg.inverse(A)


def linalg_slogdet(A: Any) -> tuple[NDArray, NDArray]:
    """The signs of the determinants of square matrices, and the logarithms of their sizes.

    >>> [float(part) for part in linalg_slogdet([[-1.0]])]
    [-1.0, 0.0]
    """
    return linalg.slogdet(A)


def split_v2(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0, squeeze_axis: bool = False) -> Any:
    """Cut into equal parts, or before each of the given positions; one part alone is returned bare.

    >>> [p.tolist() for p in split_v2([1.0, 2.0, 3.0], (1,))]
    [[1.0], [2.0, 3.0]]
    """
    parts = list(_np_names.split(asarray(ary), indices_or_sections, axis))
    parts = [F.squeeze(p, axis) if squeeze_axis else p for p in parts]
    return parts[0] if len(parts) == 1 else parts
