"""Layers over one to three spatial axes by MXNet's names: Convolution, Deconvolution, Pooling and their relatives.

Arrays are (n, c, w), (n, c, h, w) or (n, c, d, h, w). A channels-last layout ("NWC", "NHWC", "NDHWC") is moved and
moved back; weights then are (filters, ..., channels), as in MXNet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray

Each = int | Sequence[int] | None
_LAYOUTS = {1: ("NCW", "NWC"), 2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}


def _rank(name: str, data: NDArray) -> int:
    if not 3 <= data.ndim <= 5:
        raise ValueError(f"{name}: data must have 3 to 5 axes (samples, channels, 1 to 3 of space), got {data.shape}")
    return data.ndim - 2


def _each(name: str, what: str, value: Each, rank: int, default: int) -> tuple[int, ...]:
    if value is None or value == ():
        return (default,) * rank
    given = (value,) * rank if isinstance(value, int) else tuple(int(v) for v in value)
    if len(given) != rank:
        raise ValueError(f"{name}: {what} must be {rank} numbers for {rank} axes of space, got {value}")
    return given


def _channels_last(name: str, layout: str | None, rank: int) -> bool:
    if layout is None or layout == _LAYOUTS[rank][0]:
        return False
    if layout == _LAYOUTS[rank][1]:
        return True
    raise ValueError(f"{name}: layout must be {' or '.join(_LAYOUTS[rank])} for {rank + 2} axes, got {layout!r}")


def _to_first(x: NDArray) -> NDArray:
    return F.transpose(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def _to_last(x: NDArray) -> NDArray:
    return F.transpose(x, (0, *range(2, x.ndim), 1))


def Convolution(
    data: Any, weight: Any, bias: Any = None, kernel: Each = None, stride: Each = None, dilate: Each = None,
    pad: Each = None, num_filter: int | None = None, num_group: int = 1, workspace: int = 1024, no_bias: bool = False,
    cudnn_tune: Any = None, cudnn_off: bool = False, layout: str | None = None,
) -> NDArray:  # fmt: skip
    """Convolution over 1, 2 or 3 axes; weight is (num_filter, channels / num_group, *kernel).

    >>> Convolution([[[[1.0, 2.0]]]], [[[[1.0, 1.0]]]], kernel=(1, 2), num_filter=1, no_bias=True).tolist()
    [[[[3.0]]]]
    >>> Convolution([[[1.0, 2.0, 3.0]]], [[[1.0, 1.0]]], [1.0], kernel=2).tolist()
    [[[4.0, 6.0]]]
    """
    data, weight = asarray(data), asarray(weight)
    rank = _rank("Convolution", data)
    last = _channels_last("Convolution", layout, rank)
    data, weight = (_to_first(data), _to_first(weight)) if last else (data, weight)
    _check("Convolution", weight, kernel, num_filter, rank, 0)
    where = [
        _each("Convolution", n, v, rank, d)
        for n, v, d in (("stride", stride, 1), ("pad", pad, 0), ("dilate", dilate, 1))
    ]
    y = getattr(F, f"conv{rank}d")(data, weight, None if no_bias else bias, *where, num_group)
    return _to_last(y) if last else y


def _check(
    name: str, weight: NDArray, kernel: Each, num_filter: int | None, rank: int, axis: int, group: int = 1
) -> None:
    if weight.ndim != rank + 2:
        raise ValueError(f"{name}: weight must have {rank + 2} axes for data with {rank + 2}, got {weight.shape}")
    if kernel is not None and weight.shape[2:] != _each(name, "kernel", kernel, rank, 1):
        raise ValueError(f"{name}: kernel {kernel} does not fit weight of shape {weight.shape}")
    if num_filter is not None and weight.shape[axis] * group != num_filter:
        raise ValueError(f"{name}: num_filter is {num_filter}, weight has shape {weight.shape}")


def Deconvolution(
    data: Any, weight: Any, bias: Any = None, kernel: Each = None, stride: Each = None, dilate: Each = None,
    pad: Each = None, adj: Each = None, target_shape: Each = None, num_filter: int | None = None, num_group: int = 1,
    workspace: int = 512, no_bias: bool = True, cudnn_tune: Any = None, cudnn_off: bool = False,
    layout: str | None = None,
) -> NDArray:  # fmt: skip
    """Transposed convolution; weight is (channels, num_filter / num_group, *kernel). As in MXNet no_bias is True.

    The result has stride * (n - 1) + dilate * (kernel - 1) + 1 - 2 * pad + adj places along an axis; target_shape sets
    that, and pad and adj with it.

    >>> Deconvolution([[[1.0, 2.0]]], [[[1.0, 10.0]]], kernel=2, stride=2).tolist()
    [[[1.0, 10.0, 2.0, 20.0]]]
    """
    data, weight = asarray(data), asarray(weight)
    rank = _rank("Deconvolution", data)
    last = _channels_last("Deconvolution", layout, rank)
    data, weight = (_to_first(data), _to_first(weight)) if last else (data, weight)
    _check("Deconvolution", weight, kernel, num_filter, rank, 1, num_group)
    steps, gaps = (_each("Deconvolution", n, v, rank, 1) for n, v in (("stride", stride), ("dilate", dilate)))
    edge, more = (_each("Deconvolution", n, v, rank, 0) for n, v in (("pad", pad), ("adj", adj)))
    if target_shape not in (None, ()):
        wanted = _each("Deconvolution", "target_shape", target_shape, rank, 0)
        full = [s * (n - 1) + g * (k - 1) + 1 for s, n, g, k in
                zip(steps, data.shape[2:], gaps, weight.shape[2:], strict=True)]  # fmt: skip
        over = [f - w for f, w in zip(full, wanted, strict=True)]
        if min(over) < 0:
            raise ValueError(f"Deconvolution: target_shape {wanted} is larger than {tuple(full)}, all there is")
        edge, more = tuple((o + 1) // 2 for o in over), tuple(o % 2 for o in over)
    y = getattr(F, f"deconv{rank}d")(data, weight, None if no_bias else bias, steps, edge, gaps, more, num_group)
    return _to_last(y) if last else y


def Pooling(
    data: Any, kernel: Each = None, pool_type: str = "max", global_pool: bool = False, cudnn_off: bool = False,
    pooling_convention: str = "valid", stride: Each = None, pad: Each = None, p_value: int = 2,
    count_include_pad: bool = True, layout: str | None = None,
) -> NDArray:  # fmt: skip
    """Pooling ("max", "avg", "sum" or "lp") over 1, 2 or 3 axes. As in MXNet a missing stride means 1.

    pooling_convention "full" counts a window that hangs over the end too, "valid" does not.

    >>> Pooling([[[[1.0, 2.0]]]], kernel=(1, 2), pool_type="avg").tolist()
    [[[[1.5]]]]
    """
    if pool_type not in ("max", "avg", "sum", "lp"):
        raise ValueError(f"Pooling: pool_type must be max, avg, sum or lp, got {pool_type!r}")
    if pooling_convention not in ("valid", "full", "same"):
        raise ValueError(f"Pooling: pooling_convention must be valid, full or same, got {pooling_convention!r}")
    if pool_type == "lp" and p_value < 1:
        raise ValueError(f"Pooling: p_value, the order of the norm, must be at least 1, got {p_value}")
    data = asarray(data)
    rank = _rank("Pooling", data)
    last = _channels_last("Pooling", layout, rank)
    data = _to_first(data) if last else data
    y = _pool(data, rank, kernel, pool_type, global_pool, pooling_convention, stride, pad, p_value, count_include_pad)
    return _to_last(y) if last else y


def Pooling_v1(
    data: Any, kernel: Each = None, pool_type: str = "max", global_pool: bool = False,
    pooling_convention: str = "valid", stride: Each = None, pad: Each = None,
) -> NDArray:  # fmt: skip
    """`Pooling` as it was first: a mean is over the whole window, also where that hangs over the end.

    >>> Pooling_v1([[[[1.0, 2.0, 3.0]]]], (1, 2), "avg", False, "full", (1, 2)).tolist()
    [[[[1.5, 1.5]]]]
    """
    if pool_type != "avg" or global_pool:
        return Pooling(data, kernel, pool_type, global_pool, False, pooling_convention, stride, pad)
    data = asarray(data)
    size = _each("Pooling_v1", "kernel", kernel, _rank("Pooling_v1", data), 1)
    total = Pooling(data, kernel, "sum", False, False, pooling_convention, stride, pad)
    return F.divide(total, float(math.prod(size)))


def _pool(
    data: NDArray, rank: int, kernel: Each, kind: str, everywhere: bool, convention: str, stride: Each, pad: Each,
    p: int, count_include_pad: bool,
) -> NDArray:  # fmt: skip
    if everywhere:
        if kind == "lp":
            size = data.shape[2:]
            return getattr(F, f"lp_pool{rank}d")(data, size, p)
        return getattr(F, f"global_{kind}_pool{rank}d")(data)
    size = _each("Pooling", "kernel", kernel, rank, 1)
    steps, edge = _each("Pooling", "stride", stride, rank, 1), _each("Pooling", "pad", pad, rank, 0)
    ceil = convention == "full"
    if convention == "same":  # as many places as ceil(n / stride)
        data, edge = _same(data, size, steps, kind)
    pool = getattr(F, f"{kind}_pool{rank}d")
    if kind == "avg":
        return pool(data, size, steps, edge, count_include_pad, ceil)
    return pool(data, size, p, steps, edge, ceil) if kind == "lp" else pool(data, size, steps, edge, ceil)


def _same(data: NDArray, size: tuple, steps: tuple, kind: str) -> tuple[NDArray, tuple[int, ...]]:
    short = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(data.shape[2:], size, steps, strict=True)]
    before = (0, 0, *(v // 2 for v in short))
    after = (0, 0, *(v - v // 2 for v in short))
    fill = float("-inf") if kind == "max" else 0.0
    return F.pad(data, before, after, fill), (0,) * len(size)


def AdaptiveAvgPooling2D(data: Any, output_size: Each = 1) -> NDArray:
    """Means over a grid of output_size places: place i takes the rows from floor(i n / k) to ceil((i + 1) n / k).

    >>> AdaptiveAvgPooling2D([[[[1.0, 2.0, 3.0]]]], (1, 2)).tolist()
    [[[[1.5, 2.5]]]]
    """
    data = asarray(data)
    if data.ndim != 4:
        raise ValueError(f"AdaptiveAvgPooling2D: data must be (n, c, h, w), got {data.shape}")
    for axis, count in zip((2, 3), _each("AdaptiveAvgPooling2D", "output_size", output_size, 2, 1), strict=True):
        if count < 1:
            raise ValueError(f"AdaptiveAvgPooling2D: output_size must be at least 1, got {output_size}")
        n = data.shape[axis]
        cuts = [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]
        rows = [F.mean(F.take(data, F.arange(a, b, 1, "int64", data._device), axis), axis, True) for a, b in cuts]
        data = F.concat(*rows, axis=axis)
    return data


def LRN(data: Any, alpha: float = 1e-4, beta: float = 0.75, knorm: float = 2.0, nsize: int | None = None) -> NDArray:
    """Divided by (knorm + alpha / nsize * the sum of squares over nsize neighbouring channels) ** beta.

    Krizhevsky et al., ImageNet classification with deep convolutional neural networks, NeurIPS 2012.

    >>> LRN([[[[2.0]]]], alpha=1.0, beta=1.0, knorm=0.0, nsize=1).tolist()
    [[[[0.5]]]]
    """
    data = asarray(data)
    if not isinstance(nsize, int) or nsize < 1 or nsize % 2 == 0:
        raise ValueError(f"LRN: nsize must be an odd number, got {nsize}")
    side = nsize // 2
    edge = [0] * data.ndim
    edge[1] = side
    squares, c = F.pad(F.square(data), edge, edge), data.shape[1]
    start, size = [0] * data.ndim, list(data.shape)
    total: Any = 0.0
    for k in range(nsize):
        start[1], size[1] = k, c
        total = F.add(F.slice(squares, start, size), total)
    return F.divide(data, F.power(F.add(F.multiply(total, alpha / nsize), knorm), beta))


def InstanceNorm(data: Any, gamma: Any, beta: Any, eps: float = 1e-3) -> NDArray:
    """Mean 0 and variance 1 of each channel of each sample, times gamma, plus beta.

    >>> InstanceNorm([[[5.0, 5.0]]], [1.0], [2.0]).tolist()
    [[[2.0, 2.0]]]
    """
    return F.instance_norm(data, gamma, beta, eps)


def GroupNorm(
    data: Any, gamma: Any, beta: Any, num_groups: int = 1, eps: float = 1e-5, output_mean_var: bool = False
) -> Any:
    """Mean 0 and variance 1 of each group of channels of each sample, times gamma, plus beta.

    gamma and beta are one number a channel, or one a group as in MXNet. With output_mean_var also the mean and the
    root of the variance plus eps, each (samples, groups).

    >>> GroupNorm([[[5.0, 5.0]]], [1.0], [2.0]).tolist()
    [[[2.0, 2.0]]]
    """
    data, gamma, beta = asarray(data), asarray(gamma), asarray(beta)
    if gamma.shape == (num_groups,) != data.shape[1:2] and data.shape[1] % num_groups == 0:
        each = data.shape[1] // num_groups
        gamma, beta = (F.reshape(F.broadcast_to(F.expand_dims(v, 1), (num_groups, each)), (-1,)) for v in (gamma, beta))
    y = F.group_norm(data, gamma, beta, num_groups, eps)
    if not output_mean_var:
        return y
    parts = F.reshape(data, (data.shape[0], num_groups, -1))
    return [y, F.mean(parts, 2), F.sqrt(F.add(F.var(parts, 2), eps))]


def Crop(
    data: Any, crop_like: Any = None, num_args: int | None = None, offset: Each = (0, 0), h_w: Each = (0, 0),
    center_crop: bool = False,
) -> NDArray:  # fmt: skip
    """A window of a picture (n, c, h, w): as large as `crop_like` or h_w, at offset or in the middle. A view.

    >>> Crop([[[[1.0, 2.0, 3.0]]]], h_w=(1, 1), center_crop=True).tolist()
    [[[[2.0]]]]
    """
    data = asarray(data)
    size = tuple(asarray(crop_like).shape[2:]) if crop_like is not None else _each("Crop", "h_w", h_w, 2, 0)
    at = _each("Crop", "offset", offset, 2, 0)
    if center_crop:
        at = tuple((n - k) // 2 for n, k in zip(data.shape[2:], size, strict=True))
    if data.ndim != 4 or any(a < 0 or a + k > n for a, k, n in zip(at, size, data.shape[2:], strict=True)):
        raise ValueError(f"Crop: a window of {size} at {at} does not fit into {data.shape}")
    return F.slice(data, (0, 0, *at), (*data.shape[:2], *size))
