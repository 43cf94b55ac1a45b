"""Making arrays from Python lists, numbers, NumPy arrays and whatever speaks DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from .._hooks import hook
from .._kinds import FITS, NAMED, WRONG_TYPE, WRONG_VALUE, Kind
from ..ops import F
from .context import Context, device_name

# What Python's own kinds mean; the default floating-point dtype is float32.
_KINDS = {float: "float32", int: "int64", bool: "bool", complex: "complex64"}


def dtype_name(dtype: Any) -> str | None:
    """A dtype in any of its spellings as the core's name for it; None stays None."""
    if dtype is None or isinstance(dtype, str):
        return dtype
    try:
        return _KINDS.get(dtype) or np.dtype(dtype).name
    except TypeError:
        raise TypeError(f"dtype: expected a dtype such as 'float32', got {_brief(dtype)}") from None


def _is_dtype(value: Any) -> int:
    try:
        if value is not None:
            F.zeros((0,), dtype_name(value))
    except (TypeError, ValueError):
        return WRONG_VALUE if isinstance(value, str) else WRONG_TYPE
    return FITS


NAMED["dtype"] = NAMED["target_dtype"] = Kind("a dtype such as 'float32'", "dtypes", _is_dtype)
_PLAIN = (list, tuple, float, int)  # what the core itself looks at, if all numbers are Python's
_whole = ["int64"]  # what a Python int without a dtype becomes


def whole_dtype(dtype: str | None = None) -> str:
    """What `array`, `arange` and `full` make of Python ints without a dtype; with an argument, what it was before that
    was set. MXNet's NumPy interface makes float32 of them (`npx.set_np`)."""
    before = _whole[0]
    if dtype is not None:
        _whole[0] = dtype
    return before


def array(
    object: Any,
    dtype: Any = None,
    ctx: Context | str | None = None,
    device: Context | str | None = None,
    *,
    copy: bool | None = True,
    order: str = "K",
    subok: bool = False,
    ndmin: int = 0,
) -> NDArray:
    """An array with a copy of `object` (copy=None: only where one is needed): nested lists, numbers, a NumPy array, an
    NDArray, a DLPack object.

    Without a dtype, arrays keep theirs and Python numbers become bool, int64 or float32. Raises ValueError for
    ragged lists and TypeError for what is no number. `ndmin` puts axes of length 1 before those that there are.

    >>> array([[1, 2], [3, 4]]).shape
    (2, 2)
    >>> array([0.5]).dtype
    dtype('float32')
    """
    source = object
    if not copy or ndmin or order != "K":
        return _as_asked(source, dtype, device if ctx is None else ctx, copy, order, ndmin)
    if dtype is None and _whole[0] != "int64" and isinstance(source, (int, list, tuple, range)) and not _strong(source):
        made = _from_numpy(_from_python(source, None), None, copy=False)
        made = F.cast(made, _whole[0]) if made._dtype_name == "int64" else made
    else:
        made = _to_array(source, dtype_name(dtype), copy=True)
    return _placed(made, device if ctx is None else ctx)


def _as_asked(source: Any, dtype: Any, place: Any, copy: bool | None, order: str, ndmin: int) -> NDArray:
    if isinstance(ndmin, bool) or not isinstance(ndmin, int):
        raise TypeError(f"array: ndmin must be a whole number, got {_brief(ndmin)}")
    made = array(source, dtype, place) if copy else asarray(source, dtype, place, copy=copy)
    if made.ndim < ndmin:
        made = F.reshape(made, (*[1] * (ndmin - made.ndim), *made.shape))
    return _in_order(made, order)


def _in_order(made: NDArray, order: str | None) -> NDArray:
    """The array itself where its numbers lie as the order says, else a copy."""
    if order not in ("C", "F", "A", "K", None):
        raise ValueError(f"array: order must be 'C', 'F', 'A' or 'K', got {order!r}")
    if order not in ("C", "F") or made.ndim < 2:
        return made
    turned = made if order == "C" else F.transpose(made, None)
    if not turned._contiguous:
        turned = F.reshape(F.reshape(turned, (turned.size,)), turned.shape)
    return turned if order == "C" else F.transpose(turned, None)


def asarray(
    a: Any,
    dtype: Any = None,
    ctx: Context | str | None = None,
    device: Context | str | None = None,
    copy: bool | None = None,
    *,
    order: str | None = None,
) -> NDArray:
    """As `array`, but without a copy where none is needed (an NDArray, a NumPy array, a DLPack object).

    copy: True always copies; False raises ValueError where a copy would be needed (lists, another dtype or device).
    Arrays that are on a device already stay there when none is named.

    >>> x = array([1.0])
    >>> asarray(x) is x
    True
    """
    if dtype is ctx is device is copy is order is None:
        if type(a) is NDArray:
            return a
        if type(a) is np.ndarray and device_name(None) == "cpu(0)":
            return _core.from_numpy(a, False)
    source = a
    if order is not None:
        return _in_order(asarray(source, dtype, ctx, device, copy), order)
    if copy is False and _speaks_dlpack(source):
        source = take_dlpack(source, may_copy=False)
    made = _to_array(source, dtype_name(dtype), copy=bool(copy))
    place = device if ctx is None else ctx
    if place is not None or not (isinstance(source, NDArray) or _speaks_dlpack(source)):
        made = _placed(made, place)
    if copy is False and not _same_memory(made, source):
        raise ValueError(
            f"asarray: copy=False, but {_named(source)} must be copied to become {made.dtype} on {made._device}"
        )
    return made


def _same_memory(made: NDArray, source: Any) -> bool:
    if isinstance(source, np.ndarray):
        return made._ptr == source.ctypes.data or made.size == 0
    return isinstance(source, NDArray) and (made is source or made._ptr == source._ptr)


def _named(source: Any) -> str:
    dtype = getattr(source, "dtype", None)
    return f"a {type(source).__name__}" if dtype is None else f"a {type(source).__name__} of {dtype}"


def _placed(x: NDArray, ctx: Context | str | None) -> NDArray:
    name = device_name(ctx)
    return x if x._device == name else move(x, name)


def move(x: NDArray, device: str) -> NDArray:
    """A copy of x on another device; a gradient that comes back is moved home."""
    y = _core.empty(x.shape, x._dtype_name, device)
    recording = _core.set_recording(False)
    try:
        _core.assign(y, x)
    finally:
        _core.set_recording(recording)
    if recording and x._tracked:
        home = x._device
        _core.make_function_node([x], [y], lambda gys: [move(gys[0], home)])
    return y


def _to_array(source: Any, dtype: str | None, copy: bool) -> NDArray:
    if type(source) in _PLAIN and (made := _core.from_list(source, dtype)) is not None:
        return made
    if isinstance(source, NDArray):
        if dtype is not None and dtype != source._dtype_name:
            return F.cast(source, dtype)
        return F.copy(source) if copy else source
    if isinstance(source, np.ndarray):
        return _from_numpy(source, dtype, copy)
    if _speaks_dlpack(source):
        made = take_dlpack(source)
        if dtype is not None and dtype != made._dtype_name:
            return F.cast(made, dtype)
        return F.copy(made) if copy else made
    return _from_numpy(_from_python(source, dtype), dtype, copy=False)


def _speaks_dlpack(source: Any) -> bool:
    return hasattr(source, "__dlpack__") and not isinstance(source, (NDArray, np.ndarray, np.generic))


def take_dlpack(source: Any, may_copy: bool = True) -> NDArray:
    """An array over the memory of what has `__dlpack__`. On a GPU the producer is told the stream that shall wait."""
    stream = None
    if not isinstance(source, NDArray) and hasattr(source, "__dlpack_device__"):
        kind, index = source.__dlpack_device__()
        if int(kind) in (2, 13):  # CUDA memory, and CUDA memory that both sides can reach
            cupy = hook("device.gpu")().cupy
            with cupy.cuda.Device(int(index)):
                stream = cupy.cuda.get_current_stream().ptr or 1
    return _core.from_dlpack(source, stream, may_copy)


def _from_numpy(source: np.ndarray, dtype: str | None, copy: bool) -> NDArray:
    if dtype is None or dtype == source.dtype.name:
        return _core.from_numpy(source, copy)
    return F.cast(_core.from_numpy(source, False), dtype)


def _from_python(source: Any, dtype: str | None) -> np.ndarray:
    """Nested lists (with arrays among them) as a NumPy array; floats without a dtype become float32."""
    if isinstance(source, (list, tuple)) and any(isinstance(s, NDArray) for s in source):
        source = [s.asnumpy() if isinstance(s, NDArray) else s for s in source]
    try:
        made = np.array(source)
    except ValueError:
        raise ValueError(f"array: the lists are not of one shape, got {_brief(source)}") from None
    if made.dtype == object or made.dtype.kind not in "biufcV":
        _refuse_sparse(source)
        raise TypeError(f"array: cannot make numbers of {_brief(source)}")
    if made.dtype.kind == "V" and made.dtype.name != "bfloat16":
        raise TypeError(f"array: cannot make numbers of {_brief(source)}")
    if dtype is not None and made.size and made.dtype.kind in "iu" and dtype.startswith(("int", "uint")):
        limits = np.iinfo(dtype)
        for number in (made.min(), made.max()):
            if not (limits.min <= int(number) <= limits.max or _strong(source)):
                raise ValueError(f"array: the number {number} does not fit into {dtype}")
    if dtype is None and made.dtype == np.float64 and not _strong(source):
        return made.astype(np.float32)
    if dtype is None and made.dtype == np.complex128 and not _strong(source):
        return made.astype(np.complex64)
    return made


def _strong(source: Any) -> bool:
    """Whether a float64 comes from NumPy (and stays) rather than from a Python float."""
    while isinstance(source, (list, tuple)) and source:
        source = source[0]
    return isinstance(source, (np.ndarray, np.generic))


def _brief(source: Any) -> str:
    try:
        text = repr(source)
    except RecursionError:
        return f"a {type(source).__name__} that is nested too deep"
    return text if len(text) < 40 else text[:37] + "..."


def convert_operand(value: Any) -> Any:
    """What the core asks when an operator gets something that is neither array nor number."""
    if isinstance(value, (np.ndarray, np.generic, list, tuple)) or hasattr(value, "__dlpack__"):
        return _to_array(value, None, copy=False)
    if hasattr(value, "__array__"):
        return _from_numpy(np.asarray(value), None, copy=False)
    _refuse_sparse(value)
    return NotImplemented


def _refuse_sparse(value: Any) -> None:
    """SciPy's sparse matrices become no arrays unasked: made dense they may be too large."""
    if type(value).__module__.startswith("scipy.sparse"):
        raise TypeError(
            f"array: expected an array, got SciPy's sparse {type(value).__name__} of shape {value.shape}; "
            f"x.toarray() makes it dense, nd.sparse.csr_matrix(x) an array that stays sparse"
        )


_core.set_converter(convert_operand)
