"""Functions that choose between operators by what is going on: training or not, which form of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _core
from .attention import scaled_dot_product_attention
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


def dropout(x: Any, p: float = 0.5, mode: str = "training") -> NDArray:
    """Sets numbers to 0 with probability p and divides the others by 1 - p; outside training x itself is returned.

    mode "always" drops outside training too. The result has x's shape and dtype; p must lie in [0, 1).

    >>> dropout(3.0, 0.5)
    3.0
    """
    if mode not in ("training", "always"):
        raise ValueError(f"dropout: mode must be 'training' or 'always', got {mode!r}")
    if p == 0 or not (mode == "always" or _core.is_training()):
        return x
    return function("dropout_train")(x, p)


FUNCTIONS = {f.__name__: f for f in (gelu, batch_norm, dropout, ctc_loss, rnn, scaled_dot_product_attention)}
