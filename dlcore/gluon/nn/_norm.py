"""Normalisation layers: of batches, of single samples, of groups of channels."""

from __future__ import annotations

import functools
from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from .._block import shape_of
from .._hybrid_block import HybridBlock
from .._parameter import dtype_name


class _AlongAxis(HybridBlock):
    """A layer whose parameters are as long as one axis of x."""

    _axis: int
    _epsilon: float
    gamma: Any

    def infer_shape(self, x: Any) -> None:
        shape = shape_of(x)
        if not -len(shape) <= self._axis < len(shape):
            raise ValueError(f"{type(self).__name__}: x of shape {shape} has no axis {self._axis}")
        for parameter in self._reg_params.values():
            parameter.shape = (shape[self._axis],)

    def _details(self) -> str:
        return f"axis={self._axis}, eps={self._epsilon}, in_channels={(self.gamma.shape or (0,))[0] or '?'}"


class BatchNorm(_AlongAxis):
    """Normalises every place on `axis` over all other axes, then y = x * gamma + beta (Ioffe and Szegedy, 2015).

    In training with the batch's mean and (biased) variance, which also move the running ones:
    running = momentum * running + (1 - momentum) * batch. Elsewhere, and with `use_global_stats`, with the
    running ones.
    center=False fixes beta at 0, scale=False gamma at 1. in_channels 0 is learned from the first x. Keeps shapes.

    >>> import dlcore as dl
    >>> layer = BatchNorm()
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    def __init__(
        self,
        axis: int = 1,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        in_channels: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._axis, self._momentum, self._epsilon = axis, momentum, epsilon
        self._use_global_stats = use_global_stats

        def get(name: str, learned: bool, init: Any) -> Any:
            return self.params.get(
                name,
                grad_req="write" if learned else "null",
                shape=(in_channels,),
                init=init,
                allow_deferred_init=True,
                differentiable=learned,
            )

        self.gamma = get("gamma", scale, gamma_initializer)
        self.beta = get("beta", center, beta_initializer)
        self.running_mean = get("running_mean", False, running_mean_initializer)
        self.running_var = get("running_var", False, running_variance_initializer)

    def cast(self, dtype: Any) -> None:
        """Half-precision networks keep these parameters in float32, where the statistics are accurate."""
        super().cast("float32" if dtype_name(dtype) in ("float16", "bfloat16") else dtype)

    @functools.cached_property
    def _kwargs(self) -> dict[str, Any]:
        """The words with which classes that derive from this one call MXNet's operator."""
        return {
            "axis": self._axis, "eps": self._epsilon, "momentum": self._momentum,
            "fix_gamma": self.gamma.grad_req == "null", "use_global_stats": self._use_global_stats,
        }  # fmt: skip

    def forward(self, x: Any) -> Any:
        return F.batch_norm(
            x,
            self.gamma.data(),
            self.beta.data(),
            self.running_mean.data(),
            self.running_var.data(),
            eps=self._epsilon,
            momentum=self._momentum,
            axis=self._axis,
            use_global_stats=self._use_global_stats,
        )

    def _details(self) -> str:
        channels = (self.gamma.shape or (0,))[0]
        return f"axis={self._axis}, eps={self._epsilon}, momentum={self._momentum}, in_channels={channels or '?'}"


class BatchNormReLU(BatchNorm):
    """BatchNorm, then ReLU.

    >>> import dlcore as dl
    >>> layer = BatchNormReLU()
    >>> layer.initialize()
    >>> float(layer(dl.nd.array([[-3.0], [-1.0]])).min())
    0.0
    """

    def forward(self, x: Any) -> Any:
        return F.relu(super().forward(x))


class LayerNorm(_AlongAxis):
    """Normalises each line along `axis` by its own mean and variance, then y = x * gamma + beta (Ba et al., 2016).

    in_channels (the length of `axis`) 0 is learned from the first x. Keeps shapes.

    >>> import dlcore as dl
    >>> layer = LayerNorm()
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 5))).shape
    (2, 5)
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        in_channels: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._axis, self._epsilon = axis, epsilon
        self.gamma = self.params.get(
            "gamma",
            grad_req="write" if scale else "null",
            shape=(in_channels,),
            init=gamma_initializer,
            allow_deferred_init=True,
        )
        self.beta = self.params.get(
            "beta",
            grad_req="write" if center else "null",
            shape=(in_channels,),
            init=beta_initializer,
            allow_deferred_init=True,
        )

    def forward(self, x: Any) -> Any:
        return F.layer_norm(x, self.gamma.data(), self.beta.data(), axis=self._axis, eps=self._epsilon)


class _PerChannel(HybridBlock):
    """A gain and a shift for every channel, on axis 1; both are learned unless told not to."""

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta: Any,
        gamma: Any,
        in_channels: Length,
        prefix: Any,
        params: Any,
    ) -> None:
        super().__init__(prefix, params)
        self._epsilon = epsilon

        def get(name: str, learned: bool, init: Any) -> Any:
            grad_req = "write" if learned else "null"
            return self.params.get(name, grad_req=grad_req, shape=(in_channels,), init=init, allow_deferred_init=True)

        self.gamma, self.beta = get("gamma", scale, gamma), get("beta", center, beta)

    def infer_shape(self, x: Any) -> None:
        shape = shape_of(x)
        if len(shape) < 2:
            raise ValueError(f"{type(self).__name__}: expected x of shape (n, c, ...), got {shape}")
        self.gamma.shape = self.beta.shape = (shape[1],)


class GroupNorm(_PerChannel):
    """Normalises each of `num_groups` groups of channels of each sample, then y = x * gamma + beta (Wu and He, 2018).

    x: (n, c, ...). Keeps shapes. ValueError when num_groups does not divide the channels.

    >>> import dlcore as dl
    >>> layer = GroupNorm(num_groups=2)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 4, 3))).shape
    (2, 4, 3)
    """

    def __init__(
        self,
        num_groups: Count = 1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        in_channels: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(epsilon, center, scale, beta_initializer, gamma_initializer, in_channels, prefix, params)
        self._groups = num_groups

    def infer_shape(self, x: Any) -> None:
        super().infer_shape(x)
        if shape_of(x)[1] % self._groups:
            raise ValueError(f"GroupNorm: {self._groups} groups do not divide the {shape_of(x)[1]} channels of x")

    def forward(self, x: Any) -> Any:
        return F.group_norm(x, self.gamma.data(), self.beta.data(), self._groups, eps=self._epsilon)

    def _details(self) -> str:
        return f"groups={self._groups}, eps={self._epsilon}, in_channels={(self.gamma.shape or (0,))[0] or '?'}"


class InstanceNorm(_AlongAxis, _PerChannel):
    """Normalises each channel of each sample, then y = x * gamma + beta (Ulyanov et al., 2016).

    gamma stays 1 unless `scale`. x: (n, c, ...), or with `axis` the channels elsewhere. Keeps shapes.

    >>> import dlcore as dl
    >>> layer = InstanceNorm()
    >>> layer.initialize()
    >>> layer(dl.nd.array([[[0.0, 2.0]]])).asnumpy().round(3)
    array([[[-1.,  1.]]], dtype=float32)
    """

    def __init__(
        self,
        axis: int = 1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        in_channels: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(epsilon, center, scale, beta_initializer, gamma_initializer, in_channels, prefix, params)
        self._axis = axis

    def forward(self, x: Any) -> Any:
        axis = self._axis % x.ndim
        order = [k for k in range(x.ndim) if k != axis]
        order.insert(1, axis)
        y = x if axis == 1 else F.transpose(x, tuple(order))
        y = F.instance_norm(y, self.gamma.data(), self.beta.data(), eps=self._epsilon)
        return y if axis == 1 else F.transpose(y, tuple(order.index(k) for k in range(x.ndim)))


class RMSNorm(_AlongAxis):
    """x over the root of its mean square along `axis`, times gamma (Zhang and Sennrich, 2019). Keeps shapes.

    >>> import dlcore as dl
    >>> layer = RMSNorm(epsilon=0.0)
    >>> layer.initialize()
    >>> layer(dl.nd.array([[3.0, 3.0]])).asnumpy()
    array([[1., 1.]], dtype=float32)
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-6,
        gamma_initializer: Any = "ones",
        in_channels: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._axis, self._epsilon = axis, epsilon
        self.gamma = self.params.get("gamma", shape=(in_channels,), init=gamma_initializer, allow_deferred_init=True)

    def forward(self, x: Any) -> Any:
        return F.rms_norm(x, self.gamma.data(), axis=self._axis, eps=self._epsilon)
