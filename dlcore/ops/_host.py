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
_BY_LINES: set[Callable[..., Any]] = set()
_AT_ONCE = 1 << 18  # bytes of lines that are made at a time, if they are not a small part of all
HOST_DTYPES: set[str] = set()  # dtype rules of this kind: their inputs are cast to a common floating-point dtype


def host(
    stem: str, shape: Callable[..., Sequence[Shape]] | None = None, halves: bool = False, lines: bool = False
) -> Callable[[Callable], Callable]:
    """Declares a function as the kernel of `stem` (and, with `shape`, a shape rule of that name too).

    The kernel takes the inputs as NumPy arrays (None where an optional one is absent) and the attributes by name, and
    returns one array for each output. The shape rule takes the inputs' shapes and the attributes by name and returns
    a list of shapes. What they raise as ValueError, TypeError, IndexError or LinAlgError is shown with the operator's
    name before it. `halves`: it takes float16 and bfloat16 themselves, not as float32. `lines`: it makes each line of
    its one result along `axis` of that line of its one input, so it is called for some lines at a time.
    """

    def declare(function: Callable) -> Callable:
        _core.register_host_kernel(stem, partial(_run, function))
        HOST_KERNELS[stem] = function
        if halves:
            _TAKES_HALVES.add(function)
        if lines:
            _BY_LINES.add(function)
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
    named = _named(op, attrs)
    for part in _parts(outs[0], named["axis"]) if function in _BY_LINES else [()]:
        given = [a if a is None else a[part] for a in ins]
        for out, result in zip(outs, compute(function, op, given, named), strict=True):
            out[part] = result


def run_lines(stem: str, x: np.ndarray, out: np.ndarray, **attrs: Any) -> None:
    """Runs a kernel that makes lines of lines, of x in the dtype of its result; `out` may be x."""
    for part in _parts(out, attrs["axis"]):
        (out[part],) = compute(HOST_KERNELS[stem], stem, [x[part].astype(out.dtype, copy=False)], attrs)


def _parts(out: np.ndarray, axis: int) -> list[tuple[slice, ...]]:
    """Groups of lines along an axis: cut across the first other one that is long enough, so that no second array as
    large as the result is needed."""
    want = -(-out.nbytes // max(_AT_ONCE, out.nbytes // 32))
    others = [k for k in range(out.ndim) if k != axis % out.ndim and out.shape[k] > 1]
    if want <= 1 or not others:
        return [()]
    cut = next((k for k in others if out.shape[k] >= want), max(others, key=lambda k: out.shape[k]))
    step = -(-out.shape[cut] // want)
    return [(slice(None),) * cut + (slice(i, i + step),) for i in range(0, out.shape[cut], step)]


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
