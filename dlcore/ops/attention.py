"""Stanzas: attention. `scaled_dot_product_attention` chooses between the tiled operators, which never store the scores,
and ordinary ones, where the mask's own gradient needs them. Which weights are dropped follows from a key of three
numbers, so that nothing of the size of the scores is stored for that either."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import _core
from ._record import op as _op
from ._samples import bad, case, fixed, real, whole
from .functions import function

if TYPE_CHECKING:
    from .._core import NDArray

# fmt: off
op = partial(_op, family="attention", np_name="")
_tol = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 1e-1}
_q, _k, _v = real(shape=(2, 3, 4)), real(shape=(2, 5, 4)), real(shape=(2, 5, 2))
_mask = fixed([[0.0, -1.0, 2.0, float("-inf"), 0.5], [float("-inf")] * 5, [0.0] * 5])
_none, _wide = fixed(0.0), real(shape=(37, 3))
_ARGS = "causal: bool = False, scale: float = 1.0"
_SAME = "causal=causal, scale=scale"

# A line that may look at nothing has only -inf: its weights are 0, not NaN.
_WEIGHTS = ("s = _above(matmul(q, swap_last(k)) * scale + mask, causal=causal, value=-1e999);"
            "m = stop_gradient(max(s, axis=-1, keepdims=True)); m = where(isfinite(m), m, zeros_like(m));"
            "e = exp(s - m); t = sum(e, axis=-1, keepdims=True); p = e / where(t > 0, t, ones_like(t));")
op("_attention", f"q, k, v, mask, {_ARGS}",
   "softmax(q k^T * scale + mask) v in tiles, and the logarithm of each line's sum as two numbers.", outs="y, lse",
   dtype="promote", infer="attention", kernel="attention",
   grad={n: f"dq, dk, dv = _attention_grad(q, k, v, mask, y, lse, gy, {_SAME}); d{n}" for n in "qkv"},
   ref="dlcore.ops.reference_attention.attention", tol=_tol, smooth=False,  # lse serves the gradient, and has none
   samples=[case(_q, _k, _v, _none), case(_q, _k, _v, _mask, scale=0.5),
            case(_q, real(shape=(2, 3, 4)), real(shape=(2, 3, 4)), _none, causal=True)],
   errors=[bad("expected query", _q, real(shape=(2, 5, 3)), _v, _none), bad("leading axes", _q, _k._replace(
       shape=(3, 5, 4)), _v, _none), bad("cannot be broadcast", _q, _k, _v, real(shape=(4, 5))),
       bad("mask that broadcasts", _q, _k, _v, real(shape=(2, 2, 3, 5))),
       bad("one number of dimensions", _q, _k, real(shape=(5, 2)), _none),
       bad("needs floating-point arrays, got int64", *[whole(shape=(2, 3, 4))] * 3, fixed(0, "int64"),
           raises="TypeError")],
   formula="Vaswani et al., arXiv:1706.03762; in tiles Dao et al., arXiv:2205.14135")
op("_attention_grad", f"q, k, v, mask, y, lse, g, {_ARGS}", "The gradients of _attention by q, k and v.",
   outs="dq, dk, dv", dtype="promote", infer="attention_grad", kernel="attention_grad",
   define=_WEIGHTS + "d = matmul(g, swap_last(v)); ds = p * (d - sum(d * p, axis=-1, keepdims=True)) * scale;"
          "matmul(ds, k), matmul(swap_last(ds), q), matmul(swap_last(p), g)",
   ref="dlcore.ops.reference_attention.attention_grad", tol=_tol, smooth=False,  # its kernel takes y and lse as given
   samples=[case(_q, _k, _v, _none, real(shape=(2, 3, 2)), real(shape=(2, 3, 2)), real(shape=(2, 3, 2))),
            case(_q, _q, _q, _none, _q, real(shape=(2, 3, 2)), _q, causal=True, scale=0.5)])
_key = fixed([2**40 + 7, 5, 2**23 + 3], "int64")
op("_attention_dropped", f"q, k, v, mask, key, {_ARGS}",
   "_attention with weights dropped: the key of _drop_key says which.", outs="y, lse", dtype="attention",
   infer="attention_dropped", kernel="attention_dropped",
   grad={n: f"dq, dk, dv = _attention_dropped_grad(q, k, v, mask, key, y, lse, gy, {_SAME}); d{n}" for n in "qkv"},
   ref="dlcore.ops.reference_attention.attention_dropped", tol=_tol, smooth=False,  # lse has no gradient here either
   samples=[case(_q, _k, _v, _mask, _key, scale=0.5), case(_wide, _wide, _wide, _none, _key, causal=True),
            case(_q, _k, _v, _none, fixed([3, 1, 0], "int64"))],
   errors=[bad("a key of three int64 numbers", _q, _k, _v, _none, fixed([1, 2], "int64")),
           bad("a key of three int64", _q, _k, _v, _none, fixed([1, 2, 3], "float64")),
           bad("a threshold from 0", _q, _k, _v, _none, fixed([1, 2, 2**24], "int64"))])
op("_attention_dropped_grad", f"q, k, v, mask, key, y, lse, g, {_ARGS}",
   "The gradients of _attention_dropped by q, k and v.", outs="dq, dk, dv", dtype="attention",
   infer="attention_dropped_grad", kernel="attention_dropped_grad",
   define=_WEIGHTS + "d = _dropped(matmul(g, swap_last(v)), key);"
          "ds = p * (d - sum(d * p, axis=-1, keepdims=True)) * scale;"
          "matmul(ds, k), matmul(swap_last(ds), q), matmul(swap_last(_dropped(p, key)), g)",
   ref="dlcore.ops.reference_attention.attention_dropped_grad", tol=_tol, smooth=False,  # y and lse are taken as given
   samples=[case(_q, _k, _v, _none, _key, real(shape=(2, 3, 2)), real(1, 2, shape=(2, 3, 2)), real(shape=(2, 3, 2))),
            case(_wide, _wide, _wide, _none, _key, _wide, real(1, 2, shape=(37, 2)), _wide, causal=True, scale=0.5)])
op("_dropped", "x, key", "x with the numbers dropped that _attention_dropped drops of its weights, the others larger.",
   dtype="first", infer="dropped", kernel="dropped", grad={"x": "_dropped(gy, key)"},
   ref="dlcore.ops.reference_attention.dropped", samples=[case(real(shape=(2, 19, 35)), _key)],
   errors=[bad("at least 2 dimensions", real(shape=(3,)), _key),
           bad("a key of three int64", _q, fixed([1.0, 2.0, 3.0], "float64"))])
op("_above", "x, causal: bool = True, value: float = 0.0",
   "x with `value` above the diagonal of its last two axes, if causal.", dtype="same", infer="above", kernel="above",
   grad="_above(gy, causal=causal)", ref="dlcore.ops.reference_attention.above",
   samples=[case(real(shape=(2, 3, 4)), value=-2.0), case(real(shape=(4, 2))), case(real(shape=(3, 3)), causal=False)])
# fmt: on


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    causal: bool = False,
    scale: float | None = None,
    dropout: Any = 0.0,
) -> NDArray:
    """softmax(query key^T * scale) value (Vaswani et al., arXiv:1706.03762).

    query (..., l, d), key (..., s, d), value (..., s, e); leading axes are broadcast. The result is (..., l, e) in
    their common dtype. mask: truth values, True where a query may look, or numbers added to the scores; it
    broadcasts to (..., l, s). causal: query i looks at keys 0 to i only. scale: one over the root of d, if None.
    dropout: rate at which weights are dropped, in training; or an array of one number, read whenever it runs. A query
    that may look at nothing gets zeros. Raises ValueError where the shapes do not belong together.

    >>> from dlcore import nd
    >>> scaled_dot_product_attention(nd.zeros((1, 2)), nd.zeros((3, 2)), nd.array([[1.0], [2.0], [6.0]])).tolist()
    [[3.0]]
    """
    F = function
    if query.ndim < 2 or key.ndim < 2 or value.ndim < 2:
        shapes = [tuple(a.shape) for a in (query, key, value)]
        raise ValueError(
            f"scaled_dot_product_attention: expected arrays of at least 2 dimensions, got {shapes[0]}, {shapes[1]} and"
            f" {shapes[2]}"
        )
    if scale is None:
        scale = query.shape[-1] ** -0.5
    query, key, value = _alike(query, key, value)
    if mask is None:
        mask = F("zeros")((), query._dtype_name, query._device)
    elif mask._dtype_name == "bool":
        mask = F("where")(mask, F("zeros")((), query._dtype_name, query._device), float("-inf"))
    drop = _drop_key(query, dropout)
    if not (_core.is_recording() and mask._tracked):
        if drop is None:
            return F("_attention")(query, key, value, mask, causal, scale)[0]
        return F("_attention_dropped")(query, key, value, mask, drop, causal, scale)[0]
    scores = F("matmul")(F("multiply")(query, scale), F("swap_last")(key))
    scores = F("_above")(F("add")(scores, mask), causal, float("-inf"))
    weights = F("masked_softmax")(scores, F("not_equal")(scores, float("-inf")), -1)
    return F("matmul")(weights if drop is None else F("_dropped")(weights, drop), value)


def _drop_key(like: Any, rate: Any) -> Any:
    """From what it follows which weights are dropped; None where none are."""
    if not _core.is_training():
        return None
    if not isinstance(rate, _core.NDArray):
        if rate == 0:
            return None
        rate = function("full")(float(rate), (), "float64", like._device)
    return function("_drop_key")(like, rate)


def _alike(*arrays: Any) -> tuple[Any, ...]:
    """The arrays with one number of axes and the same leading ones. Views."""
    leading = [tuple(a.shape[:-2]) for a in arrays]
    if leading.count(leading[0]) == len(leading):
        return arrays
    longest = max(map(len, leading))
    padded = [(1,) * (longest - len(s)) + s for s in leading]
    common = tuple(max(sizes) if 0 not in sizes else 0 for sizes in zip(*padded, strict=True))
    return tuple(function("broadcast_to")(a, (*common, *a.shape[-2:])) for a in arrays)


# The products of MXNet's transformers: queries, keys and values of all heads interleaved in the last axis. ----------


def _heads(name: str, x: Any, heads: int, kinds: int) -> list[Any]:
    """(length, batch, heads * kinds * width) as `kinds` arrays (batch * heads, length, width)."""
    if x.ndim != 3 or heads < 1 or x.shape[2] % (heads * kinds):
        raise ValueError(
            f"{name}: expected (length, batch, {heads} heads * {kinds} * width), got shape {tuple(x.shape)}"
        )
    length, batch, wide = x.shape
    width = wide // (heads * kinds)
    split = function("transpose")(function("reshape")(x, (length, batch, heads, kinds, width)), (3, 1, 2, 0, 4))
    flat = function("reshape")(split, (kinds, batch * heads, length, width))
    return [function("squeeze")(part, 0) for part in function("split")(flat, kinds, 0)]


def _scores(q: Any, k: Any) -> Any:
    return function("matmul")(function("multiply")(q, q.shape[-1] ** -0.5), function("swap_last")(k))


def _mixed(attention: Any, v: Any, heads: int) -> Any:
    mixed = function("matmul")(attention, v)
    batch, length, width = mixed.shape
    mixed = function("transpose")(function("reshape")(mixed, (batch // heads, heads, length, width)), (2, 0, 1, 3))
    return function("reshape")(mixed, (length, batch // heads, heads * width))


def interleaved_matmul_selfatt_qk(queries_keys_values: Any, heads: int) -> NDArray:
    """Scores (batch * heads, l, l), over the root of the width, of (l, batch, heads * 3 * width).

    >>> from dlcore import nd
    >>> interleaved_matmul_selfatt_qk(nd.ones((2, 1, 12)), 1).tolist()[0][0]
    [2.0, 2.0]
    """
    q, k, _ = _heads("interleaved_matmul_selfatt_qk", queries_keys_values, heads, 3)
    return _scores(q, k)


def interleaved_matmul_selfatt_valatt(queries_keys_values: Any, attention: Any, heads: int) -> NDArray:
    """The values mixed by attention (batch * heads, l, l): (l, batch, heads * width).

    >>> from dlcore import nd
    >>> interleaved_matmul_selfatt_valatt(nd.ones((2, 1, 12)), nd.ones((1, 2, 2)), 1).shape
    (2, 1, 4)
    """
    return _mixed(attention, _heads("interleaved_matmul_selfatt_valatt", queries_keys_values, heads, 3)[2], heads)


def interleaved_matmul_encdec_qk(queries: Any, keys_values: Any, heads: int) -> NDArray:
    """Scores (batch * heads, l, s) of queries (l, batch, heads * width) and keys_values (s, batch, heads * 2 * width).

    >>> from dlcore import nd
    >>> interleaved_matmul_encdec_qk(nd.ones((2, 1, 4)), nd.ones((3, 1, 8)), 1).shape
    (1, 2, 3)
    """
    (q,) = _heads("interleaved_matmul_encdec_qk", queries, heads, 1)
    return _scores(q, _heads("interleaved_matmul_encdec_qk", keys_values, heads, 2)[0])


def interleaved_matmul_encdec_valatt(keys_values: Any, attention: Any, heads: int) -> NDArray:
    """The values mixed by attention (batch * heads, l, s): (l, batch, heads * width).

    >>> from dlcore import nd
    >>> interleaved_matmul_encdec_valatt(nd.ones((3, 1, 8)), nd.ones((1, 2, 3)), 1).shape
    (2, 1, 4)
    """
    return _mixed(attention, _heads("interleaved_matmul_encdec_valatt", keys_values, heads, 2)[1], heads)


FUNCTIONS = (
    scaled_dot_product_attention, interleaved_matmul_selfatt_qk, interleaved_matmul_selfatt_valatt,
    interleaved_matmul_encdec_qk, interleaved_matmul_encdec_valatt,
)  # fmt: skip
