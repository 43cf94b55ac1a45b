"""Initializers that draw random numbers."""

from __future__ import annotations

import math

import numpy as np

from ._host import host_generator
from ._initializer import Initializer, register


def _draw(distribution: str, scale: float, shape: tuple[int, ...]) -> np.ndarray:
    generator = host_generator()
    if distribution == "uniform":
        return generator.random(shape, np.float32) * np.float32(2 * scale) - np.float32(scale)
    return generator.standard_normal(shape, np.float32) * np.float32(scale)


@register
class Uniform(Initializer):
    """Uniform on (-scale, scale): what a network gets when nothing else is said.

    >>> bool((abs(Uniform(0.1).values((100,))) <= 0.1).all())
    True
    """

    def __init__(self, scale: float = 0.07) -> None:
        super().__init__(scale=scale)
        self.scale = scale

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return _draw("uniform", self.scale, shape)


@register("normal", "gaussian")
class Normal(Initializer):
    """Normal with mean 0 and standard deviation `sigma`.

    >>> Normal(0.01).values((2, 3)).shape
    (2, 3)
    """

    def __init__(self, sigma: float = 0.01) -> None:
        if sigma < 0:
            raise ValueError(f"Normal: sigma must be at least 0, got {sigma}")
        super().__init__(sigma=sigma)
        self.sigma = sigma

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return _draw("gaussian", self.sigma, shape)


@register
class Xavier(Initializer):
    """Keeps the size of signals about the same through the layers (Glorot and Bengio, 2010).

    scale = sqrt(magnitude / factor), with factor the mean of fan-in and fan-out ("avg"), or one of them ("in", "out");
    then uniform on (-scale, scale), or normal with standard deviation `scale` ("gaussian"). For a kernel of shape
    (out, in, *k) a fan is its channels times prod(k). The weight needs at least two axes, or ValueError is raised.

    >>> bool((abs(Xavier().values((100, 200))) <= (3 / 150) ** 0.5).all())
    True
    """

    def __init__(self, rnd_type: str = "uniform", factor_type: str = "avg", magnitude: float = 3) -> None:
        super().__init__(rnd_type=rnd_type, factor_type=factor_type, magnitude=magnitude)
        if rnd_type not in ("uniform", "gaussian"):
            raise ValueError(f"Xavier: rnd_type must be 'uniform' or 'gaussian', got {rnd_type!r}")
        if factor_type not in ("avg", "in", "out"):
            raise ValueError(f"Xavier: factor_type must be 'avg', 'in' or 'out', got {factor_type!r}")
        self.rnd_type, self.factor_type, self.magnitude = rnd_type, factor_type, float(magnitude)

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) < 2:
            raise ValueError(f"{type(self).__name__}: expected a weight with at least two axes, got shape {shape}")
        area = math.prod(shape[2:])
        fan_in, fan_out = shape[1] * area, shape[0] * area
        factor = {"avg": (fan_in + fan_out) / 2, "in": fan_in, "out": fan_out}[self.factor_type]
        return _draw(self.rnd_type, math.sqrt(self.magnitude / max(factor, 1)), shape)


@register("msraprelu", "msra")
class MSRAPrelu(Xavier):
    """For layers followed by (leaky) ReLU (He et al., 2015): normal, magnitude 2 / (1 + slope^2).

    >>> MSRAPrelu().values((8, 4, 3, 3)).shape
    (8, 4, 3, 3)
    """

    def __init__(self, factor_type: str = "avg", slope: float = 0.25) -> None:
        super().__init__("gaussian", factor_type, 2.0 / (1 + slope**2))
        self._kwargs = {"factor_type": factor_type, "slope": slope}


@register
class Orthogonal(Initializer):
    """Rows (or columns, whichever are fewer) orthogonal and of length `scale` (Saxe et al., 2013).

    The weight is seen as a matrix (out, everything else). `rand_type` chooses the numbers that are orthogonalised.

    >>> w = Orthogonal(scale=1.0).values((3, 5))
    >>> bool(np.allclose(w @ w.T, np.eye(3), atol=1e-5))
    True
    """

    def __init__(self, scale: float = 1.414, rand_type: str = "uniform") -> None:
        if rand_type not in ("uniform", "normal", "gaussian"):
            raise ValueError(f"Orthogonal: rand_type must be 'uniform' or 'normal', got {rand_type!r}")
        super().__init__(scale=scale, rand_type=rand_type)
        self.scale, self.rand_type = scale, rand_type

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        rows, columns = shape[0], math.prod(shape[1:])
        drawn = _draw("uniform" if self.rand_type == "uniform" else "gaussian", 1.0, (rows, columns))
        left, _, right = np.linalg.svd(drawn.astype(np.float64), full_matrices=False)
        basis = left if left.shape == (rows, columns) else right
        return (self.scale * basis).reshape(shape)
