"""Functions that choose between operators by what is going on: training or not, which form of a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import _core
from . import attention, composite_vision, deform, multibox
from .ctc import ctc_loss
from .functions import function
from .rnn import rnn

if TYPE_CHECKING:
    from .._core import NDArray


def gelu(x: Any, approximate: bool = False) -> NDArray:
    """Gaussian error linear unit: x times the normal distribution function of x.

    With `approximate` by its tanh formula (Hendrycks and Gimpel, arXiv:1606.08415). Floating-point dtypes stay, whole
    numbers give float32; the shape stays.

    >>> round(float(gelu(1.0)), 4)
    0.8413
    """
    return function("gelu_tanh")(x) if approximate else function("gelu_erf")(x)


def batch_norm(
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: NDArray,
    running_var: NDArray,
    eps: float = 1e-5,
    momentum: float = 0.9,
    axis: int = 1,
    training: bool | None = None,
    use_global_stats: bool = False,
) -> NDArray:
    """Batch normalisation (Ioffe and Szegedy, arXiv:1502.03167) over all axes but `axis`.

    In training x is normalised with the batch's mean and variance, and the running averages are moved in place:
    momentum * old + (1 - momentum) * new. Otherwise, and with `use_global_stats`, the running averages are used.
    training: None means what `autograd.is_training()` says. gamma, beta and the averages have shape
    (x.shape[axis],), else a ValueError says so; the result has x's shape and dtype.

    >>> from dlcore import nd
    >>> one, zero = nd.ones((1,)), nd.zeros((1,))
    >>> batch_norm(nd.array([[5.0]]), one, zero, nd.array([1.0]), nd.array([4.0]), eps=0.0).tolist()
    [[2.0]]
    """
    if training is None:
        training = _core.is_training()
    if use_global_stats or not training:
        return function("batch_norm_infer")(x, gamma, beta, running_mean, running_var, axis, eps)
    y, mean, var = function("batch_norm_train")(x, gamma, beta, axis, eps)
    was = _core.set_recording(False)
    try:
        function("lerp")(running_mean, mean, momentum, out=running_mean)
        function("lerp")(running_var, var, momentum, out=running_var)
    finally:
        _core.set_recording(was)
    return y


def dropout(x: Any, p: float = 0.5, mode: str = "training", axes: Sequence[int] = ()) -> NDArray:
    """Sets numbers to 0 with probability p and divides the others by 1 - p; outside training x itself is returned.

    mode "always" drops outside training too. axes: along these one draw counts for the whole length, so that whole
    channels or steps are dropped. The result has x's shape and dtype; p must lie in [0, 1).

    >>> dropout(3.0, 0.5)
    3.0
    """
    if mode not in ("training", "always"):
        raise ValueError(f"dropout: mode must be 'training' or 'always', got {mode!r}")
    if p == 0 or not (mode == "always" or _core.is_training()):
        return x
    if not axes:
        return function("dropout_train")(x, p)
    shared = {a % x.ndim for a in axes}
    shape = [1 if k in shared else n for k, n in enumerate(x.shape)]
    return x * function("dropout_train")(function("ones")(shape, x._dtype_name, x._device), p)


def glu(x: Any, axis: int = -1) -> NDArray:
    """Gated linear unit: the first half along the axis times the sigmoid of the second (arXiv:1612.08083).

    >>> from dlcore import nd
    >>> glu(nd.array([2.0, 0.0])).tolist()
    [1.0]
    """
    if not x.ndim or x.shape[axis] % 2:
        raise ValueError(f"glu: axis {axis} of shape {tuple(x.shape)} cannot be cut into halves")
    first, gate = function("split")(x, 2, axis)
    return first * function("sigmoid")(gate)


def rrelu(x: Any, low: float = 0.125, high: float = 0.334) -> NDArray:
    """x where positive, else x times a slope: drawn from [low, high) in training, their mean otherwise.

    >>> from dlcore import nd
    >>> rrelu(nd.array([-2.0, 2.0]), 0.25, 0.75).tolist()
    [-1.0, 2.0]
    """
    if not 0 <= low <= high:
        raise ValueError(f"rrelu: expected 0 <= low <= high, got {low} and {high}")
    if not _core.is_training():
        return function("leaky_relu")(x, (low + high) / 2)
    return function("prelu")(x, function("random_uniform")(low, high, x.shape, x._dtype_name, x._device))


def l2_normalization(x: Any, eps: float = 1e-10, mode: str = "instance") -> NDArray:
    """x over the root of a sum of squares: of a sample ("instance"), a place's channels ("channel") or a channel's
    places ("spatial").

    >>> from dlcore import nd
    >>> l2_normalization(nd.array([[3.0, 4.0]])).round(1).shape
    (1, 2)
    """
    axes = {"instance": tuple(range(1, x.ndim)), "channel": (1,), "spatial": tuple(range(2, x.ndim))}
    if mode not in axes or x.ndim < 2 + (mode == "spatial"):
        raise ValueError(
            f"l2_normalization: mode must be instance, channel or spatial (for 3 or more axes), got {mode!r} for shape"
            f" {tuple(x.shape)}"
        )
    squares = function("sum")(function("square")(x), axes[mode], True)
    return x * function("rsqrt")(squares + eps)


_OWN = (gelu, batch_norm, dropout, ctc_loss, rnn, glu, rrelu, l2_normalization)
FUNCTIONS = {f.__name__: f for f in (*_OWN, *attention.FUNCTIONS, *composite_vision.FUNCTIONS, *deform.FUNCTIONS,
                                 *multibox.FUNCTIONS)}  # fmt: skip
