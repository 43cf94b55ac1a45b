"""Which operators compute in 16 bits, which in float32; all others take their operands as they come."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from dlcore import _core
from dlcore.ops import get
from dlcore.ops._record import RECORDS

DTYPES = ("bfloat16", "float16")

# Sums of very many products, which processors do several times faster in 16 bits, with sums in float32.
NARROW = (
    "dense",
    "matmul",
    *(f"{way}{n}d" for way in ("conv", "deconv") for n in (1, 2, 3)),
)

# Not here: batch_norm_train, which takes images of 16 bits as they come and computes in float32 inside its kernel.
# Results that span many orders of magnitude, long sums of results, differences of nearly equal numbers.
WIDE = (
    *("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "power", "rsqrt", "reciprocal"),
    *("sinh", "cosh", "tan", "arcsin", "arccos", "erfinv", "gamma", "gammaln", "digamma", "softplus"),
    *("softmax", "log_softmax", "softmin", "masked_softmax", "masked_log_softmax", "logsumexp"),
    *("layer_norm", "rms_norm", "group_norm", "instance_norm", "batch_norm_infer"),
    *("sum", "mean", "prod", "cumsum", "var", "std", "norm2"),
    *("softmax_cross_entropy", "cross_entropy", "kl_div", "bce", "bce_with_logits", "poisson_nll"),
    *("huber", "hinge", "squared_hinge", "smooth_l1", "_ctc"),
)

_lock = threading.Lock()
_set: list[tuple[tuple[str, ...], tuple[str, ...]]] = []  # what the core was told last


def set_lists(narrow: Iterable[str] = NARROW, wide: Iterable[str] = WIDE) -> None:
    """Says which operators compute in 16 bits (`narrow`) and which in float32 (`wide`), for all threads.

    Names as in `dlcore.ops.names()`. Compiled functions are compiled again at their next call. Errors: KeyError for an
    unknown operator, ValueError for one that is on both lists or has no dtype to choose.

    >>> set_lists(narrow=["matmul"])
    >>> list_lp16_ops()
    ['matmul']
    >>> set_lists()
    """
    chosen = (tuple(dict.fromkeys(narrow)), tuple(dict.fromkeys(wide)))
    both = sorted(set(chosen[0]) & set(chosen[1]))
    if both:
        raise ValueError(f"amp: {', '.join(both)} cannot compute both in 16 bits and in float32")
    numbers = [[_number(name) for name in names] for names in chosen]
    with _lock:
        _core.set_autocast_lists(*numbers)
        changed = bool(_set) and _set[0] != chosen
        _set[:] = [chosen]
    if changed:
        from dlcore.graph import invalidate

        invalidate()


def ensure_lists() -> None:
    """Tells the core the lists unless it knows them."""
    if not _set:
        set_lists()


def _number(name: str) -> int:
    if name not in RECORDS:
        raise KeyError(f"amp: there is no operator {name!r}")
    return int(get(name).id)


def list_lp16_ops(target_dtype: str = "bfloat16") -> list[str]:
    """The operators that compute in 16 bits.

    >>> "dense" in list_lp16_ops()
    True
    """
    ensure_lists()
    return list(_set[0][0])


def list_fp32_ops(target_dtype: str = "bfloat16") -> list[str]:
    """The operators that compute in float32.

    >>> "softmax" in list_fp32_ops()
    True
    """
    ensure_lists()
    return list(_set[0][1])


def list_lp16_fp32_ops(target_dtype: str = "bfloat16") -> list[str]:
    """The operators that take their operands as they come; of several dtypes, the widest.

    >>> "relu" in list_lp16_fp32_ops()
    True
    """
    ensure_lists()
    return sorted(set(RECORDS) - set(_set[0][0]) - set(_set[0][1]))
