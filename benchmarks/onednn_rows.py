"""The rows of kernels.py about matrix products and convolutions: ours beside oneDNN called directly through its C API.

The library is the one that dlcore ships. A raw primitive is made once and runs on memory that is there already, on
oneDNN's own threads; activations of convolutions are channels-last and their weights reordered beforehand.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from ctypes import byref, c_int, c_int64, c_size_t, c_void_p
from functools import cache
from math import prod
from pathlib import Path
from types import ModuleType

import numpy as np

from dlcore import _core
from dlcore.ops import F

Call = Callable[[], object]
Make = Callable[[int], tuple[Call, Call, Call | None]]  # for a number of threads: ours, oneDNN's, PyTorch's

_F32, _ANY, _CPU, _IN_ORDER = 3, 1, 1, 1
_SRC, _DST, _WEIGHTS = 1, 17, 33
_WEIGHTS_MD = 131  # dnnl_query_weights_md
_INFERENCE, _DIRECT = 96, 1
_ALLOCATE = c_void_p(-1)
_Dims = c_int64 * 12


class _Arg(ctypes.Structure):
    _fields_ = [("arg", c_int), ("memory", c_void_p)]


@cache
def _library() -> ctypes.CDLL:
    folder = Path(_core.__file__).parent
    name = next(p for p in sorted(folder.glob("libdnnl*")))
    return ctypes.CDLL(str(name))


@cache
def _openmp() -> ctypes.CDLL:
    return ctypes.CDLL("libgomp.so.1")


def _call(name: str, *args: object) -> None:
    function = getattr(_library(), "dnnl_" + name)
    if status := function(*args):
        raise RuntimeError(f"dnnl_{name} failed with status {status}")


@cache
def _engine() -> tuple[c_void_p, c_void_p]:
    engine, stream = c_void_p(), c_void_p()
    _call("engine_create", byref(engine), c_int(_CPU), c_size_t(0))
    _call("stream_create", byref(stream), engine, c_int(_IN_ORDER))
    return engine, stream


def _desc(shape: tuple[int, ...], strides: tuple[int, ...] | None) -> c_void_p:
    """A float32 layout; strides None: whatever oneDNN likes best."""
    md, n = c_void_p(), c_int(len(shape))
    if strides is None:
        _call("memory_desc_create_with_tag", byref(md), n, _Dims(*shape), c_int(_F32), c_int(_ANY))
    else:
        _call("memory_desc_create_with_strides", byref(md), n, _Dims(*shape), c_int(_F32), _Dims(*strides))
    return md


def _memory(md: c_void_p, data: np.ndarray | None = None) -> c_void_p:
    memory = c_void_p()
    handle = _ALLOCATE if data is None else c_void_p(data.ctypes.data)
    _call("memory_create", byref(memory), md, _engine()[0], handle)
    return memory


def _runner(primitive_desc: c_void_p, memories: dict[int, c_void_p]) -> Call:
    primitive, stream = c_void_p(), _engine()[1]
    _call("primitive_create", byref(primitive), primitive_desc)
    args = (_Arg * len(memories))(*[_Arg(k, m) for k, m in memories.items()])
    execute, wait, count = _library().dnnl_primitive_execute, _library().dnnl_stream_wait, c_int(len(memories))

    def run() -> None:
        execute(primitive, stream, count, args)
        wait(stream)

    return run


def _on_threads(n: int, call: Call) -> Call:
    """oneDNN takes its number of threads from OpenMP, when a primitive is made and when it runs."""
    set_threads = _openmp().omp_set_num_threads

    def run() -> None:
        set_threads(n)
        call()

    return run


def _matmul(threads: int, a: np.ndarray, b: np.ndarray) -> Call:
    _openmp().omp_set_num_threads(threads)
    out = np.empty((len(a), b.shape[1]), np.float32)
    mds = [_desc(x.shape, tuple(s // 4 for s in x.strides)) for x in (a, b, out)]
    pd = c_void_p()
    _call("matmul_primitive_desc_create", byref(pd), _engine()[0], mds[0], mds[1], None, mds[2], None)
    run = _runner(pd, {_SRC: _memory(mds[0], a), _WEIGHTS: _memory(mds[1], b), _DST: _memory(mds[2], out)})
    return _on_threads(threads, lambda keep=(a, b, out): run())  # type: ignore[misc]


def _last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Channels-last strides of (n, c, h, w)."""
    _, c, h, w = shape
    return c * h * w, 1, w * c, c


def _convolution(x: np.ndarray, w: np.ndarray, pad: int, threads: int) -> Call:
    """`x` is channels-last in memory. What the weights hold does not change the time: they are left as they are."""
    _openmp().omp_set_num_threads(threads)
    n, _, height, width = x.shape
    o, kernel = w.shape[0], w.shape[2]
    y = (n, o, height + 2 * pad - kernel + 1, width + 2 * pad - kernel + 1)
    out = np.empty(prod(y), np.float32)
    mds = [_desc(x.shape, _last(x.shape)), _desc(w.shape, None), _desc(y, _last(y))]
    pd, two = c_void_p(), lambda v: _Dims(v, v)
    kind = c_int(_INFERENCE), c_int(_DIRECT)
    _call("convolution_forward_primitive_desc_create", byref(pd), _engine()[0], *kind, mds[0], mds[1], None, mds[2],
          two(1), two(0), two(pad), two(pad), None)  # fmt: skip
    query = _library().dnnl_primitive_desc_query_md
    query.restype = c_void_p
    weights = _memory(c_void_p(query(pd, c_int(_WEIGHTS_MD), c_int(0))))
    handle = c_void_p()
    _call("memory_get_data_handle", weights, byref(handle))
    assert handle.value
    ctypes.memset(handle.value, 0, w.nbytes)
    run = _runner(pd, {_SRC: _memory(mds[0], x), _WEIGHTS: weights, _DST: _memory(mds[2], out)})
    return _on_threads(threads, lambda keep=(x, out): run())  # type: ignore[misc]


PRODUCTS = [
    (128, 128, 128),
    (512, 512, 512),
    (1024, 1024, 1024),
    (2048, 2048, 2048),
    (64, 4096, 1024),
    (4096, 64, 1024),
]
PICTURES = [  # images, channels, height and width, channels out, kernel, padding
    (32, 3, 32, 64, 3, 1), (32, 64, 28, 64, 3, 1), (16, 128, 28, 128, 3, 1), (16, 256, 14, 256, 3, 1),
    (16, 256, 14, 1024, 1, 0), (1, 64, 56, 64, 3, 1), (8, 3, 112, 64, 7, 3),
]  # fmt: skip


def onednn_rows(words: list[str], torch: ModuleType | None) -> Iterator[tuple[str, Make]]:
    """Name and the calls; matrices are row-major, "x w^T" is the product of a dense layer."""

    def wanted(name: str) -> bool:
        return not words or any(w in name for w in words)

    rng = np.random.default_rng(0)
    for m, n, k in PRODUCTS:
        a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
        bt = np.ascontiguousarray(b.T)
        for name, right in ((f"matmul {m} x {k} x {n}", b), (f"matmul x w^T {m} x {k} x {n}", bt.T)):
            if not wanted(name):
                continue
            da, db = _core.from_numpy(a, copy=False), _core.from_numpy(right, copy=False)
            ta, tb = (torch.from_numpy(a), torch.from_numpy(right)) if torch else (None, None)
            yield name, lambda t, a=a, b=right, d=(da, db), u=(ta, tb): (  # type: ignore[misc]
                lambda: F.matmul(*d), _matmul(t, a, b), torch and (lambda: torch.matmul(*u)),
            )  # fmt: skip
    for images, c, size, o, kernel, pad in PICTURES:
        name = f"conv {images} x {c} x {size} x {size} to {o}, {kernel} x {kernel}"
        if not wanted(name):
            continue
        x = rng.standard_normal((images, size, size, c), np.float32).transpose(0, 3, 1, 2)
        w = rng.standard_normal((o, c, kernel, kernel), np.float32)
        dx, dw = _core.from_numpy(x, copy=False), _core.from_numpy(w, copy=False)
        tx, tw = (torch.from_numpy(x), torch.from_numpy(w)) if torch else (None, None)
        yield name, lambda t, x=x, w=w, p=pad, d=(dx, dw), u=(tx, tw): (  # type: ignore[misc]
            lambda: F.conv2d(*d, pad=p), _convolution(x, w, p, t),
            torch and (lambda: torch.nn.functional.conv2d(*u, padding=p)),
        )  # fmt: skip
