"""cuBLASLt by ctypes: row-major products of 32- and 16-bit floats, batched, with a fixed workspace.

CuPy's own cuBLAS wrapper refuses to run while a stream is being captured into a graph; this one does not, because it
neither allocates nor synchronises once a plan has been made. Names and numbers are those of cublasLt.h (CUDA 13).
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_float, c_int, c_int32, c_int64, c_size_t, c_uint64, c_void_p
from functools import cache
from typing import Any

_TYPES = {"float32": 0, "float16": 2, "bfloat16": 14}  # cudaDataType_t: R_32F, R_16F, R_16BF
_COMPUTE_32F, _R_32F = 68, 0
_DESC_TRANSA, _DESC_TRANSB = 3, 4
_LAYOUT_BATCH_COUNT, _LAYOUT_BATCH_STRIDE = 5, 6
_PREF_WORKSPACE = 1
_WORKSPACE = 32 << 20


class _Algo(ctypes.Structure):
    _fields_ = [("data", c_uint64 * 8)]


class _Heuristic(ctypes.Structure):
    _fields_ = [("algo", _Algo), ("workspace", c_size_t), ("state", c_int), ("waves", c_float), ("reserved", c_int * 4)]


class CublasLtError(RuntimeError):
    """A call of cuBLASLt failed; the text has its name and status."""


@cache
def _library() -> Any:
    """The loaded library with a handle and a workspace, or None where it is not installed."""
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
    status = getattr(_library(), name)(*args)
    if status:
        raise CublasLtError(f"{name} returned status {status}")


@cache
def _handle(device: int) -> tuple[c_void_p, Any]:
    import cupy

    handle = c_void_p()
    _call("cublasLtCreate", byref(handle))
    return handle, cupy.cuda.alloc(_WORKSPACE)


class _Side:
    """One operand as cuBLASLt sees it (column-major): which array axis is contiguous, leading dimension, batch."""

    def __init__(self, array: Any) -> None:
        item = array.dtype.itemsize
        rows, cols = array.shape[-2:]
        sr, sc = (s // item for s in array.strides[-2:])
        self.ok = True
        if sc == 1 and sr >= max(cols, 1):
            self.flipped, self.ld = False, sr
        elif sr == 1 and sc >= max(rows, 1):
            self.flipped, self.ld = True, sc
        else:
            self.ok = rows <= 1 or cols <= 1
            self.flipped, self.ld = False, max(sr, cols, 1)
            self.ok = self.ok and sc == 1
        self.shape = (rows, cols)
        self.batch_stride = array.strides[-3] // item if array.ndim == 3 else 0


@cache
def _plan(device: int, kind: str, m: int, n: int, k: int, batch: int, a: tuple, b: tuple) -> tuple[Any, ...]:
    """Descriptors and the algorithm of y[m, n] = a[m, k] @ b[k, n]. A row-major product is the column-major product of
    the operands in the other order, so b comes first."""
    desc, pref = c_void_p(), c_void_p()
    _call("cublasLtMatmulDescCreate", byref(desc), _COMPUTE_32F, _R_32F)
    for attribute, (flipped, _, _) in ((_DESC_TRANSA, b), (_DESC_TRANSB, a)):
        value = c_int32(1 if flipped else 0)
        _call("cublasLtMatmulDescSetAttribute", desc, attribute, byref(value), c_size_t(4))
    layouts = []
    for rows, cols, ld, stride in (
        ((n, k) if not b[0] else (k, n)) + (b[1], b[2]),
        ((k, m) if not a[0] else (m, k)) + (a[1], a[2]),
        (n, m, n, m * n),
    ):
        layout = c_void_p()
        _call("cublasLtMatrixLayoutCreate", byref(layout), _TYPES[kind], c_uint64(rows), c_uint64(cols), c_int64(ld))
        count, step = c_int32(batch), c_int64(stride)
        _call("cublasLtMatrixLayoutSetAttribute", layout, _LAYOUT_BATCH_COUNT, byref(count), c_size_t(4))
        _call("cublasLtMatrixLayoutSetAttribute", layout, _LAYOUT_BATCH_STRIDE, byref(step), c_size_t(8))
        layouts.append(layout)
    _call("cublasLtMatmulPreferenceCreate", byref(pref))
    limit = c_size_t(_WORKSPACE)
    _call("cublasLtMatmulPreferenceSetAttribute", pref, _PREF_WORKSPACE, byref(limit), c_size_t(8))
    found, result = c_int(), _Heuristic()
    handle, _ = _handle(device)
    _call(
        "cublasLtMatmulAlgoGetHeuristic",
        handle, desc, layouts[0], layouts[1], layouts[2], layouts[2], pref, 1, byref(result), byref(found),
    )  # fmt: skip
    if not found.value:
        raise CublasLtError(f"no algorithm for a product of ({m}, {k}) and ({k}, {n})")
    return desc, layouts, result.algo


def matmul(xp: Any, a: Any, b: Any) -> Any | None:
    """a @ b for 2-D operands, or 3-D ones of equal batch; None where this is not for cuBLASLt."""
    if xp.__name__ != "cupy" or _library() is None or str(a.dtype) not in _TYPES or a.dtype != b.dtype:
        return None
    if a.ndim != b.ndim or a.ndim not in (2, 3) or a.shape[:-2] != b.shape[:-2] or 0 in (*a.shape, *b.shape):
        return None
    sa, sb = _Side(a), _Side(b)
    if not (sa.ok and sb.ok):
        return None
    batch = a.shape[0] if a.ndim == 3 else 1
    (m, k), n = sa.shape, sb.shape[1]
    device = xp.cuda.Device().id
    desc, layouts, algo = _plan(
        device, str(a.dtype), m, n, k, batch,
        (sa.flipped, sa.ld, sa.batch_stride), (sb.flipped, sb.ld, sb.batch_stride),
    )  # fmt: skip
    handle, workspace = _handle(device)
    y = xp.empty((*a.shape[:-2], m, n), dtype=a.dtype)
    one, zero = c_float(1), c_float(0)
    pointers = [c_void_p(v.data.ptr) for v in (b, a, y)]
    _call(
        "cublasLtMatmul",
        handle, desc, byref(one), pointers[0], layouts[0], pointers[1], layouts[1], byref(zero),
        pointers[2], layouts[2], pointers[2], layouts[2], byref(algo),
        c_void_p(workspace.ptr), c_size_t(_WORKSPACE), c_void_p(xp.cuda.get_current_stream().ptr),
    )  # fmt: skip
    return y
