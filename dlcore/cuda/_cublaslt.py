"""cuBLASLt by ctypes: row-major products of 32- and 16-bit floats, batched, with a bias, over a fixed workspace.

CuPy's own cuBLAS wrapper refuses to run while a stream is being captured into a graph; this one does not, because it
neither allocates nor synchronises once a plan has been made. Names and numbers are those of cublasLt.h (CUDA 13);
tests/cuda/standin_cublaslt.c holds them against the header and checks every call.
"""

from __future__ import annotations

import ctypes
import threading
from ctypes import byref, c_float, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from functools import cache
from typing import Any, NamedTuple

_TYPES = {"float32": 0, "float16": 2, "bfloat16": 14}  # cudaDataType_t: R_32F, R_16F, R_16BF
_COMPUTE_32F, _R_32F = 68, 0
_DESC_TRANSA, _DESC_TRANSB, _DESC_EPILOGUE, _DESC_BIAS = 3, 4, 7, 8
_EPILOGUE_BIAS = 4
_LAYOUT_BATCH_COUNT, _LAYOUT_BATCH_STRIDE = 5, 6
_PREF_WORKSPACE, _PREF_ALIGN = 1, (5, 6, 7, 8)  # of A, B, C and D
_NOT_SUPPORTED = 15  # CUBLAS_STATUS_NOT_SUPPORTED
_WORKSPACE = 32 << 20
_lock = threading.Lock()  # a plan's descriptor carries the bias of the call in hand


class _Algo(ctypes.Structure):
    _fields_ = [("data", c_uint64 * 8)]


class _Heuristic(ctypes.Structure):
    _fields_ = [("algo", _Algo), ("workspace", c_size_t), ("state", c_int), ("waves", c_float), ("reserved", c_int * 4)]


class CublasLtError(RuntimeError):
    """A call of cuBLASLt failed; the text has its name and status."""


@cache
def _library() -> Any:
    """The loaded library, or None where it is not installed."""
    for name in ("libcublasLt.so.13", "libcublasLt.so"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    try:
        from importlib.metadata import files

        paths = [f for f in files("nvidia-cublas") or () if f.name.startswith("libcublasLt.so")]
        return ctypes.CDLL(str(paths[0].locate())) if paths else None
    except Exception:
        return None


def _call(name: str, *args: Any) -> None:
    _accepted(name, getattr(_library(), name)(*args))


def _accepted(name: str, status: int) -> None:
    if status:
        raise CublasLtError(f"{name} returned status {status}")


def _set(name: str, what: c_void_p, attribute: int, value: Any) -> None:
    _call(name, what, attribute, byref(value), c_size_t(ctypes.sizeof(value)))


@cache
def _handle(device: int) -> c_void_p:
    handle = c_void_p()
    _call("cublasLtCreate", byref(handle))
    return handle


@cache
def _workspace(device: int, stream: int) -> Any:
    """Scratch memory of one stream; two streams must not share theirs."""
    import cupy

    return cupy.cuda.alloc(_WORKSPACE)


class _Side(NamedTuple):
    """One operand as cuBLASLt sees it, which counts columns first."""

    flipped: bool  # the last axis but one is the contiguous one
    ld: int  # elements from one row (or column) to the next
    step: int  # elements from one matrix of the batch to the next
    align: int  # bytes that its address is a multiple of, up to 256


def _side(array: Any) -> _Side | None:
    """How an operand lies in memory; None where neither of its two last axes is contiguous, or a batch runs back."""
    item = array.dtype.itemsize
    rows, cols = array.shape[-2:]
    down, along = (s // item for s in array.strides[-2:])
    step = array.strides[-3] // item if array.ndim == 3 and array.shape[0] > 1 else 0
    if step < 0:
        return None
    align = _alignment(array)
    if (along == 1 or cols == 1) and (down >= cols or rows == 1):
        return _Side(False, max(down, cols) if rows > 1 else cols, step, align)
    if (down == 1 or rows == 1) and (along >= rows or cols == 1):
        return _Side(True, max(along, rows) if cols > 1 else rows, step, align)
    return None


def _alignment(array: Any) -> int:
    return int(min(256, array.data.ptr & -array.data.ptr))


@cache
def _plan(
    device: int, kinds: tuple[str, str], m: int, n: int, k: int, batch: int, a: _Side, b: _Side, y: _Side, bias: int
) -> Any:
    """Descriptors and the algorithm of y[m, n] = a[m, k] @ b[k, n] (+ bias[n]); None where the library has none.

    `kinds` are the dtypes of the operands and of the result.
    A row-major product is the column-major product of the operands in the other order, so b comes first. `bias` is the
    alignment of its address, 0 without one: the choice of an algorithm asks for it.
    """
    desc, pref = c_void_p(), c_void_p()
    _call("cublasLtMatmulDescCreate", byref(desc), _COMPUTE_32F, _R_32F)
    _set("cublasLtMatmulDescSetAttribute", desc, _DESC_TRANSA, c_int32(b.flipped))
    _set("cublasLtMatmulDescSetAttribute", desc, _DESC_TRANSB, c_int32(a.flipped))
    if bias:
        _set("cublasLtMatmulDescSetAttribute", desc, _DESC_EPILOGUE, c_int32(_EPILOGUE_BIAS))
        _set("cublasLtMatmulDescSetAttribute", desc, _DESC_BIAS, c_void_p(bias))
    layouts = []
    for side, rows, cols, kind in ((b, n, k, kinds[0]), (a, k, m, kinds[0]), (y, n, m, kinds[1])):
        layout = c_void_p()
        sizes = (cols, rows) if side.flipped else (rows, cols)
        _call("cublasLtMatrixLayoutCreate", byref(layout), _TYPES[kind], *map(c_uint64, sizes), c_int64(side.ld))
        _set("cublasLtMatrixLayoutSetAttribute", layout, _LAYOUT_BATCH_COUNT, c_int32(batch))
        _set("cublasLtMatrixLayoutSetAttribute", layout, _LAYOUT_BATCH_STRIDE, c_int64(side.step))
        layouts.append(layout)
    _call("cublasLtMatmulPreferenceCreate", byref(pref))
    _set("cublasLtMatmulPreferenceSetAttribute", pref, _PREF_WORKSPACE, c_uint64(_WORKSPACE))
    for attribute, side in zip(_PREF_ALIGN, (b, a, y, y), strict=True):
        _set("cublasLtMatmulPreferenceSetAttribute", pref, attribute, c_uint32(side.align))
    found, result = c_int(), _Heuristic()
    status = _library().cublasLtMatmulAlgoGetHeuristic(
        _handle(device), desc, *layouts, layouts[2], pref, 1, byref(result), byref(found)
    )
    if status != _NOT_SUPPORTED:
        _accepted("cublasLtMatmulAlgoGetHeuristic", status)
    _call("cublasLtMatmulPreferenceDestroy", pref)
    if status == 0 and found.value and result.state == 0:  # the rest of a result means something only then
        return desc, layouts, result.algo
    _call("cublasLtMatmulDescDestroy", desc)
    for layout in layouts:
        _call("cublasLtMatrixLayoutDestroy", layout)
    return None


def matmul(xp: Any, a: Any, b: Any, y: Any, bias: Any = None, bits: bool = False) -> bool:
    """y = a @ b (+ bias along the last axis) of 2-D or 3-D operands of equal batch; False where it does not suit.

    bits   the arrays are bfloat16, given as uint16; y, and a bias with it, may be float32
    """
    kind = "bfloat16" if bits else str(a.dtype)
    kinds = (kind, kind if y.dtype == a.dtype else str(y.dtype))
    if xp.__name__ != "cupy" or _library() is None or kind not in _TYPES or a.dtype != b.dtype:
        return False
    if kinds[1] not in (kind, "float32"):
        return False
    if a.ndim != b.ndim or a.ndim not in (2, 3) or a.shape[:-2] != b.shape[:-2] or 0 in (*a.shape, *b.shape):
        return False
    sides = _side(a), _side(b), _side(y)
    if None in sides or sides[2].flipped or (bias is not None and (bias.dtype != y.dtype or not _packed(bias))):  # type: ignore[union-attr]
        return False
    (m, k), n, batch = a.shape[-2:], b.shape[-1], a.shape[0] if a.ndim == 3 else 1
    device, stream = xp.cuda.Device().id, xp.cuda.get_current_stream().ptr
    plan = _plan(device, kinds, m, n, k, batch, *sides, 0 if bias is None else _alignment(bias))
    if plan is None:
        return False
    desc, layouts, algo = plan
    workspace = _workspace(device, stream)
    one, zero = c_float(1), c_float(0)
    left, right, out = (c_void_p(v.data.ptr) for v in (b, a, y))
    with _lock:
        if bias is not None:
            _set("cublasLtMatmulDescSetAttribute", desc, _DESC_BIAS, c_void_p(bias.data.ptr))
        _call(
            "cublasLtMatmul", _handle(device), desc, byref(one), left, layouts[0], right, layouts[1], byref(zero),
            out, layouts[2], out, layouts[2], byref(algo),
            c_void_p(workspace.ptr), c_size_t(_WORKSPACE), c_void_p(stream),
        )  # fmt: skip
    return True


def _packed(bias: Any) -> bool:
    return bias.ndim == 1 and (bias.shape[0] == 1 or bias.strides[0] == bias.dtype.itemsize)
