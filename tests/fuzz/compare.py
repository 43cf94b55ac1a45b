"""Results of random calls beside what NumPy says, special values included.

A number is right if it is what the operator's reference gives in float64, rounded. Where numbers are special or pass
the range of single precision it is also right if NumPy gives it when it computes in the call's own precision (single
for halves), or if it lies within what changes of the inputs by their last bit do to the result. NaN and infinities
have to be where one of the two has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from fuzz.calls import BF16, Array, Call, samples_of
from ops import harness

from dlcore._core import NDArray
from dlcore.ops import Op

# Rules by which inputs of several dtypes are cast to the dtype of the result before anything is computed.
CAST_FIRST = ("promote", "arith", "signed", "floating")
SMALL = 2000  # numbers in all inputs together: oracles are slow loops
MOST = 1 << 22  # numbers that are looked at
HALF = 65504  # the largest number of float16
LARGE = 1e18  # squares of larger numbers pass single precision
# The step to the next number is a matter of the dtype itself.
OWN_DTYPE = {"nextafter"}
# Sums of products, whose terms may be added in any order, as NumPy and PyTorch each have their own: where the terms'
# sizes add up to more than single precision holds, so may a part of the sum.
PRODUCTS = ("matmul", "dense", "batch_dot", "conv", "deconv", "_conv", "_deconv", "csr_")
# Means of windows and shares of pixels, whose sums come first, as in PyTorch.
MEANS = ("avg_pool", "sum_pool", "lp_pool", "adaptive_avg_pool", "resize")
# Norms multiply gains with the inverse deviation, and running means with that, before anything meets x, as PyTorch's
# batch norm does.
FACTORS = ("batch_norm", "group_norm", "instance_norm", "layer_norm", "_layer_norm")
# Inputs of several shapes and dtypes, each with a place of its own, which the stanza names by their numbers.
PLACED = ("batch_norm_train", "_batch_norm_grad")


class Wrong(AssertionError):
    """What a call did that it must not."""


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def compare(record: Op, call: Call, given: list[Any], results: list[NDArray]) -> None:
    """With what NumPy says, where it has something to say."""
    found = prepared(record, call, given, results)
    if found is None:
        return
    given, free = found
    contents = {v.content for v in call.inputs if isinstance(v, Array)}
    wanted = opinion(record, call, widened(record, given, free))
    if wanted is None:
        return
    if len(wanted) != len(results):
        raise Wrong(f"{len(results)} results, the oracle has {len(wanted)}")
    for k, (got, want) in enumerate(zip(results, wanted, strict=True)):
        want = in_range(np.asarray(want), got.dtype)
        try:
            harness.compare(record, got, want, given, call.attrs, k, "")
        except AssertionError:
            if want.shape != got.shape or (contents == {"sample"} and not beyond(got, want)):
                raise
            wrong = disputed(record, call, given, free, got, want, k)
            if (wrong & ~np.asarray(excused(record, call, given, free, got.asnumpy(), want, k))).any():
                raise


def prepared(record: Op, call: Call, given: list[Any], results: list[NDArray]) -> tuple[list[Any], np.dtype] | None:
    """The inputs as the operator sees them and the dtype that it works in; None where there is no reference."""
    arrays = [v for v in given if isinstance(v, np.ndarray)]
    if any(r.size > MOST for r in results):
        return None  # a view of few numbers
    if record.random or str(record.ref).endswith("_moments") or sum(a.size for a in arrays) > SMALL:
        return None
    if not record.inputs:
        return given, np.dtype(np.float32)
    if not arrays:
        return None
    if any(isinstance(v, (list, tuple)) for v in given):
        return None
    if record.internal and {v.content for v in call.inputs if isinstance(v, Array)} != {"sample"}:
        return None  # parts of gradients, whose inputs follow from each other
    fixed = record.dtype.startswith("update:") or (record.internal and not call.plain)
    if fixed and len({np.shape(v) for v in given}) > 1 and record.name not in PLACED:
        return None
    if record.dtype.startswith("update:") and len(arrays) < len(given):
        return None
    mixed = len({v.dtype for v in arrays}) > 1 or any(isinstance(v, (float, complex)) for v in given)
    if mixed and record.elementwise and record.dtype in CAST_FIRST and results:
        if results[0].dtype == np.float16 and any(
            v.dtype.kind in "iu" and (abs(v.astype(float)) > HALF).any() for v in arrays
        ):
            return None  # computed in float32, where they are numbers, or cast, where they are infinite
        given = [v.astype(results[0].dtype) if isinstance(v, np.ndarray) else v for v in given]
        arrays = [v for v in given if isinstance(v, np.ndarray)]
    elif not call.plain and mixed:
        return None
    draws = samples_of(record)[call.case][0]
    loose = [v.dtype for v, d in zip(given, draws, strict=False) if isinstance(v, np.ndarray) and d.dtype is None]
    free = (loose or [arrays[0].dtype])[0]
    known = record.takes_complex if free.kind == "c" else free in harness.dtypes_of(record)
    return (given, free) if known else None


def opinion(record: Op, call: Call, given: list[Any]) -> list[Any] | None:
    try:
        return listed(harness.oracle(record, given, call.attrs))
    except Exception:
        return None


def changed(given: list[Any], change: Callable[[np.ndarray], np.ndarray]) -> list[Any]:
    return [change(v) if isinstance(v, np.ndarray) else v for v in given]


def widened(record: Op, given: list[Any], free: np.dtype) -> list[Any]:
    """In double precision."""
    if record.name in OWN_DTYPE:
        return changed(given, lambda v: v.astype(free if free.kind == "f" or free == BF16 else np.float32))
    wide = harness.widened(record, given, free)
    return changed(wide, lambda v: v.astype(np.complex128) if v.dtype.kind == "c" else v)


def beyond(got: NDArray, want: np.ndarray) -> bool:
    """Whether single precision may have ended on the way."""
    if want.dtype.kind not in "fc":
        return False
    large = bool((np.abs(want[~np.isnan(want)]) > LARGE).any())
    return large or not np.isfinite(got.asnumpy().astype(np.complex128)).all()


def disputed(
    record: Op, call: Call, given: list[Any], free: np.dtype, got: NDArray, want: np.ndarray, k: int
) -> np.ndarray:
    """Which numbers agree with nobody."""
    have = got.asnumpy()
    limit = harness.tolerance(record, got.dtype, given)
    wrong = harness.errors(have, want) > limit
    if have.dtype.kind == "c" or record.family == "fft":  # a complex infinity has many right forms
        wrong &= np.isfinite(have) | np.isfinite(want)
    for change in (lambda v: narrowed(v, given), lambda v: v.astype(free) if v.dtype.kind == "f" else v):
        own = opinion(record, call, changed(widened(record, given, free), change)) if wrong.any() else None
        if own is not None and np.shape(own[k]) == want.shape:
            wrong &= harness.errors(have, in_range(np.asarray(own[k]), got.dtype)) > limit
    if wrong.any() and want.dtype.kind in "fc":
        with np.errstate(all="ignore"):
            away = np.abs(have.astype(np.complex128) - want)
            most = limit * np.maximum(1.0, np.abs(want)) + reach(record, call, given, free, want, k)
        wrong &= ~(np.isfinite(most) & (away <= most))
    return wrong


def excused(
    record: Op, call: Call, given: list[Any], free: np.dtype, have: np.ndarray, want: np.ndarray, k: int
) -> Any:
    """Which numbers may be others because what is so large or special is met in another order than in the reference.

    They have left the range on the way, so they are infinite or NaN: a finite number must be right.
    """
    ended, special = ~np.isfinite(have), ~np.isfinite(have) | ~np.isfinite(want)
    wide = widened(record, given, free)
    arrays = [v for v in wide if isinstance(v, np.ndarray)]
    scalars = [v for i, v in zip(record.inputs, arrays, strict=False) if i.scalar]
    if record.dtype.startswith("update:") and any((~(np.abs(v) < LARGE)).any() for v in scalars):
        return special  # the limit of an update as a knob grows without end is not what its steps give on the way
    if record.name == "batch_norm_train":  # the sum of a line, or of its squares, may have ended
        axis = call.attrs.get("axis", 1)
        full = (~(np.abs(np.moveaxis(arrays[0], axis, 0)) < LARGE)).reshape(arrays[0].shape[axis], -1).any(1)
        ended_here = full.reshape([-1 if i == axis % have.ndim else 1 for i in range(have.ndim)]) if k == 0 else full
        return ended & (ended_here | any((~(np.abs(v) < LARGE)).any() for v in arrays[1:]))
    if record.name.startswith(FACTORS):
        return ended & any((~(np.abs(v) < LARGE)).any() for v in arrays[1:])
    if not record.name.startswith((*PRODUCTS, *MEANS)):
        return False
    if not all(np.isfinite(v).all() for v in arrays) and ("pad" in call.attrs or call.attrs.get("mode") == "cubic"):
        # A border of zeros is left out, or not (PyTorch: in bfloat16, and not in float32); pixels without a share in a
        # cubic kernel are met with a share of 0.
        return special
    sizes = opinion(record, call, changed(wide, lambda v: np.abs(v) if v.dtype.kind in "fc" else v))
    if sizes is None or np.shape(sizes[k]) != want.shape or free in (np.float64, np.complex128):
        return False
    terms = arrays[0].size if record.name.startswith(MEANS) else 1
    return ended & (np.asarray(sizes[k]) * terms > np.finfo(np.float32).max)


def narrowed(value: np.ndarray, given: list[Any]) -> np.ndarray:
    """In single precision, unless the call is in double."""
    if any(isinstance(v, np.ndarray) and v.dtype in (np.float64, np.complex128) for v in given):
        return value
    return value.astype({"f": np.float32, "c": np.complex64}.get(value.dtype.kind, value.dtype))


def reach(record: Op, call: Call, given: list[Any], free: np.dtype, want: np.ndarray, k: int) -> np.ndarray:
    """How far results move when every input moves by its last bit in single precision (double for double)."""
    rng = np.random.default_rng(0)
    wide = widened(record, given, free)
    step = 2.0**-52 if free in (np.float64, np.complex128) else 2.0**-23
    if record.define is not None:  # made of operators that round what lies between them
        step = {np.dtype(np.float16): 2.0**-10, BF16: 2.0**-7}.get(free, step)
    most = np.zeros(want.shape)
    for _ in range(4):
        moved = opinion(
            record,
            call,
            changed(wide, lambda v: v * (1 + step * rng.uniform(-1, 1, v.shape)) if v.dtype.kind in "iufc" else v),
        )
        if moved is not None and np.shape(moved[k]) == want.shape:
            with np.errstate(all="ignore"):
                most = np.fmax(most, np.abs(np.asarray(moved[k]) - want))
    # A sum of some dozens of rounded numbers; the shares of a cubic kernel are sums of several themselves.
    return (128 if call.attrs.get("mode") == "cubic" else 32) * np.where(np.isfinite(most), most, 0.0)


def in_range(want: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """What rounding to `dtype` makes of numbers that are too large for it."""
    if want.dtype.kind not in "fc" or (dtype.kind not in "fc" and dtype != BF16):
        return want
    if want.dtype.kind == "c":
        parts = want.real, want.imag
        part = np.dtype(np.float64 if dtype == np.complex128 else np.float32)
        found = np.empty(want.shape, np.complex128)
        found.real, found.imag = (in_range(np.asarray(p), part) for p in parts)
        return found
    with np.errstate(all="ignore"):
        rounded = want.astype(dtype).astype(want.dtype)
        return np.where(np.isinf(rounded), rounded, want)
