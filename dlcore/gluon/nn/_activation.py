"""Activations: functions of each element, as layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore._kinds import Length
from dlcore.ops import F

from .._hybrid_block import HybridBlock

# Names that `activation=` takes. The two last words are MXNet's.
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: F.relu(x),
    "sigmoid": lambda x: F.sigmoid(x),
    "tanh": lambda x: F.tanh(x),
    "gelu": lambda x: F.gelu(x),
    "silu": lambda x: F.silu(x),
    "softplus": lambda x: F.softplus(x),
    "softsign": lambda x: F.softsign(x),
    "elu": lambda x: F.elu(x),
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "mish": lambda x: F.mish(x),
    "selu": lambda x: F.selu(x),
    "relu6": lambda x: F.relu6(x),
    "hard_sigmoid": lambda x: F.hard_sigmoid(x),
    "hard_swish": lambda x: F.hard_swish(x),
    "log_sigmoid": lambda x: F.log_sigmoid(x),
    "softrelu": lambda x: F.softplus(x),
    "swish": lambda x: F.silu(x),
}


def check(name: str | None, layer: str) -> str | None:
    """`name` if it is an activation or None, else ValueError."""
    if name is not None and name not in _FUNCTIONS:
        raise ValueError(f"{layer}: activation must be one of {', '.join(_FUNCTIONS)}; got {name!r}")
    return name


def activate(x: Any, name: str | None) -> Any:
    """The activation `name` of x; None is the identity."""
    return x if name is None else _FUNCTIONS[name](x)


class Activation(HybridBlock):
    """An activation by name: relu, sigmoid, tanh, gelu, silu (swish), softplus (softrelu), softsign, elu, selu, ...

    Keeps shapes. An unknown name is a ValueError that lists all.

    >>> import dlcore as dl
    >>> Activation("relu")(dl.nd.array([-1.0, 2.0])).asnumpy()
    array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: str, prefix: str | None = None, params: Any = None) -> None:
        self._name: str
        self.__dict__["_name"] = check(activation, "Activation")  # the block is called by it
        super().__init__(prefix, params)

    def _alias(self) -> str:
        return self._name

    def forward(self, x: Any) -> Any:
        return activate(x, self._name)

    def _details(self) -> str:
        return str(self._name)


class _Elementwise(HybridBlock):
    """An activation without arguments."""

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)


class ReLU(_Elementwise):
    """max(x, 0).

    >>> import dlcore as dl
    >>> ReLU()(dl.nd.array([-1.0, 2.0])).asnumpy()
    array([0., 2.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.relu(x)


class Sigmoid(_Elementwise):
    """1 / (1 + exp(-x)).

    >>> import dlcore as dl
    >>> Sigmoid()(dl.nd.array([0.0, 2.0])).asnumpy().round(3)
    array([0.5  , 0.881], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.sigmoid(x)


class Tanh(_Elementwise):
    """tanh(x).

    >>> import dlcore as dl
    >>> Tanh()(dl.nd.array([0.0, 2.0])).asnumpy().round(3)
    array([0.   , 0.964], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.tanh(x)


class SiLU(_Elementwise):
    """x * sigmoid(x).

    >>> import dlcore as dl
    >>> SiLU()(dl.nd.array([-1.0, 2.0])).asnumpy().round(3)
    array([-0.269,  1.762], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.silu(x)


class Softmax(HybridBlock):
    """Softmax along `axis`. Losses of this library want scores before softmax.

    >>> import dlcore as dl
    >>> Softmax()(dl.nd.array([[0.0, 0.0]])).asnumpy().round(3)
    array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self._axis = axis

    def forward(self, x: Any) -> Any:
        return F.softmax(x, axis=self._axis)


class LeakyReLU(HybridBlock):
    """x where positive, else alpha * x.

    >>> import dlcore as dl
    >>> LeakyReLU(0.5)(dl.nd.array([-1.0, 2.0])).asnumpy()
    array([-0.5,  2. ], dtype=float32)
    """

    def __init__(self, alpha: float, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        if alpha < 0:
            raise ValueError(f"LeakyReLU: expected alpha >= 0, got {alpha}")
        self._alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self._alpha)

    def _details(self) -> str:
        return str(self._alpha)


class PReLU(HybridBlock):
    """x where positive, else alpha * x with alpha learned.

    One alpha for all, or, with `in_channels`, one for each place on axis 1.

    >>> import dlcore as dl
    >>> layer = PReLU()
    >>> layer.initialize()
    >>> layer(dl.nd.array([[-1.0, 2.0]])).asnumpy()
    array([[-0.25,  2.  ]], dtype=float32)
    """

    def __init__(
        self, alpha_initializer: Any = 0.25, in_channels: Length = 1, prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(prefix, params)
        self._channels = in_channels
        self.alpha = self.params.get("alpha", shape=(in_channels,), init=alpha_initializer)

    def forward(self, x: Any) -> Any:
        alpha = self.alpha.data()
        if self._channels > 1:
            alpha = F.reshape(alpha, (self._channels,) + (1,) * (x.ndim - 2))
        return F.leaky_relu(x, alpha)


class ELU(HybridBlock):
    """x where positive, else alpha * (exp(x) - 1) (Clevert et al., 2016).

    >>> import dlcore as dl
    >>> ELU(alpha=1.0)(dl.nd.array([-1.0, 2.0])).asnumpy().round(3)
    array([-0.632,  2.   ], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self._alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.elu(x, self._alpha)

    def _details(self) -> str:
        return str(self._alpha)


class SELU(_Elementwise):
    """Self-normalising: 1.0507 * elu(x, 1.6733) (Klambauer et al., 2017).

    >>> import dlcore as dl
    >>> SELU()(dl.nd.array([-1.0, 2.0])).asnumpy().round(3)
    array([-1.111,  2.101], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.selu(x)


class Mish(_Elementwise):
    """x * tanh(softplus(x)) (Misra, 2019).

    >>> import dlcore as dl
    >>> Mish()(dl.nd.array([-1.0, 2.0])).asnumpy().round(3)
    array([-0.303,  1.944], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.mish(x)


class HardSwish(_Elementwise):
    """x * relu6(x + 3) / 6 (Howard et al., 2019).

    >>> import dlcore as dl
    >>> HardSwish()(dl.nd.array([-1.0, 3.0])).asnumpy().round(3)
    array([-0.333,  3.   ], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.hard_swish(x)


class GLU(HybridBlock):
    """a * gate(b) for the halves a and b of x along `axis`, which must be even (Dauphin et al., 2017).

    activation: the gate, "sigmoid" unless told; "gelu" and "silu" give GEGLU and SwiGLU (Shazeer, 2020).

    >>> import dlcore as dl
    >>> GLU()(dl.nd.array([[4.0, 0.0]])).asnumpy()
    array([[2.]], dtype=float32)
    """

    def __init__(
        self, axis: int = -1, activation: str = "sigmoid", prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(prefix, params)
        self._axis, self._gate = axis, check(activation, "GLU")

    def forward(self, x: Any) -> Any:
        if x.shape[self._axis] % 2:
            raise ValueError(f"GLU: expected an even length of axis {self._axis}, got shape {tuple(x.shape)}")
        a, b = F.split(x, 2, axis=self._axis)
        return F.multiply(a, activate(b, self._gate))

    def _details(self) -> str:
        return f"{self._gate}, axis={self._axis}"


class GELU(HybridBlock):
    """x times the normal distribution's function of x; with `approximation="tanh"` by a formula with tanh.

    >>> import dlcore as dl
    >>> GELU()(dl.nd.array([-1.0, 2.0])).asnumpy().round(3)
    array([-0.159,  1.954], dtype=float32)
    """

    def __init__(self, approximation: str = "erf", prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        if approximation not in ("erf", "tanh"):
            raise ValueError(f"GELU: approximation must be 'erf' or 'tanh', got {approximation!r}")
        self._approximation = approximation

    def forward(self, x: Any) -> Any:
        return F.gelu(x, approximate=self._approximation == "tanh")


class Swish(HybridBlock):
    """x * sigmoid(beta * x) (Ramachandran et al., 2017).

    >>> import dlcore as dl
    >>> Swish(beta=1.0)(dl.nd.array([-1.0, 2.0])).asnumpy().round(3)
    array([-0.269,  1.762], dtype=float32)
    """

    def __init__(self, beta: float = 1.0, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self._beta = beta

    def forward(self, x: Any) -> Any:
        return F.silu(x) if self._beta == 1.0 else F.swish(x, self._beta)
