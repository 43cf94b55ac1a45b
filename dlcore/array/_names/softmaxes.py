"""The softmax functions by MXNet's names and arguments."""

from __future__ import annotations

from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray
from . import heads


def _inside(data: NDArray, length: Any, axis: int, name: str) -> NDArray:
    """Which numbers along the axis count: the first `length` ones of each line."""
    length = asarray(length)
    expected = tuple(n for k, n in enumerate(data.shape) if k != axis % data.ndim)
    if length.shape != expected:
        raise ValueError(f"{name}: expected a length of shape {expected}, got {length.shape}")
    places = F.arange(0, data.shape[axis], 1, "int64", data._device)
    return F.less(F.reshape(places, (-1,) + (1,) * ((-axis - 1) % data.ndim)), F.expand_dims(length, axis))


def _softened(
    name: str, data: Any, length: Any, axis: int, temperature: float | None, dtype: Any, use_length: bool, sign: int = 1
) -> NDArray:
    if type(length) is int:  # softmax(data, axis), as elsewhere
        length, axis = None, length
    if use_length and length is None:
        raise ValueError(f"nd.{name}: use_length needs a length for each line")
    data = asarray(data) if dtype is None else F.cast(asarray(data), dtype)
    by = sign * (1.0 if temperature is None else temperature)
    data = data if by == 1.0 else F.negative(data) if by == -1.0 else F.divide(data, by)
    logarithm = name == "log_softmax"
    if length is None:
        return F.log_softmax(data, axis) if logarithm else F.softmax(data, axis)
    inside = _inside(data, length, axis, f"nd.{name}")
    return F.masked_log_softmax(data, inside, axis) if logarithm else F.masked_softmax(data, inside, axis)


def softmax(
    data: Any, length: Any = None, axis: int = -1, temperature: float | None = None, dtype: Any = None,
    use_length: bool = False,
) -> NDArray:  # fmt: skip
    """exp(x / temperature) divided by its sum along the axis, computed in `dtype` if one is given.

    With a length (data's shape without the axis) only the first so many numbers of each line count, the others are 0.
    A whole number as second argument is the axis.

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    >>> softmax([[0.0, 0.0], [0.0, 0.0]], length=[1, 2], use_length=True).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    return _softened("softmax", data, length, axis, temperature, dtype, use_length)


def log_softmax(
    data: Any, axis: int = -1, temperature: float | None = None, dtype: Any = None, use_length: bool = False,
    length: Any = None,
) -> NDArray:  # fmt: skip
    """log(softmax(x / temperature)), computed in `dtype` if one is given; with a length -inf behind it.

    >>> log_softmax([0.0, 0.0], temperature=2.0).asnumpy().round(4)
    array([-0.6931, -0.6931], dtype=float32)
    """
    return _softened("log_softmax", data, length, axis, temperature, dtype, use_length)


def softmin(
    data: Any, axis: int = -1, temperature: float | None = None, dtype: Any = None, use_length: bool = False,
    length: Any = None,
) -> NDArray:  # fmt: skip
    """softmax of -data.

    >>> softmin([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    return _softened("softmin", data, length, axis, temperature, dtype, use_length, -1)


def SoftmaxActivation(data: Any, mode: str = "instance") -> NDArray:
    """Softmax over the last axis, or, with mode "channel", over axis 1.

    >>> SoftmaxActivation([[0.0, 0.0]]).tolist()
    [[0.5, 0.5]]
    """
    if mode not in ("instance", "channel"):
        raise ValueError(f"SoftmaxActivation: mode must be 'instance' or 'channel', got {mode!r}")
    return F.softmax(asarray(data), 1 if mode == "channel" else -1)


def Softmax(
    data: Any, label: Any = None, grad_scale: float = 1.0, ignore_label: float = -1.0, multi_output: bool = False,
    use_ignore: bool = False, preserve_shape: bool = False, normalization: str = "null", out_grad: bool = False,
    smooth_alpha: float = 0.0, axis: int = -1,
) -> NDArray:  # fmt: skip
    """With a label what `SoftmaxOutput` is, whose old name this was; without one the softmax along the axis.

    >>> Softmax([[0.0, 0.0]]).tolist()
    [[0.5, 0.5]]
    """
    if label is None:
        return F.softmax(asarray(data), axis)
    knobs = (grad_scale, ignore_label, multi_output, use_ignore, preserve_shape, normalization, out_grad, smooth_alpha)
    return heads.SoftmaxOutput(asarray(data), asarray(label), *knobs)
