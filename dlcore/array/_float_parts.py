"""Floating-point numbers taken apart: mantissa, exponent, and the distance to the next number."""

from __future__ import annotations

from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._convert import asarray


def frexp(x: Any) -> tuple[NDArray, NDArray]:
    """m and the whole number e (int32) with x = m * 2**e and |m| in [0.5, 1). Computed on the processor, no gradient.

    >>> [p.tolist() for p in frexp([8.0])]
    [[0.5], [4]]
    """
    return tuple(map(asarray, _np.frexp(F.multiply(x, 1.0).asnumpy())))  # type: ignore[return-value]


def ldexp(x1: Any, x2: Any) -> NDArray:
    """x1 * 2**x2 for whole numbers x2, without overflow on the way. Computed on the processor, no gradient.

    >>> ldexp([0.5], [4]).tolist()
    [8.0]
    """
    return asarray(_np.ldexp(F.multiply(x1, 1.0).asnumpy(), asarray(x2).asnumpy()))


def spacing(x: Any) -> NDArray:
    """How far the next larger number of the dtype is (with the sign of x). Computed on the processor.

    >>> spacing([1.0]).tolist()
    [1.1920928955078125e-07]
    """
    return asarray(_np.spacing(F.multiply(x, 1.0).asnumpy()))
