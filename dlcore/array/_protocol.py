"""Arrays as other libraries and Python's own tools take them: NumPy, DLPack, pickle, copy.

`numpy.asarray(x)` and `memoryview(x)` look at the memory itself (bind/buffer.cpp); `x.asnumpy()` copies. The view is
read-only where a write would be wrong: for an array that a gradient depends on, that is broadcast, or whose memory was
given as read-only. Writes through a view are not seen by the recording of gradients.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from .._hooks import hook
from ..ops import F
from ._convert import array, dtype_name, move, take_dlpack
from .context import Context, device_name

_CPU = (1, 0)


def to_array(self: NDArray, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """numpy.asarray(x): the memory itself where it can be looked at, else (another dtype, a GPU) a copy.

    copy=True always copies; copy=False raises ValueError where only a copy is possible.
    """
    wanted = np.dtype(dtype) if dtype is not None else self.dtype
    here = self._device.startswith("cpu") and wanted == self.dtype
    if copy is False and not here:
        raise ValueError(
            f"__array__: copy=False, but an array of {self.dtype} on {self._device} must be copied to become one of "
            f"{wanted} that NumPy can read"
        )
    if copy or not here:
        return self.asnumpy().astype(wanted, copy=False)
    view = self._numpy_view()
    if self._tracked or any(s == 0 and n > 1 for s, n in zip(self._strides, self.shape, strict=True)):
        view.flags.writeable = False
    return view


def dlpack(
    self: NDArray,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """The array as a DLPack capsule over the same memory; over a copy where `copy` or `dl_device` ask for one.

    stream: the consumer's stream, which will wait for what is queued on ours (-1: no waiting); None on the CPU.
    Errors: BufferError when the array cannot be given out so (another GPU, a copy that copy=False forbids, read-only
    memory without max_version >= (1, 0)), ValueError for a stream that means nothing.
    """
    here = _core.dlpack_device(self)
    versioned = max_version is not None and int(max_version[0]) >= 1
    if here[0] == 1 and stream is not None:
        raise ValueError(f"__dlpack__: the array is on {self._device}, where stream must be None, got {stream!r}")
    source = self.detach()
    if dl_device is not None and tuple(map(int, dl_device)) != here:
        if tuple(map(int, dl_device)) != _CPU:
            raise BufferError(
                f"__dlpack__: the array is on {self._device} (DLPack device {here}), it was asked for on "
                f"{tuple(dl_device)}; move it with as_in_context first"
            )
        if copy is False:
            raise BufferError(f"__dlpack__: copy=False, but the array on {self._device} must be copied to the CPU")
        return _core.to_dlpack(move(source, "cpu(0)"), versioned, True)
    given = _plain_copy(source) if copy else source
    backwards = any(s < 0 < n - 1 for s, n in zip(given._strides, given.shape, strict=True))
    if backwards and given.size and _asked_by("torch"):
        raise BufferError(
            f"__dlpack__: PyTorch, which ends the process at negative strides, was given strides {given._strides}; "
            "give it x.copy()"
        )
    if here[0] != 1:
        _hand_over(here[1], stream)  # behind the copy, which is queued on our stream
    return _core.to_dlpack(given, versioned, bool(copy))


def _asked_by(package: str) -> bool:
    """Whether code of a package calls __dlpack__."""
    return str(sys._getframe(2).f_globals.get("__name__", "")).split(".")[0] == package


def _plain_copy(x: NDArray) -> NDArray:
    """A copy that no gradient is recorded for."""
    recording = _core.set_recording(False)
    try:
        return F.copy(x)
    finally:
        _core.set_recording(recording)


def _hand_over(device: int, stream: Any) -> None:
    """Lets the consumer's stream wait for what is queued on ours. 1 (and None) is CUDA's default stream."""
    if stream == -1:
        return
    if stream is not None and (not isinstance(stream, int) or stream < 1):
        raise ValueError(f"__dlpack__: stream must be None, -1 or a CUDA stream from 1 on, got {stream!r}")
    cupy = hook("device.gpu")().cupy
    with cupy.cuda.Device(device):
        ours = cupy.cuda.get_current_stream()
        if (ours.ptr or 1) != (stream or 1):
            cupy.cuda.ExternalStream(stream or 1).wait_event(ours.record())


def from_dlpack(source: Any, /, *, device: Context | str | None = None, copy: bool | None = None) -> NDArray:
    """An array over the memory of another library's array (NumPy, PyTorch, CuPy, JAX, ... : what has `__dlpack__`).

    copy: True makes a copy, False raises BufferError where one would be needed, None copies only then. Memory whose
    owner says that it is read-only, or has no way to say so (before DLPack 1; JAX still), cannot be written to.
    device: where the result shall be. Errors: BufferError for memory or dtypes that cannot be used, TypeError for what
    does not speak DLPack, ValueError for a capsule that was consumed before.

    >>> import numpy
    >>> there = numpy.zeros(3)
    >>> here = from_dlpack(there); here[:] = 1; there.tolist()
    [1.0, 1.0, 1.0]

    What the other side writes, the tape does not see, here as through a buffer or `np.asarray(x)`: between a pass and
    its backward() it changes gradients, where a write by an array of ours would be an error. Copy what will be written.

    >>> from dlcore import autograd, nd
    >>> w = nd.ones(1, dtype="float64"); w.attach_grad(); there = numpy.array([2.0])
    >>> with autograd.record(): y = w * from_dlpack(there)
    >>> there[:] = 5; y.backward(); w.grad.tolist()
    [5.0]
    """
    if source is None:
        raise TypeError("from_dlpack: expected an object with __dlpack__, got None")
    made = take_dlpack(source, copy is not False)
    if device is not None and made._device != device_name(device):
        if copy is False:
            raise BufferError(f"from_dlpack: copy=False, but the array is on {made._device}, not on {device}")
        return move(made, device_name(device))
    return _plain_copy(made) if copy else made


def reduce(self: NDArray) -> tuple[Any, tuple[Any, ...]]:
    """What pickle and copy keep: the values, the dtype and the device. Gradients and their record stay behind."""
    name = self._dtype_name
    values = self.asnumpy()
    if name == "bfloat16":  # its bits, so that reading needs no other package
        values = values.view(np.uint16)
    return rebuild, (values, name, self._device)


def rebuild(values: np.ndarray, dtype: str, device: str) -> NDArray:
    """The array that `reduce` took apart."""
    if dtype == "bfloat16":
        values = values.view(np.dtype(_bfloat16()))
    made = array(values, dtype)
    return made if made._device == device else move(made, device)


def _bfloat16() -> Any:
    import ml_dtypes

    return ml_dtypes.bfloat16


def copy_(self: NDArray) -> NDArray:
    """copy.copy(x): a copy of the values, through which gradients flow."""
    return F.copy(self)


def deepcopy(self: NDArray, memo: dict[int, Any]) -> NDArray:
    """copy.deepcopy(x): the values alone, whatever is recorded."""
    return _plain_copy(self.detach())


def contains(self: NDArray, value: Any) -> bool:
    """value in x: whether any element equals it."""
    found = F.equal(self, value)
    return bool(F.any(found))


def reversed_(self: NDArray) -> Any:
    """reversed(x): its rows from the last to the first."""
    if self.ndim == 0:
        raise TypeError("reversed: expected an array with axes, got a 0-d one")
    return iter(self[::-1])


def round_(self: NDArray, ndigits: int | None = None) -> Any:
    """round(x, 2): the array rounded; round(x) of a 0-d array is a Python int, as of every number."""
    if ndigits is None and not self.ndim and not self._is_traced:
        return round(self.item())
    from ._pointwise import round as of_all

    return of_all(self, 0 if ndigits is None else ndigits)


def trunc(self: NDArray) -> int:
    """math.trunc(x) of an array of one number."""
    return int(self)


def to_html(self: NDArray) -> str | None:
    """The array for a notebook: its values, or a small picture of them with statistics."""
    from ._repr_html import html  # only notebooks need it

    return html(self)


def attributes() -> dict[str, Any]:
    """The special methods for NDArray."""
    from . import _numpy_api, _pointwise, _repr, _ufuncs

    return {
        "__array__": to_array,
        "__array_priority__": 1000.0,
        "__array_ufunc__": _ufuncs.array_ufunc,
        "__array_function__": _numpy_api.array_function,
        "__dlpack__": dlpack,
        "__dlpack_device__": lambda self: _core.dlpack_device(self),
        "__contains__": contains,
        "__divmod__": lambda self, other: _pointwise.divmod(self, other),
        "__rdivmod__": lambda self, other: _pointwise.divmod(other, self),
        "__reversed__": reversed_,
        "__round__": round_,
        "__trunc__": trunc,
        "__reduce__": reduce,
        "__copy__": copy_,
        "__deepcopy__": deepcopy,
        "__repr__": _repr.to_repr,
        "__str__": _repr.to_str,
        "__format__": _repr.to_format,
        "_repr_html_": to_html,
    }


__all__ = ["attributes", "dtype_name", "from_dlpack", "to_array"]
