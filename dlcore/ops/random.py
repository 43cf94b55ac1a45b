"""Stanzas: random numbers. They come from a counter-based generator (Philox 4x32-10), so that a seed gives the same
numbers on every device and with any number of threads."""

from functools import partial

from . import _gamma_slope  # noqa: F401  (declares a kernel)
from ._record import op as _op
from ._samples import Draw, bad, case, fixed, real

# fmt: off
op = partial(_op, family="random", dtype="attr:dtype", infer="attr_shape", random=True, np_name="")
_DT = "shape: ints = (), dtype: dtype = 'float32', device: str = ''"
_SOURCE = "Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011"
_many = dict(shape=(4000,))
_neg = bad("negative", shape=(-1,))

op("random_uniform", f"low: float = 0.0, high: float = 1.0, {_DT}", "Numbers spread evenly over [low, high).",
   kernel="random_uniform", ref="dlcore.ops.reference.uniform_moments", errors=[_neg], formula=_SOURCE,
   samples=[case(**_many), case(low=-1.0, high=3.0, **_many), case(shape=(0, 2))],
   example="random_uniform(2., 2., (2,)) -> [2., 2.]")
op("random_normal", f"loc: float = 0.0, scale: float = 1.0, {_DT}",
   "Numbers with a normal distribution (Box and Muller's method).",
   kernel="random_normal", ref="dlcore.ops.reference.normal_moments", errors=[_neg, bad("scale", scale=-1.0)],
   formula=_SOURCE,
   samples=[case(**_many), case(loc=2.0, scale=0.5, **_many)], example="random_normal(3., 0., (2,)) -> [3., 3.]")
_scale = bad("scale", scale=-1.0)
op("random_exponential", f"scale: float = 1.0, {_DT}", "Exponentially distributed numbers with mean `scale`.",
   kernel="random_exponential", ref="dlcore.ops.reference_random.exponential", errors=[_neg, _scale], formula=_SOURCE,
   samples=[case(**_many), case(scale=3.0, **_many)], example="random_exponential(0., (2,)) -> [0., 0.]")
for _name, _what in (("gumbel", "Gumbel-distributed numbers (the largest of many)."),
                     ("logistic", "Numbers with a logistic distribution."),
                     ("laplace", "Numbers with a Laplace distribution (two exponential ones back to back).")):
    op(f"random_{_name}", f"loc: float = 0.0, scale: float = 1.0, {_DT}", _what, kernel=f"random_{_name}",
       ref=f"dlcore.ops.reference_random.{_name}", errors=[_neg, _scale], formula=_SOURCE,
       samples=[case(**_many), case(loc=2.0, scale=0.5, **_many)], example=f"random_{_name}(3., 0., (2,)) -> [3., 3.]")

# Parameters as arrays: one draw for each element.
_one = partial(_op, family="random", dtype="floating", random=True, np_name="")
_count = partial(_op, family="random", dtype="attr:dtype", random=True, np_name="")


def _all(value: float, shape: tuple[int, ...] = (4000,)) -> Draw:
    return real(value, value, shape=shape)


_one("random_between", "low, high", "Numbers spread evenly over [low, high), one for each pair.",
     kernel="random_between",
     grad={"low": "gy * where(high == low, 1.0, (high - y) / where(high == low, 1.0, high - low))",
           "high": "gy * where(high == low, 0.0, (y - low) / where(high == low, 1.0, high - low))"},
     smooth=False,  # a second derivative would hold the draw still, finite differences do not
     ref="dlcore.ops.reference_random.between",
     errors=[bad("low must be finite", fixed([float("inf")], "float32"), real(shape=(1,)))],
     samples=[case(_all(-1), _all(3)), case(_all(1, ()), _all(2))],
     example="random_between([2.], [2.]) -> [2.]", formula=_SOURCE)
_one("random_gamma", "alpha", "Gamma-distributed numbers of scale 1 with the given shape parameters.",
     kernel="random_gamma", ref="dlcore.ops.reference_random.gamma", errors=[bad("alpha must be", _all(-2))],
     grad="gy * _gamma_slope(alpha, y)", smooth=False,  # finite differences do not hold the draw
     samples=[case(_all(2.5)), case(_all(0.4)), case(_all(60))],
     example="random_gamma([0.]) -> [0.]", formula="Marsaglia and Tsang, ACM TOMS 26, 2000")
# Its derivatives, of any order, are made of two families: _gamma_slope.py says which. A draw that is 0 has none.
_by_alpha = "d = where(draw > 0.0, draw, ones_like(draw)); q = log(d) - digamma(alpha);"
_by_draw = "d = where(draw > 0.0, draw, ones_like(draw)); r = (alpha - 1.0) / d - 1.0;"
_op("_gamma_slope", "alpha, draw", "How draws of random_gamma move with alpha.", family="random", dtype="floating",
    infer="gamma_slope", kernel="gamma_slope",
    grad={"alpha": _by_alpha + "gy * (_gamma_rate(1.0, alpha, draw) * q - _gamma_rate(2.0, alpha, draw))",
          "draw": _by_draw + "gy * (_gamma_rate(1.0, alpha, draw) * r - _gamma_power(1.0, alpha, draw))"},
    ref="dlcore.ops.reference_random.gamma_slope",
    samples=[case(fixed([0.3, 1.0, 2.5, 40.0]), fixed([0.2, 1.5, 1.0, 55.0])),
             case(_all(2.5, (3, 1)), real(0.5, 6, (4,)))],
    tol={"float64": 1e-6, "float32": 2e-6}, formula="Figurnov et al., NeurIPS 2018")  # the oracle takes differences
_family = partial(_op, family="random", dtype="floating", samples=[
    case(fixed(2.0), fixed([0.3, 1.0, 2.5, 40.0]), fixed([0.2, 1.5, 1.0, 55.0])),
    case(fixed(1.0), _all(2.5, (3, 1)), real(0.5, 6, (4,)))])
_family("_gamma_rate", "n: scalar, alpha, draw", "The n-th derivative by alpha of the gamma distribution up to a draw,"
        " over its density there, for n from 1 on.", infer="gamma_rate", kernel="gamma_rate",
        grad={"alpha": _by_alpha + "gy * (_gamma_rate(n + 1.0, alpha, draw) - q * _gamma_rate(n, alpha, draw))",
              "draw": _by_draw + "gy * (_gamma_power(n, alpha, draw) - r * _gamma_rate(n, alpha, draw))"},
        ref="dlcore.ops.reference_random.gamma_rate", tol={"float64": 1e-9, "float32": 2e-6})
_family("_gamma_power", "n: scalar, alpha, draw", "The n-th derivative by alpha of the gamma density, over it; 0 for n"
        " below 0.", infer="gamma_power", kernel="gamma_power",
        grad={"alpha": _by_alpha + "gy * (_gamma_power(n + 1.0, alpha, draw) - q * _gamma_power(n, alpha, draw))",
              "draw": _by_draw + "gy * n / d * _gamma_power(n - 1.0, alpha, draw)"},
        ref="dlcore.ops.reference_random.gamma_power", tol={"float64": 1e-9, "float32": 2e-6})
_one("random_truncated", "low, high", "Standard normal numbers of which only those between low and high are taken.",
     kernel="random_truncated", ref="dlcore.ops.reference_random.truncated",
     errors=[bad("low must not be above high", _all(2), _all(1))],
     samples=[case(_all(-1), _all(2)), case(_all(3), _all(9, ())), case(_all(-1), _all(0.5)), case(_all(-4), _all(-2))],
     example="random_truncated([1.], [1.]) -> [1.]", formula="Robert, Statistics and Computing 5, 1995")
_count("random_poisson", "lam, dtype: dtype = 'float32'", "Poisson-distributed whole numbers with the given means.",
       kernel="random_poisson", ref="dlcore.ops.reference_random.poisson", errors=[bad("lam must be", _all(-2))],
       samples=[case(_all(0.7)), case(_all(45))],
       example="random_poisson([0.]) -> [0.]", formula="Hoermann, Insurance: Mathematics and Economics 12, 1993")
_count("random_binomial", "n, p, dtype: dtype = 'float32'",
       "How many of n tries succeed that each do with probability p.",
       kernel="random_binomial", ref="dlcore.ops.reference_random.binomial",
       errors=[bad("p must be", _all(3), _all(1.5)), bad("n must be", _all(1.5), _all(0.5))],
       samples=[case(_all(8), _all(0.3)), case(_all(90), _all(0.6, ()))],
       example="random_binomial([5.], [1.]) -> [5.]",
       formula="Hoermann, Journal of Statistical Computation and Simulation 46, 1993")
_one("random_von_mises", "kappa", "Angles with a von Mises distribution about 0, concentrated by kappa.",
     kernel="random_von_mises", ref="dlcore.ops.reference_random.von_mises",
     errors=[bad("kappa must be at least 0 and finite, got -2", _all(-2))],
     samples=[case(_all(1.5)), case(_all(0)), case(_all(40)), case(_all(4e6))],
     example="random_von_mises([1e38]) -> [0.]", formula="Best and Fisher, Applied Statistics 28, 1979")
_count("random_zipf", "a, dtype: dtype = 'float32'",
       "Whole numbers k from 1 on with probabilities in the ratio of k**-a.",
       kernel="random_zipf", ref="dlcore.ops.reference_random.zipf", errors=[bad("a must be above 1, got 1", _all(1))],
       samples=[case(_all(1.5)), case(_all(9, ()))], example="random_zipf([2000.]) -> [1.]",
       formula="Devroye, Non-uniform random variate generation, 1986")
_count("random_hypergeometric", "good, bad, n, dtype: dtype = 'float32'",
       "How many of n things are good ones, taken from good + bad without putting back.",
       kernel="random_hypergeometric", ref="dlcore.ops.reference_random.hypergeometric",
       errors=[bad("n must be a whole number, at most good . bad, got n=6 with good=2 and bad=3", _all(2), _all(3),
                   _all(6)),
               bad("good must be a whole number from 0 to 1e9, got -2", _all(-2), _all(3), _all(1)),
               bad("bad must be a whole number from 0 to 1e9, got 0.5", _all(2), _all(0.5), _all(1))],
       samples=[case(_all(7), _all(5, ()), _all(4)), case(_all(30), _all(12), _all(40))],
       example="random_hypergeometric([3.], [0.], [2.]) -> [2.]")
_count("random_categorical", "p, shape: ints = (), dtype: dtype = 'int64'",
       "Positions along p's last axis, drawn with the probabilities p (of any sum): `shape` for each row.",
       infer="categorical", kernel="random_categorical", ref="dlcore.ops.reference_random.categorical",
       errors=[bad("probabilities must be", _all(-2)), bad("row of zeros", _all(0)), bad("needs an axis", _all(1, ())),
               bad("negative", _all(1), shape=(-1,)), bad("p has no probabilities", real(shape=(2, 0)), shape=(3,))],
       samples=[case(fixed([[0.1, 0.0, 0.9], [2.0, 2.0, 0.0]], "float32"), shape=(4000,))],
       example="random_categorical([0., 1.], (2,)) -> [1, 1]")
op("random_randint", "low: int, high: int, shape: ints = (), dtype: dtype = 'int64', device: str = ''",
   "Whole numbers spread evenly over low, ..., high - 1.", kernel="random_randint",
   ref="dlcore.ops.reference.randint_moments",
   errors=[bad("high", low=3, high=3)], samples=[case(low=-2, high=5, **_many)],
   example="random_randint(4, 5, (2,)) -> [4, 4]")
op("random_bernoulli", f"p: float = 0.5, {_DT}", "1 with probability p, else 0.", kernel="random_bernoulli",
   ref="dlcore.ops.reference.bernoulli_moments", errors=[bad("p", p=1.5)], samples=[case(p=0.3, **_many)],
   example="random_bernoulli(1., (2,)) -> [1., 1.]")
op("random_permutation", "n: int, dtype: dtype = 'int64', device: str = ''", "0, ..., n - 1 in random order.",
   infer="permutation",
   kernel="random_permutation", ref="dlcore.ops.reference.permutation_check",
   errors=[bad("negative", n=-1), bad("n of at most 4294967295, got 4294967296", n=2**32)],
   samples=[case(n=50), case(n=0)],
   example="random_permutation(1) -> [0]")
op("_dropout_mask", "x: like, p: float = 0.5", "0 with probability p, else 1 / (1 - p), in x's shape and dtype.",
   dtype="first", infer="like",
   kernel="dropout_mask", ref="dlcore.ops.reference.mask_moments", errors=[bad("p", real(shape=(2,)), p=1.0)],
   samples=[case(real(shape=(4000,)), p=0.25)])
op("_dropout_mask_at", "x: like, p", "_dropout_mask with p, one number, read when it runs.", dtype="first",
   infer="like", kernel="dropout_mask_at", ref="dlcore.ops.reference.mask_moments",
   errors=[bad("p", real(shape=(2,)), fixed(1.0, "float64")), bad("one number", real(shape=(2,)), real(shape=(2,)))],
   samples=[case(real(shape=(4000,)), fixed(0.25, "float64"))])
op("_drop_key", "x: like, p", "From what it follows which weights _attention_dropped drops with probability p, on x's "
   "device: seed, block, threshold.", dtype="index_out", infer="drop_key", kernel="drop_key",
   ref="dlcore.ops.reference_random.drop_key",
   errors=[bad("p must be", real(shape=(2,)), fixed(1.0, "float64")),
           bad("one number", real(shape=(2,)), real(shape=(2,)))],
   samples=[case(real(shape=(3, 4)), fixed(0.3, "float64"))])
op("dropout_train", "x, p: float = 0.5", "x with numbers set to 0 with probability p and the others divided by 1 - p.",
   define="x * _dropout_mask(x, p=p)", ref="dlcore.ops.reference.dropout_moments",
   samples=[case(real(1.0, 1.0, shape=(4000,)), p=0.25)],
   errors=[bad("p", real(shape=(2,)), p=1.0)], example="dropout_train([1., 2.], 0.) -> [1., 2.]",
   formula="Srivastava et al., Dropout, JMLR 15, 2014")
