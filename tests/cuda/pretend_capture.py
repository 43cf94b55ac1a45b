"""Streams of the pretended device that can be captured: what is queued meanwhile is written down and done at replays.

As on a device nothing is computed during a capture, and what CUDA forbids then ends it with an error: waiting for the
device or looking at its numbers, memory from the default allocator, copies of memory that is not pinned. Memory that is
given back is overwritten, so that a graph that still reads it gives itself away.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pretend_order


class CUDARuntimeError(RuntimeError):
    pass


class Memory:
    """What cupy.cuda.alloc returns: an address that lives as long as the object."""

    graveyard: list[np.ndarray] | None = None  # what was given back, kept so that it is neither reused nor unmapped

    def __init__(self, nbytes: int) -> None:
        self.buffer = np.full(nbytes + 512, 0xA5, np.uint8)  # poison: what nobody wrote is seen
        self.ptr = -(-self.buffer.ctypes.data // 512) * 512  # as CuPy's pool cuts it
        pretend_order.block(self.ptr, max(nbytes, 1))

    def __del__(self) -> None:
        if Memory.graveyard is not None:
            self.buffer[:] = 0x5A
            Memory.graveyard.append(self.buffer)


class MemoryPool:
    """cupy.cuda.MemoryPool."""

    def malloc(self, nbytes: int) -> Memory:
        return Memory(nbytes)


class Event:
    """What Stream.record gives; everything before it is done at once here, unless it was recorded into a capture."""

    def __init__(self, stream: int) -> None:
        self.seconds = time.perf_counter()
        self.captured = here.capturing is not None
        self.told = pretend_order.record(stream)

    @property
    def done(self) -> bool:
        if self.captured:
            raise CUDARuntimeError("cudaErrorCapturedEvent")
        return True


class Graph:
    """cupy.cuda.Graph."""

    launches = 0

    def __init__(self, actions: list[Callable[[], object]]) -> None:
        self.actions = actions

    def launch(self, stream: Stream | None = None) -> None:
        forbid("launching a graph")
        Graph.launches += 1
        with stream or here.stream:
            for action in self.actions:
                action()


class Stream:
    """cupy.cuda.Stream."""

    made = 0

    def __init__(self, null: bool = False, non_blocking: bool = False) -> None:
        Stream.made += not null
        self.ptr = 0 if null else 0x1000 + Stream.made
        self._actions: list[Callable[[], object]] | None = None
        self.broken = ""

    def __enter__(self) -> Stream:
        here.stack.append(here.stream)
        here.stream = self
        return self

    def __exit__(self, *exc: object) -> None:
        here.stream = here.stack.pop()

    def synchronize(self) -> None:
        forbid("synchronizing a stream")
        pretend_order.synchronize(self.ptr)

    def record(self) -> Event:
        return Event(self.ptr)

    def wait_event(self, event: Event) -> None:
        if event.captured != (here.capturing is not None):
            raise CUDARuntimeError("cudaErrorStreamCaptureIsolation")
        pretend_order.wait(self.ptr, event.told)

    def is_capturing(self) -> bool:
        return here.capturing is self

    def begin_capture(self, mode: int | None = None) -> None:
        if self.ptr in (0, 1):
            raise RuntimeError("cannot capture on the default (legacy) stream")
        forbid("beginning a second capture")
        here.capturing, here.actions, self.broken = self, [], ""

    def end_capture(self) -> Graph:
        if here.capturing is not self:
            raise CUDARuntimeError("cudaErrorIllegalState")
        here.capturing = None
        if self.broken:
            raise CUDARuntimeError("cudaErrorStreamCaptureInvalidated: " + self.broken)
        return Graph(here.actions)


# Whether the device's own products are refused during a capture, as CuPy refuses to call cuBLAS then.
no_products = False
here = SimpleNamespace(stream=Stream(null=True), stack=[], capturing=None, actions=[], malloc=Memory)


def forbid(what: str) -> None:
    """To be called before what CUDA does not allow while a stream is captured; the capture is lost then."""
    if here.capturing is not None:
        here.capturing.broken = what
        raise CUDARuntimeError(f"cudaErrorStreamCaptureUnsupported: {what}")


def alloc(nbytes: int) -> Memory:
    """cupy.cuda.alloc."""
    if here.malloc is Memory:
        forbid("memory from the default allocator")
    return here.malloc(nbytes)


@contextlib.contextmanager
def using_allocator(malloc: Callable[[int], Memory]) -> Iterator[None]:
    """cupy.cuda.using_allocator."""
    before, here.malloc = here.malloc, malloc
    try:
        yield
    finally:
        here.malloc = before


def get_elapsed_time(begin: Event, end: Event) -> float:
    return 1e3 * (end.seconds - begin.seconds)


def queued(function: Callable[..., Any]) -> Callable[..., Any]:
    """What launches a kernel: done now, or written down."""

    def now(*args: Any, **named: Any) -> Any:
        pretend_order.touch(here.stream.ptr, args, list(named.values()))
        return function(*args, **named)

    def call(*args: Any, **named: Any) -> Any:
        if here.capturing is None:
            return now(*args, **named)
        here.actions.append(lambda: now(*args, **named))
        return 0

    return call


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.view(np.ndarray)
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _arrays(part)


def run(function: Callable[..., Any], args: tuple, named: dict) -> Any:
    """A pure function of arrays: during a capture its result is an array that replays fill."""
    args, named = _plain(args), _plain(named)
    if here.capturing is None:
        pretend_order.touch(here.stream.ptr, args, list(named.values()))
        result = function(*args, **named)
    else:
        with np.errstate(all="ignore"):  # of numbers that mean nothing yet
            result = function(*args, **named)
    if here.capturing is None:
        return result.view(Array) if isinstance(result, np.ndarray) else result
    given = [*_arrays(args), *_arrays(list(named.values()))]

    def again() -> Any:
        pretend_order.touch(here.stream.ptr, given)
        return function(*args, **named)

    if isinstance(result, (list, tuple)):
        parts = [_filled(part, lambda i=i: again()[i], given) for i, part in enumerate(result)]
        return type(result)(parts)
    return _filled(result, again, given)


def _filled(result: Any, again: Callable[[], Any], given: list[np.ndarray]) -> Any:
    if not isinstance(result, (np.ndarray, np.generic)):
        return result
    if isinstance(result, np.ndarray) and any(np.may_share_memory(result, a) for a in given):
        return result.view(Array)
    return made(np.asarray(result), again)


def made(result: np.ndarray, again: Callable[[], Any] | None) -> Any:
    """An array that is new in a capture; nothing is in it before a replay."""
    if here.malloc is Memory:
        forbid("memory from the default allocator")
    room = np.empty_like(result)
    room.view(np.uint8 if room.flags.c_contiguous and room.ndim else room.dtype)[...] = 0
    if again is not None:
        here.actions.append(lambda: np.copyto(room, again(), casting="unsafe"))
    return room.view(Array)


class Array(np.ndarray):
    """A NumPy array with CuPy's get() and data.ptr; what is done with it during a capture is written down."""

    def get(self, stream: Any = None, order: str = "C", out: np.ndarray | None = None, blocking: bool = True) -> Any:
        forbid("a copy to the host")
        pretend_order.touch(here.stream.ptr, self)
        if blocking:
            pretend_order.synchronize(here.stream.ptr)
        if out is None:
            return np.array(self, subok=False)
        out[...] = self
        return out

    @property
    def data(self) -> Any:  # type: ignore[override]
        return SimpleNamespace(ptr=self.__array_interface__["data"][0])

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **named: Any) -> Any:
        function = getattr(ufunc, method)
        if ufunc is np.matmul and no_products:
            forbid("calling cuBLAS")
        if out is None and method != "at":
            return run(function, inputs, named)
        inputs, named = _plain(inputs), _plain(named)
        if out is not None:
            named["out"] = _plain(out)
        queued(function)(*inputs, **named)
        return None if out is None else out[0] if len(out) == 1 else out

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in (np.dot, np.tensordot, np.einsum, np.vdot, np.inner) and no_products:
            forbid("calling cuBLAS")
        if function in (np.copyto, np.put, np.fill_diagonal):
            return queued(function)(*_plain(args), **_plain(kwargs))
        return run(function, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        if any(isinstance(k, np.ndarray) and k.dtype == bool for k in keys) and here.capturing is not None:
            forbid("a choice by truth values, whose number the host must know")
        return run(np.ndarray.__getitem__, (self, key), {})

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, np.ndarray) and not isinstance(value, Array) and here.capturing is not None:
            forbid("a copy from memory that is not pinned")
        queued(np.ndarray.__setitem__)(_plain(self), _plain(key), _plain(value))

    def fill(self, value: Any) -> None:
        queued(np.ndarray.fill)(_plain(self), value)

    def sort(self, *args: Any, **named: Any) -> None:
        queued(np.ndarray.sort)(_plain(self), *args, **named)


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np.ndarray, name)
    return lambda self, *args, **named: run(function, (self, *args), named)


def _read(name: str) -> Callable[..., Any]:
    def call(self: Array, *args: Any) -> Any:
        forbid("looking at a number")
        return getattr(np.ndarray, name)(self.view(np.ndarray), *args)

    return call


for _name in (
    "astype copy argmax argmin argsort cumsum cumprod repeat take round flatten ravel reshape transpose swapaxes"
    " squeeze diagonal clip sum max min mean prod any all std var nonzero"
).split():
    setattr(Array, _name, _method(_name))
for _name in "__bool__ __int__ __float__ __index__ __complex__ item tolist".split():
    setattr(Array, _name, _read(_name))


def create(name: str, function: Callable[..., Any], args: tuple, named: dict) -> Any:
    """A function of the array module that no array has a say in, during a capture."""
    if any(isinstance(a, Array) for a in [*_arrays(args), *_arrays(list(named.values()))]):
        return run(function, args, named)
    if name in ("asarray", "array", "ascontiguousarray"):
        forbid("a copy from memory that is not pinned")
    result = function(*args, **named)
    if not isinstance(result, np.ndarray):
        return result
    return made(result, None if name.startswith("empty") else lambda: result)


class Blas:
    """A stand-in for cuBLASLt whose products are queued, each with the bias that its descriptor has by then."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._bias: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def cublasLtMatmulDescSetAttribute(self, desc: Any, attribute: int, value: Any, size: Any) -> int:  # noqa: N802
        if attribute == 8:
            self._bias[desc.value] = value._obj.value
        return int(self._library.cublasLtMatmulDescSetAttribute(desc, attribute, value, size))

    def cublasLtMatmul(self, handle: Any, desc: Any, *rest: Any) -> int:  # noqa: N802
        bias = self._bias.get(desc.value)

        def product() -> int:
            if bias is not None:
                pointer = ctypes.c_void_p(bias)
                self._library.cublasLtMatmulDescSetAttribute(desc, 8, ctypes.byref(pointer), ctypes.c_size_t(8))
            return int(self._library.cublasLtMatmul(handle, desc, *rest))

        return int(queued(product)())


def empty_pinned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """cupyx.empty_pinned."""
    return np.zeros(shape, dtype)
