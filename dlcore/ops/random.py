"""Stanzas: random numbers. They come from a counter-based generator (Philox 4x32-10), so that a seed gives the same
numbers on every device and with any number of threads."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, real

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
   kernel="random_permutation", ref="dlcore.ops.reference.permutation_check", errors=[bad("negative", n=-1)],
   samples=[case(n=50), case(n=0)],
   example="random_permutation(1) -> [0]")
op("_dropout_mask", "x: like, p: float = 0.5", "0 with probability p, else 1 / (1 - p), in x's shape and dtype.",
   dtype="first", infer="like",
   kernel="dropout_mask", ref="dlcore.ops.reference.mask_moments", errors=[bad("p", real(shape=(2,)), p=1.0)],
   samples=[case(real(shape=(4000,)), p=0.25)])
op("dropout_train", "x, p: float = 0.5", "x with numbers set to 0 with probability p and the others divided by 1 - p.",
   define="x * _dropout_mask(x, p=p)", ref="dlcore.ops.reference.dropout_moments",
   samples=[case(real(1.0, 1.0, shape=(4000,)), p=0.25)],
   errors=[bad("p", real(shape=(2,)), p=1.0)], example="dropout_train([1., 2.], 0.) -> [1., 2.]",
   formula="Srivastava et al., Dropout, JMLR 15, 2014")
