"""Convolution at places that a picture of its own moves: read by `grid_sample`, added up by a matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .functions import function as F

if TYPE_CHECKING:
    from .._core import NDArray


def deformable_conv2d(
    x: Any,
    offset: Any,
    weight: Any,
    bias: Any = None,
    mask: Any = None,
    stride: int | Sequence[int] = 1,
    pad: int | Sequence[int] = 0,
    dilate: int | Sequence[int] = 1,
    groups: int = 1,
    offset_groups: int = 1,
    border: bool = False,
) -> NDArray:
    """Convolution of x (n, c, h, w) with weight (k, c / groups, kh, kw), each tap read where `offset` moves it.

    offset: (n, 2 * offset_groups * kh * kw, oh, ow), for each tap how far down and how far right, in pixels; the
    channels of x are cut into offset_groups parts that move together. mask: (n, offset_groups * kh * kw, oh, ow),
    factors of the taps. Between pixels it reads linearly; outside are zeros, to which values fall over one pixel
    (arXiv:1811.11168), or, with `border`, from the outer pixels' far edges on at once (arXiv:1703.06211, as MXNet).
    With offsets of 0 and no mask it is `conv2d`. Floating-point dtypes stay; gradients of every order of grid_sample.
    Raises ValueError for shapes that do not meet.

    >>> from dlcore import nd
    >>> x, w = nd.array([[[[1.0, 2.0, 4.0]]]]), nd.ones((1, 1, 1, 1))
    >>> deformable_conv2d(x, nd.array([0.0, 0, 0, 0.5, 0.5, -1]).reshape((1, 2, 1, 3)), w).tolist()
    [[[[1.5, 3.0, 2.0]]]]
    """
    (sh, sw), (ph, pw), (dh, dw) = (
        _pair(v, name) for v, name in ((stride, "stride"), (pad, "pad"), (dilate, "dilate"))
    )
    if x.ndim != 4 or weight.ndim != 4 or x.shape[1] != weight.shape[1] * groups:
        raise ValueError(
            f"deformable_conv2d: expected x (n, c, h, w) and weight (k, c / {groups}, kh, kw), got {tuple(x.shape)} "
            f"and {tuple(weight.shape)}"
        )
    (n, c, h, w), (k, _, kh, kw) = x.shape, weight.shape
    taps, parts = kh * kw, offset_groups
    oh, ow = (h + 2 * ph - dh * (kh - 1) - 1) // sh + 1, (w + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    if c % parts or k % groups:
        raise ValueError(f"deformable_conv2d: {parts} and {groups} groups do not divide {c} and {k} channels")
    for name, given, per in (("offset", offset, 2), ("mask", mask, 1)):
        want = (n, per * parts * taps, oh, ow)
        if given is not None and tuple(given.shape) != want:
            raise ValueError(f"deformable_conv2d: expected {name} of shape {want}, got {tuple(given.shape)}")
    moved = F("reshape")(offset, (n * parts, taps, 2, oh, ow))
    down, right = (F("squeeze")(part, 2) for part in F("split")(moved, 2, 2))
    y = F("add")(down, _places(oh, sh, ph, kh, dh, kw, False, x))
    z = F("add")(right, _places(ow, sw, pw, kw, dw, kh, True, x))
    # Between the edges of the picture, -1 .. 1, a pixel's centre is at (2 i + 1) / length - 1.
    grid = F("stack")((2 * z + 1) / w - 1, (2 * y + 1) / h - 1, axis=-1)
    grid = F("reshape")(grid, (n * parts, taps * oh, ow, 2))
    read = F("grid_sample")(F("reshape")(x, (n * parts, c // parts, h, w)), grid, False, border)
    read = F("reshape")(read, (n * parts, c // parts, taps, oh, ow))
    if border:
        within = (y >= 0) & (y < h) & (z >= 0) & (z < w)
        read = read * F("expand_dims")(F("cast")(within, x._dtype_name), 1)
    if mask is not None:
        read = read * F("reshape")(mask, (n * parts, 1, taps, oh, ow))
    columns = F("reshape")(read, (n, groups, c // groups * taps, oh * ow))
    rows = F("reshape")(weight, (groups, k // groups, c // groups * taps))
    result = F("reshape")(F("matmul")(rows, columns), (n, k, oh, ow))
    return result if bias is None else result + F("reshape")(bias, (1, k, 1, 1))


def _pair(value: int | Sequence[int], name: str) -> tuple[int, int]:
    found = (value, value) if isinstance(value, int) else tuple(value)
    if len(found) != 2:
        raise ValueError(f"deformable_conv2d: {name} must be a number or two, got {value}")
    return int(found[0]), int(found[1])


def _places(out: int, stride: int, pad: int, kernel: int, dilate: int, other: int, across: bool, like: Any) -> NDArray:
    """Where each tap reads along one axis without an offset: (taps, oh, 1), or (taps, 1, ow) across."""
    kind, device = like._dtype_name, like._device
    starts = F("arange")(0, out, 1, kind, device) * stride - pad
    taps = F("arange")(0, kernel, 1, kind, device) * dilate
    both = F("expand_dims")(taps, 1) + starts  # (kernel, out)
    if across:
        return F("reshape")(F("broadcast_to")(F("expand_dims")(both, 0), (other, kernel, out)), (-1, 1, out))
    return F("reshape")(F("broadcast_to")(F("expand_dims")(both, 1), (kernel, other, out)), (-1, out, 1))


FUNCTIONS = (deformable_conv2d,)
