"""Stanzas: sums, means, extremes and what is built from them. Negative axes count from the end."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, flag, real

# fmt: off
op = partial(_op, family="reduce")
_KEEP = "axis: opt_ints = None, keepdims: bool = False"
_REDUCED = "axis=axis, keepdims=keepdims"
_axis = bad("axis 2", real(shape=(2, 3)), axis=2, raises="IndexError")
_twice = bad(r"axis -2 is named twice in \(0, -2\)", real(shape=(2, 3)), axis=(0, -2))


def _cases(draw, **more):
    d3 = draw._replace(shape=(2, 3, 4))
    return [case(d3), case(d3, axis=1), case(d3, axis=(0, -1), keepdims=True), case(draw._replace(shape=()))]


_plain = _cases(real(-2, 2)) + [case(real(shape=(0, 3)), axis=0), case(real(shape=(5, 1)), axis=(0, 1))]
_apart = _cases(real(-2, 2, apart=True))

op("sum", f"x, {_KEEP}", "Sum over the given axes. Whole numbers and truth values are added up in 64 bits.",
   dtype="sum", infer="reduce", kernel="sum", grad="_unreduce(gy, x, axis, keepdims)",
   ref=f"np.sum(x, {_REDUCED})", samples=_plain, errors=[_axis, _twice], method=True, aliases="sum_axis",
   tol={"float16": 4e-3, "bfloat16": 4e-2}, example="sum([[1., 2.], [3., 4.]], axis=0) -> [4., 6.]")

op("mean", f"x, {_KEEP}", "Mean over the given axes; whole numbers give float32. The mean of nothing is NaN.",
   dtype="mean", infer="reduce", kernel="mean",
   grad="_unreduce(gy / _axis_size(x, axis), x, axis, keepdims)", ref=f"np.mean(x, {_REDUCED})",
   samples=_cases(real(-2, 2)), errors=[_axis], method=True, example="mean([[1., 2.], [3., 4.]], axis=0) -> [2., 3.]")

# The quotient y / x fails where x is 0: there the product of the others counts, and only if it is the one zero.
op("prod", f"x, {_KEEP}", "Product over the given axes. Whole numbers are multiplied in 64 bits.",
   dtype="sum", infer="reduce", kernel="prod",
   grad="zero = x == 0; others = where(zero, 1.0, x); p = prod(others, axis=axis, keepdims=True);"
        "n = sum(cast(zero, 'int32'), axis=axis, keepdims=True);"
        "_unreduce(gy, x, axis, keepdims) * where(n == 0, p / others, where((n == 1) & zero, p, 0.0))",
   ref=f"np.prod(x, {_REDUCED})", samples=_cases(real(0.5, 2)) + [case(real(shape=(0, 3)), axis=0)], errors=[_axis],
   method=True, tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 1e-1}, example="prod([[1., 2.], [3., 4.]]) -> 24.")


def _extreme(name: str, word: str, sign: str) -> None:
    op(name, f"x, {_KEEP}", f"The {word} number along the axes; NaN if there is one. Equal ones share the gradient.",
       dtype="same", infer="reduce", kernel=name,
       grad="hit = x == _unreduce(y, x, axis, keepdims); n = sum(cast(hit, 'int32'), axis=axis, keepdims=True);"
            "where(hit, _unreduce(gy, x, axis, keepdims) / n, 0.0)",
       ref=f"np.{name}(x, {_REDUCED})", samples=_apart, method=True, aliases=f"{name}_axis",
       errors=[_axis, bad("zero-size", real(shape=(0, 3)), axis=0)],
       example=f"{name}([[1., 4.], [3., 2.]], axis=1) -> {'[4., 3.]' if name == 'max' else '[1., 2.]'}")
    op(f"arg{name}", "x, axis: opt_int = None, keepdims: bool = False",
       f"Where the {word} number along the axis is (int64); the first of equal ones, a NaN before all others.",
       dtype="index_out", infer="arg_reduce", kernel=f"arg{name}", ref=f"np.arg{name}(x, {_REDUCED})", method=True,
       samples=[case(real(shape=(2, 3, 4), apart=True)), case(real(shape=(2, 3, 4), apart=True), axis=1),
                case(real(shape=(2, 3), apart=True), axis=-1, keepdims=True)],
       errors=[_axis, bad("zero-size", real(shape=(0, 3)), axis=0)],
       example=f"arg{name}([[1., 4.], [3., 2.]], axis=1) -> {'[1, 0]' if name == 'max' else '[0, 1]'}")


_extreme("max", "largest", ">")
_extreme("min", "smallest", "<")

op("any", f"x, {_KEEP}", "Whether any number along the axes is true (not zero).", dtype="bool_out", infer="reduce",
   kernel="any", ref=f"np.any(x, {_REDUCED})", samples=_cases(flag()), errors=[_axis], method=True,
   example="any([[True, False], [False, False]], axis=1) -> [True, False]")
op("all", f"x, {_KEEP}", "Whether all numbers along the axes are true (not zero).", dtype="bool_out", infer="reduce",
   kernel="all", ref=f"np.all(x, {_REDUCED})", samples=_cases(flag()), errors=[_axis], method=True,
   example="all([[True, True], [False, True]], axis=1) -> [True, False]")

op("cumsum", "x, axis: opt_int = None, reverse: bool = False",
   "Running sum along the axis (of all numbers in order, if None); with reverse from the end to the start.",
   dtype="sum", infer="cumulative", kernel="cumsum",
   grad="_reshape_like(cumsum(gy, axis=axis, reverse=not reverse), x)", method=True,
   ref="np.cumsum(x, axis=axis) if not reverse else np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)",
   samples=[case(real(shape=(2, 3))), case(real(shape=(2, 3, 4)), axis=1),
            case(real(shape=(2, 5)), axis=-1, reverse=True),
            case(real(shape=(0, 3)), axis=0)],
   errors=[_axis], example="cumsum([1., 2., 3.]) -> [1., 3., 6.]", tol={"float16": 4e-3, "bfloat16": 4e-2})

op("_cumprod", "x, axis: opt_int = None",
   "Running product along the axis (of all numbers in order, if None), for those who need no gradient.",
   dtype="sum", infer="cumulative", kernel="cumprod", ref="np.cumprod(x, axis=axis)",
   samples=[case(real(shape=(2, 3))), case(real(shape=(2, 3, 4)), axis=1), case(real(shape=(0, 3)), axis=0)],
   errors=[_axis], tol={"float16": 4e-3, "bfloat16": 4e-2})

op("_axis_size", "x: like, axis: opt_ints = None", "How many numbers a reduction over axis adds up, in x's dtype.",
   dtype="floating", infer="axis_size", kernel="axis_size",
   ref="np.asarray(x.size if axis is None else np.prod([x.shape[a] for a in np.atleast_1d(axis)]), x.dtype)",
   samples=[case(real(shape=(2, 3))), case(real(shape=(2, 3, 4)), axis=(0, -1))])
op("_unreduce", f"g, x: like, {_KEEP}", "A reduced array put back to x's shape (a view): the inverse of a sum.",
   dtype="same", infer="unreduce", kernel="view", grad={"g": f"sum(gy, {_REDUCED})"},
   ref="np.broadcast_to(g.reshape([1 if axis is None or a in [k % x.ndim for k in np.atleast_1d(axis)] else n "
       "for a, n in enumerate(x.shape)]), x.shape)",
   samples=[case(real(shape=(2, 4)), real(shape=(2, 3, 4)), axis=1), case(real(shape=()), real(shape=(2, 3))),
            case(real(shape=(1, 3, 1)), real(shape=(2, 3, 4)), axis=(0, 2), keepdims=True)])
op("sum_to", "x, shape: ints", "Sums a broadcast array back to the shape it came from.", dtype="same", infer="sum_to",
   kernel="sum_to", grad="broadcast_like(gy, x)", np_name="", tol={"float16": 4e-3, "bfloat16": 4e-2},
   ref="x.sum(axis=tuple(range(x.ndim - len(shape)))).sum(axis=tuple(i for i, n in enumerate(shape) if n == 1 != "
       "x.shape[x.ndim - len(shape) + i]), keepdims=True).reshape(shape)",
   samples=[case(real(shape=(2, 3, 4)), shape=(3, 1)), case(real(shape=(2, 3)), shape=(1, 3)),
            case(real(shape=(2, 3)), shape=())],
   example="sum_to([[1., 2.], [3., 4.]], (1, 2)) -> [[4., 6.]]")

op("var", f"x, {_KEEP}, ddof: float = 0.0", "Variance: the mean square distance from the mean, divided by n - ddof "
   "(or by 0, if that is negative).", dtype="mean", infer="reduce", kernel="var",
   grad="_unreduce(gy, x, axis, keepdims) * (x - mean(x, axis=axis, keepdims=True))"
        "* (2.0 / maximum(_axis_size(x, axis) - ddof, 0.0))",
   define="d = _squared_difference(x, mean(x, axis=axis, keepdims=True));"
          f"sum(d, {_REDUCED}) / maximum(_axis_size(x, axis) - ddof, 0.0)",
   ref=f"np.var(x, {_REDUCED}, ddof=ddof)",
   samples=[case(real(shape=(2, 3, 4))), case(real(shape=(2, 3)), axis=1, ddof=1.0),
                                                      case(real(shape=(2, 3, 4)), axis=(0, 2), keepdims=True)],
   method=True, tol={"float16": 2e-2, "bfloat16": 1e-1}, example="var([1., 3.]) -> 1.")
op("std", f"x, {_KEEP}, ddof: float = 0.0", "Standard deviation: the root of the variance.",
   define="sqrt(var(x, axis=axis, keepdims=keepdims, ddof=ddof))", method=True,
   ref=f"np.std(x, {_REDUCED}, ddof=ddof)",
   samples=[case(real(shape=(2, 3, 4))), case(real(shape=(2, 3)), axis=1, ddof=1.0)],
   tol={"float16": 2e-2, "bfloat16": 1e-1}, example="std([1., 3.]) -> 1.")

op("logsumexp", f"x, {_KEEP}", "log(sum(exp(x))) along the axes, without overflow.",
   define="m = stop_gradient(max(x, axis=axis, keepdims=True)); m = where(isfinite(m), m, 0.0);"
          "y = log(sum(exp(x - m), axis=axis, keepdims=True)) + m; "
          "sum(y, axis=axis, keepdims=keepdims)",  # a sum over axes of length 1 only drops them
   grad="_unreduce(gy, x, axis, keepdims) * exp(x - _unreduce(y, x, axis, keepdims))",
   ref=f"sp.logsumexp(x, {_REDUCED})", samples=_cases(real(-2, 2)), tol={"float16": 4e-3, "bfloat16": 4e-2},
   example="logsumexp([[0., 0.]], axis=1) -> [0.693147]")

# At the origin, where the length has no derivative, 0 is taken.
op("norm2", f"x, {_KEEP}", "The length of vectors along the axes: the root of the sum of squares.", dtype="mean",
   infer="reduce", kernel="norm2",
   define=f"s = sum(square(x), {_REDUCED}); zero = s == 0; where(zero, s, sqrt(where(zero, 1.0, s)))", np_name="",
   grad="x * _unreduce(gy / where(y == 0, 1.0, y), x, axis, keepdims)", ref=f"np.sqrt(np.sum(x * x, {_REDUCED}))",
   samples=_cases(real(0.5, 2)), errors=[_axis], tol={"float16": 4e-3, "bfloat16": 4e-2},
   example="norm2([[3., 4.]], axis=1) -> [5.]")

op("count_nonzero", f"x, {_KEEP}", "How many numbers along the axes are not zero (int64).",
   define=f"sum(not_equal(x, 0), {_REDUCED})", ref=f"np.count_nonzero(x, {_REDUCED})",
   smooth=False, samples=[case(fixed([[0.0, 1.0], [2.0, 0.0]])), case(fixed([[0.0, 1.0], [2.0, 3.0]]), axis=1)],
   example="count_nonzero([0., 2., 3.]) -> 2")
