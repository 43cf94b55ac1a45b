"""Deformable convolutions by MXNet's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray


def DeformableConvolution(
    data: Any, offset: Any, weight: Any, bias: Any = None, kernel: Sequence[int] | None = None,
    stride: Any = (1, 1), dilate: Any = (1, 1), pad: Any = (0, 0), num_filter: int | None = None, num_group: int = 1,
    num_deformable_group: int = 1, workspace: int = 1024, no_bias: bool = False, layout: str | None = None,
) -> NDArray:  # fmt: skip
    """Convolution of data (n, c, h, w) whose taps `offset` (n, 2 * groups * kh * kw, oh, ow) moves, down and right.

    A place beyond the outer pixels' edges reads 0. See `dlcore.ops.F.deformable_conv2d`.

    >>> x, down = [[[[1.0], [2.0]]]], [[[[0.5], [0.0]], [[0.0], [0.0]]]]
    >>> DeformableConvolution(x, down, [[[[1.0]]]], kernel=(1, 1), num_filter=1, no_bias=True).tolist()
    [[[[1.5], [2.0]]]]
    """
    return _moved("DeformableConvolution", data, offset, None, weight, None if no_bias else bias, kernel, num_filter,
                  stride, dilate, pad, num_group, num_deformable_group, layout)  # fmt: skip


def ModulatedDeformableConvolution(
    data: Any, offset: Any, mask: Any, weight: Any, bias: Any = None, kernel: Sequence[int] | None = None,
    stride: Any = (1, 1), dilate: Any = (1, 1), pad: Any = (0, 0), num_filter: int | None = None, num_group: int = 1,
    num_deformable_group: int = 1, workspace: int = 1024, no_bias: bool = False, im2col_step: int = 64,
    layout: str | None = None,
) -> NDArray:  # fmt: skip
    """`DeformableConvolution` whose taps are multiplied by `mask` (n, groups * kh * kw, oh, ow).

    Values fall to 0 over the first pixel outside.

    >>> x, still, half = [[[[1.0], [2.0]]]], [[[[0.0], [0.0]], [[0.0], [0.0]]]], [[[[0.5], [1.0]]]]
    >>> ModulatedDeformableConvolution(x, still, half, [[[[1.0]]]], kernel=(1, 1), num_filter=1).tolist()
    [[[[0.5], [2.0]]]]
    """
    return _moved("ModulatedDeformableConvolution", data, offset, mask, weight, None if no_bias else bias, kernel,
                  num_filter, stride, dilate, pad, num_group, num_deformable_group, layout)  # fmt: skip


def _moved(
    name: str, data: Any, offset: Any, mask: Any, weight: Any, bias: Any, kernel: Any, filters: int | None,
    stride: Any, dilate: Any, pad: Any, groups: int, parts: int, layout: str | None,
) -> NDArray:  # fmt: skip
    weight = asarray(weight)
    if layout not in (None, "NCHW"):
        raise ValueError(f"{name}: expected the layout 'NCHW', got {layout!r}")
    told = (filters or weight.shape[0], *(kernel or weight.shape[2:]))
    if (weight.shape[0], *weight.shape[2:]) != told:
        raise ValueError(f"{name}: num_filter and kernel say {told}, weight has shape {tuple(weight.shape)}")
    return F.deformable_conv2d(
        asarray(data), asarray(offset), weight, None if bias is None else asarray(bias),
        None if mask is None else asarray(mask), stride, pad, dilate, groups, parts, mask is None,
    )  # fmt: skip
