"""Initializers for particular weights: upsampling kernels, LSTM biases; and those that hand on to others."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from dlcore import _core
from dlcore._hooks import hook

from ._constant import Constant
from ._initializer import Initializer, create, register


@register
class Bilinear(Initializer):
    """Kernels of transposed convolutions that interpolate linearly: (out, in, h, w), the same for every channel.

    >>> Bilinear().values((1, 1, 4, 4))[0, 0, 1]
    array([0.1875, 0.5625, 0.5625, 0.1875], dtype=float32)
    """

    def __init__(self) -> None:
        super().__init__()

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) != 4:
            raise ValueError(f"Bilinear: expected a kernel (out, in, height, width), got shape {shape}")
        sides = []
        for size in shape[2:]:
            half = (size + 1) // 2
            centre = (2 * half - 1 - half % 2) / (2 * half)
            sides.append(1 - np.abs(np.arange(size) / half - centre))
        return np.broadcast_to(np.outer(*sides).astype(np.float32), shape)


@register
class FusedRNN(Initializer):
    """The vector of weights of a `rnn.FusedRNNCell`: each part of it as `init` fills it by its name.

    init: an initializer, or None for that of the whole network. The biases of an LSTM's forget gates are `forget_bias`.

    >>> import dlcore as dl
    >>> vector = dl.nd.empty((4 * 2 * (3 + 2 + 2),))
    >>> FusedRNN("ones", num_hidden=2, num_layers=1, mode="lstm").fill(vector)
    >>> vector[:40].sum().item(), vector[40:].tolist()
    (40.0, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    """

    def __init__(
        self,
        init: Any,
        num_hidden: int,
        num_layers: int,
        mode: str,
        bidirectional: bool = False,
        forget_bias: float = 1.0,
    ) -> None:
        if isinstance(init, str) and init.startswith("["):  # as a symbol writes it down
            kind, words = json.loads(init)
            init = create(kind, **words)
        self.init = None if init is None else create(init)
        told = None if self.init is None else self.init.dumps()
        self._layers: dict[str, Any] = {
            "num_hidden": num_hidden,
            "num_layers": num_layers,
            "mode": mode,
            "bidirectional": bidirectional,
        }
        super().__init__(init=told, **self._layers, forget_bias=forget_bias)
        self.forget_bias = forget_bias

    def fill(self, array: _core.NDArray, name: str = "") -> None:
        from dlcore.symbol.cells import FusedRNNCell

        if self.init is None:
            raise ValueError("FusedRNN: init=None is the initializer of a network, and there is none here; give one")
        cell = FusedRNNCell(**self._layers, prefix="")
        parts = cell.unpack_weights({"parameters": array})
        for part, values in parts.items():
            if self._layers["mode"] == "lstm" and part.endswith("_f_bias"):
                Constant(self.forget_bias).fill(values)
            else:
                self.init(part, values)
        _core.assign(array, cell.pack_weights(parts)["parameters"])


@register
class LSTMBias(Initializer):
    """A bias of an LSTM, whose gates lie as input, forget, cell, output: zeros, and `forget_bias` for the second.

    A forget gate that is open from the start lets gradients through (Jozefowicz et al., 2015).

    >>> LSTMBias().values((8,))
    array([0., 0., 1., 1., 0., 0., 0., 0.], dtype=float32)
    """

    def __init__(self, forget_bias: float = 1.0) -> None:
        super().__init__(forget_bias=forget_bias)
        self.forget_bias = forget_bias

    def __call__(self, name: str, array: _core.NDArray) -> None:
        self.fill(array)

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        if not shape or shape[0] % 4:
            raise ValueError(f"LSTMBias: expected a bias of four gates, got shape {shape}")
        bias = np.zeros(shape, np.float32)
        units = shape[0] // 4
        bias[units : 2 * units] = self.forget_bias
        return bias


@register("truncnorm", "truncated_normal")
class TruncNorm(Initializer):
    """Normal with deviation `stdev` around `mean`, drawn again where it is more than two deviations away.

    >>> bool((abs(TruncNorm(stdev=0.5).values((1000,))) <= 1.0).all())
    True
    """

    def __init__(self, mean: float = 0.0, stdev: float = 0.01) -> None:
        super().__init__(mean=mean, stdev=stdev)
        self.mean, self.stdev = mean, stdev

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        from ._host import host_generator

        generator = host_generator()
        drawn = generator.standard_normal(shape, np.float32)
        while (outside := np.abs(drawn) > 2).any():
            drawn[outside] = generator.standard_normal(int(outside.sum()), np.float32)
        return drawn * np.float32(self.stdev) + np.float32(self.mean)


@register
class Mixed(Initializer):
    """The initializer of the first pattern that is found in a parameter's name; ".*" at the end takes the rest.

    patterns: regular expressions. initializers: as many, each as `create` takes them. ValueError when none fits.

    >>> import dlcore as dl
    >>> w = dl.nd.zeros((2,))
    >>> Mixed(["bias", ".*"], ["zeros", 3.0])("dense0_weight", w)
    >>> w.asnumpy()
    array([3., 3.], dtype=float32)
    """

    def __init__(self, patterns: Sequence[str], initializers: Sequence[Any]) -> None:
        super().__init__(patterns=list(patterns), initializers=list(initializers))
        if len(patterns) != len(initializers):
            raise ValueError(f"Mixed: expected as many initializers as patterns, got {len(initializers)}")
        self._rules = [(_pattern(p), create(i)) for p, i in zip(patterns, initializers, strict=True)]

    def __call__(self, name: str, array: _core.NDArray) -> None:
        for pattern, initializer in self._rules:
            if pattern.search(name):
                if isinstance(initializer, Mixed):
                    initializer(name, array)
                else:
                    initializer.fill(array)
                return
        raise ValueError(f'Mixed: no pattern fits the parameter {name!r}; end with ".*" for the rest')


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"Mixed: expected regular expressions, {text!r} is none: {error}") from None


@register
class Load(Initializer):
    """Values by name from `param`, a mapping or a safetensors file; the others by `default_init`.

    ValueError naming the parameter for a shape that differs, or for a name that is not there without `default_init`.

    >>> import dlcore as dl
    >>> w = dl.nd.zeros((2,))
    >>> Load({"arg:w": np.array([1.0, 2.0])})("w", w)
    >>> w.asnumpy()
    array([1., 2.], dtype=float32)
    """

    def __init__(
        self, param: Mapping[str, Any] | str | os.PathLike[str], default_init: Any = None, verbose: bool = False
    ) -> None:
        super().__init__(param=param if isinstance(param, (str, os.PathLike)) else sorted(param))
        if isinstance(param, (str, os.PathLike)):
            param = cast(Mapping[str, Any], hook("files.load")(param))
        # Old checkpoints say arg:name and aux:name.
        self._values = {name.split(":", 1)[-1]: value for name, value in param.items()}
        self._default = None if default_init is None else create(default_init)
        self._verbose = verbose

    def knows(self, name: str) -> bool:
        return name in self._values

    def __call__(self, name: str, array: _core.NDArray) -> None:
        if name not in self._values:
            if self._default is None:
                raise ValueError(f"Load: {name!r} is not among {', '.join(sorted(self._values))}; give default_init=")
            self._default(name, array)
            return
        value = self._values[name]
        host = value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)
        if host.shape != tuple(array.shape):
            raise ValueError(f"Load: {name}: expected shape {tuple(array.shape)}, found {host.shape}")
        _core.assign(array, _core.from_numpy(np.ascontiguousarray(host)))
        if self._verbose:
            print(f"{name}: loaded, shape {host.shape}")
