"""What the functions of `dlcore.np.random` share: out=, size= and the device."""

from __future__ import annotations

from .._core import NDArray
from ._draw_checks import Place, Shape
from .context import device_name as place_of


def give(y: NDArray, out: NDArray | None) -> NDArray:
    if out is None:
        return y
    out[...] = y
    return out


def where(ctx: Place, device: Place) -> str:
    return place_of(device if ctx is None else ctx)


def size_of(size: Shape, out: NDArray | None) -> Shape:
    return size if out is None or size is not None else out.shape
