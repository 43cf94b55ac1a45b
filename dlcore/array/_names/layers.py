"""The classic layer functions (FullyConnected, Convolution, Pooling, ...): MXNet's arguments over our operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import _core
from ..._core import NDArray
from ...ops import F
from .._convert import asarray

_ACTIVATIONS = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "softrelu": "softplus", "softsign": "softsign",
                "log_sigmoid": "log_sigmoid", "mish": "mish", "silu": "silu", "swish": "silu",
                "gelu": "gelu_erf"}  # fmt: skip


def Activation(data: Any, act_type: str) -> NDArray:
    """An activation by name: relu, sigmoid, tanh, softrelu, softsign, log_sigmoid, mish, silu, gelu.

    >>> Activation([-1.0, 1.0], "relu").tolist()
    [0.0, 1.0]
    """
    if act_type not in _ACTIVATIONS:
        raise ValueError(f"Activation: act_type must be one of {', '.join(_ACTIVATIONS)}, got {act_type!r}")
    return getattr(F, _ACTIVATIONS[act_type])(data)


def LeakyReLU(
    data: Any, gamma: Any = None, act_type: str = "leaky", slope: float = 0.25, lower_bound: float = 0.125,
    upper_bound: float = 0.334,
) -> NDArray:  # fmt: skip
    """leaky (x or slope * x), prelu (slopes in gamma, one a channel), rrelu, elu, selu or gelu.

    rrelu: slopes drawn between the bounds in training, their mean otherwise.

    >>> LeakyReLU([-1.0, 1.0], slope=0.5).tolist()
    [-0.5, 1.0]
    """
    if act_type == "leaky":
        return F.leaky_relu(data, slope)
    if act_type == "prelu":
        if gamma is None:
            raise TypeError("LeakyReLU: act_type 'prelu' needs gamma, the slopes")
        data, gamma = asarray(data), asarray(gamma)
        if gamma.ndim == 1 and data.ndim > 1:
            gamma = F.reshape(gamma, (-1,) + (1,) * (data.ndim - 2))
        return F.leaky_relu(data, gamma)
    if act_type == "elu":
        return F.elu(data, slope)
    if act_type in ("selu", "gelu"):
        return F.selu(data) if act_type == "selu" else F.gelu_erf(data)
    if act_type == "rrelu":
        return F.rrelu(asarray(data), lower_bound, upper_bound)
    raise ValueError(f"LeakyReLU: act_type must be leaky, prelu, rrelu, elu, selu or gelu, got {act_type!r}")


def FullyConnected(
    data: Any, weight: Any, bias: Any = None, num_hidden: int | None = None, no_bias: bool = False, flatten: bool = True
) -> NDArray:
    """data @ weight.T + bias; weight is (num_hidden, inputs).

    >>> FullyConnected([[1.0, 2.0]], [[3.0, 4.0]], [1.0], num_hidden=1).tolist()
    [[12.0]]
    """
    weight = asarray(weight)
    if num_hidden is not None and weight.shape[0] != num_hidden:
        raise ValueError(f"FullyConnected: num_hidden is {num_hidden}, weight has shape {weight.shape}")
    return F.dense(data, weight, None if no_bias else bias, flatten)


def BatchNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    moving_mean: NDArray,
    moving_var: NDArray,
    eps: float = 1e-3,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    axis: int = 1,
    cudnn_off: bool = False,
) -> Any:
    """Batch normalisation; with fix_gamma gamma counts as 1. In training the moving averages are changed in place.

    With output_mean_var also the mean, and one over the root of the variance plus eps, that were used.

    >>> from dlcore import nd
    >>> one = nd.ones((1,))
    >>> BatchNorm(nd.array([[3.0]]), one, one, nd.array([1.0]), nd.array([4.0]), eps=0.0).tolist()
    [[2.0]]
    """
    data = asarray(data)
    scale = F.ones_like(gamma) if fix_gamma else gamma
    knobs = (eps, momentum, axis)
    y = F.batch_norm(data, scale, beta, moving_mean, moving_var, *knobs, use_global_stats=use_global_stats)
    if not output_mean_var:
        return y
    if use_global_stats or not _core.is_training():
        return [y, moving_mean, F.rsqrt(F.add(moving_var, eps))]
    others = tuple(k for k in range(data.ndim) if k != axis % data.ndim)
    return [y, F.mean(data, others), F.rsqrt(F.add(F.var(data, others), eps))]


def LayerNorm(
    data: Any, gamma: Any, beta: Any, axis: int = -1, eps: float = 1e-5, output_mean_var: bool = False
) -> Any:
    """Mean 0 and variance 1 along the axis, times gamma, plus beta.

    With output_mean_var also the mean and the root of the variance plus eps, the axis of length 1 in both.

    >>> LayerNorm([[5.0, 5.0]], [1.0, 1.0], [2.0, 3.0]).tolist()
    [[2.0, 3.0]]
    """
    y = F.layer_norm(data, gamma, beta, axis, eps)
    if not output_mean_var:
        return y
    data = asarray(data)
    return [y, F.mean(data, axis, True), F.sqrt(F.add(F.var(data, axis, True), eps))]


def Dropout(
    data: Any, p: float = 0.5, mode: str = "training", axes: Sequence[int] = (), cudnn_off: bool = False
) -> NDArray:
    """Numbers set to 0 with probability p in training; `axes` share one draw along their length.

    >>> Dropout(asarray([1.0]), 0.5).tolist()
    [1.0]
    """
    if not axes:
        return F.dropout(data, p, mode)
    data = asarray(data)
    shape = [1 if k in {a % data.ndim for a in axes} else n for k, n in enumerate(data.shape)]
    return F.multiply(data, F.dropout(F.ones(shape, data.dtype, data._device), p, mode))


def softmax_cross_entropy(data: Any, label: Any) -> NDArray:
    """MXNet's: the sum over the batch of the cross-entropy losses.

    >>> round(float(softmax_cross_entropy([[0.0, 0.0]], [1.0])), 4)
    0.6931
    """
    return F.sum(F.softmax_cross_entropy(data, label))


def L2Normalization(data: Any, eps: float = 1e-10, mode: str = "instance") -> NDArray:
    """Divided by the root of the sum of squares over a sample ("instance"), a channel or a place ("spatial").

    >>> L2Normalization([[3.0, 4.0]]).tolist()[0][0] < 0.61
    True
    """
    data = asarray(data)
    axes = {"instance": tuple(range(1, data.ndim)), "channel": (1,), "spatial": tuple(range(2, data.ndim))}
    if mode not in axes:
        raise ValueError(f"L2Normalization: mode must be instance, channel or spatial, got {mode!r}")
    return F.multiply(data, F.rsqrt(F.add(F.sum(F.square(data), axes[mode], True), eps)))


def moments(data: Any, axes: int | Sequence[int] | None = None, keepdims: bool = False) -> tuple[NDArray, NDArray]:
    """Mean and variance over the axes.

    >>> [float(v) for v in moments([1.0, 3.0])]
    [2.0, 1.0]
    """
    return F.mean(data, axes, keepdims), F.var(data, axes, keepdims)
