"""Methods that MXNet's arrays have and NumPy's do not: they hand over to the functions of `dlcore.nd`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._answers import answered
from .._core import NDArray

# Methods that are the function of that name in nd.
_FORWARDED = """argmax_channel broadcast_axes broadcast_like depth_to_space diag fix nanprod nansum pad rcbrt
    reshape_like shape_array size_array slice slice_like softmin space_to_depth split_v2""".split()


def _forward(name: str) -> Callable[..., Any]:
    def method(self: NDArray, *args: Any, **kwargs: Any) -> Any:
        from . import nd

        return getattr(nd, name)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`dlcore.nd.{name}` with this array as its first argument."
    return method


def _slice_assign(self: NDArray, rhs: Any, begin: Any, end: Any, step: Any = ()) -> NDArray:
    """A copy in which the places that begin, end and step name are those of rhs."""
    result = self.copy()
    steps = [*step, *[None] * (len(begin) - len(step))]
    result[tuple(slice(b, e, s) for b, e, s in zip(begin, end, steps, strict=True))] = rhs
    return result


def _to_dlpack(self: NDArray) -> Any:
    """A DLPack capsule over the same memory."""
    return self.__dlpack__()


def attach() -> None:
    """Gives NDArray the methods that it does not have yet."""
    own: dict[str, Any] = {name: _forward(name) for name in _FORWARDED}
    own.update(slice_assign=_slice_assign, slice_assign_scalar=_slice_assign)
    own.update(to_dlpack_for_read=_to_dlpack, to_dlpack_for_write=_to_dlpack)
    for name, method in own.items():
        if name not in vars(NDArray):
            setattr(NDArray, name, answered(method, name))
