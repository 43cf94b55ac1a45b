"""Kernels written in Python over NumPy, for what its libraries do well: LAPACK factorisations, Fourier transforms.

    @host("cholesky", shape=square)
    def cholesky(a, upper):
        return numpy.linalg.cholesky(a, upper=upper)

    op("cholesky", "a, upper: bool = False", "...", kernel="cholesky", infer="cholesky", dtype="floating", grad="...")

The stem stands in the core's ordinary tables: it runs imperatively, on the tape and inside compiled executables (which
take the GIL for the call), and `dlcore.cuda` runs it through a copy to the host. float16 and bfloat16 are computed in
float32. The gradient is the stanza's, written in operators. Never call an operator of dlcore inside such a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import _core
from ._table import get

Shape = tuple[int, ...]
HOST_KERNELS: dict[str, Callable[..., Any]] = {}
_TAKES_HALVES: set[Callable[..., Any]] = set()
HOST_DTYPES: set[str] = set()  # dtype rules of this kind: their inputs are cast to a common floating-point dtype


def host(
    stem: str, shape: Callable[..., Sequence[Shape]] | None = None, halves: bool = False
) -> Callable[[Callable], Callable]:
    """Declares a function as the kernel of `stem` (and, with `shape`, a shape rule of that name too).

    The kernel takes the inputs as NumPy arrays (None where an optional one is absent) and the attributes by name, and
    returns one array for each output. The shape rule takes the inputs' shapes and the attributes by name and returns
    a list of shapes. What they raise as ValueError, TypeError, IndexError or LinAlgError is shown with the operator's
    name before it. `halves`: it takes float16 and bfloat16 themselves, not as float32.
    """

    def declare(function: Callable) -> Callable:
        _core.register_host_kernel(stem, partial(_run, function))
        HOST_KERNELS[stem] = function
        if halves:
            _TAKES_HALVES.add(function)
        if shape is not None:
            host_shape(stem, shape)
        return function

    return declare


def host_shape(rule: str, function: Callable[..., Sequence[Shape]]) -> None:
    """Declares a shape rule in Python: the inputs' shapes and the attributes by name -> a list of shapes."""
    _core.register_host_shape(rule, partial(_shapes, function))


def host_dtype(rule: str, function: Callable[..., Sequence[str]]) -> None:
    """Declares a dtype rule in Python: the inputs' common dtype by name and the attributes -> one dtype an output."""
    _core.register_host_dtype(rule, partial(_dtypes, function))
    HOST_DTYPES.add(rule)


def _named(op: str, attrs: tuple) -> dict[str, Any]:
    return {spec.name: value for spec, value in zip(get(op).attrs, attrs, strict=True)}


def _dtypes(function: Callable, op: str, common: str, attrs: tuple) -> Sequence[str]:
    return function(common, **_named(op, attrs))


def _shapes(function: Callable, op: str, shapes: list[Shape | None], attrs: tuple) -> Sequence[Shape]:
    try:
        return function(*shapes, **_named(op, attrs))
    except (ValueError, TypeError, IndexError) as error:
        raise type(error)(f"{op}: {error}") from None


def _run(function: Callable, op: str, ins: list[np.ndarray | None], outs: list[np.ndarray], attrs: tuple) -> None:
    for out, result in zip(outs, compute(function, op, ins, _named(op, attrs)), strict=True):
        out[...] = result


def compute(
    function: Callable, op: str, ins: Sequence[np.ndarray | None], attrs: dict[str, Any]
) -> tuple[np.ndarray, ...]:
    """The kernel's results for NumPy arrays; errors name the operator and all shapes."""
    given = list(ins)
    if function not in _TAKES_HALVES:
        given = [a.astype(np.float32) if a is not None and a.itemsize == 2 and a.dtype.kind in "fV" else a for a in ins]
    try:
        with np.errstate(all="ignore"):
            result = function(*given, **attrs)
    except (ValueError, TypeError, IndexError) as error:  # LinAlgError is a ValueError
        shapes = " and ".join(str(a.shape) for a in given if a is not None)
        kind = next(k for k in (ValueError, TypeError, IndexError) if isinstance(error, k))
        raise kind(f"{op}: {error}, for shape {shapes}") from None
    return result if isinstance(result, tuple) else (result,)
