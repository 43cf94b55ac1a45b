"""Stanzas: pooling over (batch, channels, ...) with one, two or three spatial axes: largest, mean, sum, p-norm."""

from functools import partial
from typing import Any

from ._record import op as _op
from ._samples import bad, case, real

# fmt: off
op = partial(_op, family="conv", np_name="")
_ORACLE = "dlcore.ops.reference_conv."
_half = {"float16": 2e-3, "bfloat16": 2e-2}
_CEIL = "with ceil a last window may hang over the end"
_DATA = {1: "[[[1., 2.]]]", 2: "[[[[1., 2.], [3., 4.]]]]", 3: "[[[[[1., 2.]]]]]"}
_WINDOW = {1: "(2,)", 2: "(2, 2)", 3: "(1, 1, 2)"}


def _result(nd: int, value: str) -> str:
    return "[" * (nd + 2) + value + "]" * (nd + 2)


def _pools(nd: int) -> None:
    attrs = f"kernel: ints, stride: opt_ints = None, pad: ints = {(0,) * nd}, ceil: bool = False"
    same = "kernel=kernel, stride=stride, pad=pad, ceil=ceil"
    counted = "kernel=kernel, stride=stride, pad=pad, count_include_pad=count_include_pad, ceil=ceil"
    with_count = attrs.replace("ceil:", "count_include_pad: bool = True, ceil:")
    rule = "pool2d" if nd == 2 else f"pool{nd}d"
    x = real(shape=(2, 3, *(4, 5, 6)[-nd:]), apart=True)
    plain: dict[str, Any] = dict(kernel=(2,) * nd)
    hard: dict[str, Any] = dict(kernel=(2, 3, 2)[-nd:], stride=(1, 2, 1)[-nd:], pad=(0, 1, 1)[-nd:])
    over: dict[str, Any] = dict(kernel=(2, 2, 3)[-nd:], stride=(2, 2, 2)[-nd:], pad=(1, 0, 1)[-nd:], ceil=True)
    cases = [case(x, **a) for a in (plain, hard, over)]
    g_hard = real(shape=(2, 3, *(3, 3, 7)[-nd:]))
    g_over = real(shape=(2, 3, *(3, 3, 4)[-nd:]))
    errors = [bad("larger than the padded input", x, kernel=9), bad(f"{nd + 2} dim", real(shape=(3, 4)), kernel=2),
              bad("pad", x, kernel=2, pad=2), bad("kernel must be at least 1, got", x, kernel=0),
              bad("kernel must be one integer", x, kernel=(2,) * (nd + 1))]
    mean_errors = [*errors, bad("needs a floating-point", real(shape=(1, 1, *(4, 5, 6)[-nd:]), dtype="int32"),
                                kernel=2, raises="TypeError")]

    name = f"max_pool{nd}d"
    op(name, f"x, {attrs}", f"The largest number of each window; stride None means the window; {_CEIL}.",
       dtype="same", infer=rule, kernel=name, grad=f"_{name}_grad(gy, x, {same})", ref=_ORACLE + "max_pool",
       samples=cases, errors=errors, example=f"{name}({_DATA[nd]}, {_WINDOW[nd]}) -> "
       + _result(nd, "4." if nd == 2 else "2."))
    op(f"_{name}_grad", f"g, x, {attrs}", "g sent back to the (first) largest number of each window of x.",
       dtype="first", infer="like1", kernel=f"{name}_grad", grad={"g": f"_{name}_pick(gy, x, {same})"},
       ref=_ORACLE + "max_pool_grad", samples=[case(g_hard, x, **hard), case(g_over, x, **over)])
    op(f"_{name}_pick", f"g, x, {attrs}", "The numbers of g at the places where the windows of x have their maxima.",
       dtype="first", infer=rule, kernel=f"{name}_pick", grad={"g": f"_{name}_grad(gy, x, {same})"},
       ref=_ORACLE + "max_pool_pick",
       samples=[case(real(shape=x.shape), x, **plain), case(real(shape=x.shape), x, **over)])

    name = f"avg_pool{nd}d"
    op(name, f"x, {with_count}",
       f"The mean of each window; padding counts as zeros unless told not to; {_CEIL}.",
       dtype="same", infer=rule, kernel=name, grad=f"_{name}_grad(gy, x, {counted})", ref=_ORACLE + "avg_pool",
       samples=[*cases, case(x, **hard, count_include_pad=False), case(x, **over, count_include_pad=False)],
       errors=mean_errors, tol=_half, example=f"{name}({_DATA[nd]}, {_WINDOW[nd]}) -> "
       + _result(nd, "2.5" if nd == 2 else "1.5"))
    op(f"_{name}_grad", f"g, x: like, {with_count}", "g shared out over each window.",
       dtype="first", infer="like1", kernel=f"{name}_grad", grad={"g": f"{name}(gy, {counted})"},
       ref=_ORACLE + "avg_pool_grad", tol=_half,
       samples=[case(g_hard, x, **hard, count_include_pad=False), case(g_over, x, **over)])

    name = f"sum_pool{nd}d"
    op(name, f"x, {attrs}", f"The sum of each window; {_CEIL}.", dtype="same",
       infer="sum_pool2d" if nd == 2 else rule, kernel=name, grad=f"_{name}_grad(gy, x, {same})",
       ref=_ORACLE + "sum_pool", samples=cases, errors=mean_errors, tol=_half,
       example=f"{name}({_DATA[nd]}, {_WINDOW[nd]}) -> " + _result(nd, "10." if nd == 2 else "3."))
    op(f"_{name}_grad", f"g, x: like, {attrs}", "g added to every place of each window.", dtype="first",
       infer="like1", kernel=f"{name}_grad", grad={"g": f"{name}(gy, {same})"}, ref=_ORACLE + "sum_pool_grad",
       tol=_half, samples=[case(g_hard, x, **hard), case(g_over, x, **over)])

    # The root has no slope at 0: a window of zeros passes no gradient on.
    name = f"lp_pool{nd}d"
    op(name, f"x, kernel: ints, p: int = 2, stride: opt_ints = None, pad: ints = {(0,) * nd}, ceil: bool = False",
       f"The p-norm of each window, (sum of |x| ** p) ** (1 / p), p from 1 on; {_CEIL}.", infer="check_order",
       define=f"s = sum_pool{nd}d(power(abs(x), p), {same}); none = equal(s, 0.0);"
              "where(none, 0.0, power(where(none, 1.0, s), 1.0 / p))",
       ref=_ORACLE + "lp_pool", samples=[case(real(0.2, 2, shape=x.shape), **plain, p=3),
                                         case(real(0.2, 2, shape=x.shape), **hard)],
       errors=[*errors, bad("p, the order of the norm, must be at least 1, got 0", x, kernel=2, p=0)],
       tol={"float32": 1e-5, "float16": 1e-2, "bfloat16": 1e-1},
       example=f"{name}({_DATA[nd]}, {_WINDOW[nd]}) -> " + _result(nd, "5.477226" if nd == 2 else "2.236068"))

    axes = tuple(range(2, nd + 2))
    for word, fold in (("avg", "mean"), ("max", "max"), ("sum", "sum")):
        name = f"global_{word}_pool{nd}d"
        value = {"avg": "1.5", "max": "2.", "sum": "3."} if nd != 2 else {"avg": "2.5", "max": "4.", "sum": "10."}
        op(name, "x", f"The {'mean' if word == 'avg' else 'largest number' if word == 'max' else 'sum'} of each"
           f" channel: {nd} spatial axes become 1 long.", define=f"{fold}(x, axis={axes}, keepdims=True)",
           ref=f"x.{fold}(axis={axes}, keepdims=True)", samples=[case(x)], tol=_half,
           example=f"{name}({_DATA[nd]}) -> " + _result(nd, value[word]))


for _nd in (1, 2, 3):
    _pools(_nd)
