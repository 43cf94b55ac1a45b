"""Types of the operator functions; written by `python -m dlcore.ops.docs --stub`, not by hand."""

from collections.abc import Sequence
from typing import Any

from .._core import NDArray
from .composite import batch_norm as batch_norm
from .composite import dropout as dropout
from .composite import gelu as gelu

ArrayLike = Any
DTypeLike = Any

def _along(v: ArrayLike, x: ArrayLike, axis: int = 1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _avg_pool2d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    count_include_pad: bool = True,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _axis_size(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _batch_norm_grad(
    g: ArrayLike,
    x: ArrayLike,
    gamma: ArrayLike,
    mean: ArrayLike,
    var: ArrayLike,
    axis: int = 1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _conv2d_dw(
    g: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _conv2d_dx(
    g: ArrayLike,
    weight: ArrayLike,
    x: ArrayLike,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _dropout_mask(x: ArrayLike, p: float = 0.5, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _gather_nd_grad(
    g: ArrayLike,
    x: ArrayLike,
    *indices: ArrayLike,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _layer_norm_grad(
    g: ArrayLike,
    x: ArrayLike,
    gamma: ArrayLike,
    axis: int = -1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _loss_head(
    y: ArrayLike,
    x: ArrayLike,
    g: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _max_pool2d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _max_pool2d_pick(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _mean_but(x: ArrayLike, axis: int = 1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _pick_grad(
    g: ArrayLike,
    index: ArrayLike,
    x: ArrayLike,
    axis: int = -1,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _reshape_like(x: ArrayLike, y: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _size_but(x: ArrayLike, axis: int = 1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _slice_grad(
    g: ArrayLike,
    x: ArrayLike,
    start: int | Sequence[int],
    step: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _softmax_cross_entropy_grad(
    g: ArrayLike,
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _split_like(
    g: ArrayLike,
    *xs: ArrayLike,
    axis: int = 0,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _take_along_axis_grad(
    g: ArrayLike,
    indices: ArrayLike,
    x: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _take_grad(
    g: ArrayLike,
    indices: ArrayLike,
    x: ArrayLike,
    axis: int = 0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _unreduce(
    g: ArrayLike,
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _unstack(
    g: ArrayLike,
    *xs: ArrayLike,
    axis: int = 0,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _window(
    x: ArrayLike,
    g: ArrayLike,
    start: int | Sequence[int],
    step: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def abs(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def adagrad_update(
    w: ArrayLike,
    g: ArrayLike,
    n: ArrayLike,
    lr: ArrayLike = 0.01,
    eps: ArrayLike = 1e-07,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adam_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def add(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def all(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def any(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def arange(
    start: float,
    stop: float,
    step: float = 1.0,
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def arccos(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arccosh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arcsin(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arcsinh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arctan(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arctan2(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arctanh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def argmax(
    x: ArrayLike,
    axis: int | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def argmin(
    x: ArrayLike,
    axis: int | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def argsort(
    x: ArrayLike,
    axis: int = -1,
    descending: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def avg_pool2d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    count_include_pad: bool = True,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def batch_norm_infer(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    axis: int = 1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def batch_norm_train(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    axis: int = 1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def bitwise_and(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def bitwise_not(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def bitwise_or(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def bitwise_xor(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def broadcast_like(x: ArrayLike, y: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def broadcast_to(
    x: ArrayLike,
    shape: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def cast(x: ArrayLike, dtype: DTypeLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def cbrt(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def ceil(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def clip(
    x: ArrayLike,
    min: ArrayLike,
    max: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def concat(*xs: ArrayLike, axis: int = 0, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def conv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def copy(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def copysign(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def cos(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def cosh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def count_nonzero(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def cumsum(
    x: ArrayLike,
    axis: int | None = None,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def degrees(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def dense(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    flatten: bool = True,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def divide(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def dropout_train(x: ArrayLike, p: float = 0.5, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def elu(x: ArrayLike, alpha: ArrayLike = 1.0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def embedding(indices: ArrayLike, weight: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def erf(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def exp(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def exp2(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def expand_dims(
    x: ArrayLike,
    axis: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def expm1(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def eye(
    n: int,
    m: int,
    k: int = 0,
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def flatten2d(x: ArrayLike, leading: bool = False, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def flip(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def floor(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def floor_divide(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def fmod(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def full(
    value: ArrayLike,
    shape: int | Sequence[int],
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def full_like(
    x: ArrayLike,
    value: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def gather_nd(x: ArrayLike, *indices: ArrayLike, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def gelu_erf(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def gelu_tanh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_avg_pool2d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_max_pool2d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def greater(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def greater_equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def hard_sigmoid(
    x: ArrayLike,
    alpha: ArrayLike = 0.2,
    beta: ArrayLike = 0.5,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def hypot(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def identity(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def index_add(
    x: ArrayLike,
    value: ArrayLike,
    *indices: ArrayLike,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def index_put(
    x: ArrayLike,
    value: ArrayLike,
    *indices: ArrayLike,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def isfinite(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def isinf(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def isnan(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def layer_norm(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    axis: int = -1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def leaky_relu(x: ArrayLike, slope: ArrayLike = 0.25, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def left_shift(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def lerp(
    old: ArrayLike,
    new: ArrayLike,
    keep: ArrayLike = 0.9,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def less(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def less_equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log10(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log1p(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log2(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log_sigmoid(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log_softmax(x: ArrayLike, axis: int = -1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logaddexp(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_and(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_not(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_or(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_xor(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logsumexp(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def matmul(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def max(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def max_pool2d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def maximum(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def mean(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def min(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def minimum(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def mish(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def multiply(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def nag_mom_update(
    w: ArrayLike,
    g: ArrayLike,
    mom: ArrayLike,
    lr: ArrayLike = 0.01,
    momentum: ArrayLike = 0.9,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def negative(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def not_equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def one_hot(
    x: ArrayLike,
    depth: int,
    on: float = 1.0,
    off: float = 0.0,
    dtype: DTypeLike = "float32",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def ones(
    shape: int | Sequence[int],
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def ones_like(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def pad(
    x: ArrayLike,
    before: int | Sequence[int],
    after: int | Sequence[int],
    value: float = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def pick(
    x: ArrayLike,
    index: ArrayLike,
    axis: int = -1,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def positive(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def power(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def prod(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def radians(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def random_bernoulli(
    p: float = 0.5,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_normal(
    loc: float = 0.0,
    scale: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_permutation(
    n: int,
    dtype: DTypeLike = "int64",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_randint(
    low: int,
    high: int,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "int64",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_uniform(
    low: float = 0.0,
    high: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def reciprocal(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def relu(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def relu6(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def remainder(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def reshape(x: ArrayLike, shape: int | Sequence[int], *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def right_shift(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def rint(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def rmsprop_update(
    w: ArrayLike,
    g: ArrayLike,
    n: ArrayLike,
    lr: ArrayLike = 0.001,
    gamma: ArrayLike = 0.9,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def rsqrt(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def selu(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sgd_mom_update(
    w: ArrayLike,
    g: ArrayLike,
    mom: ArrayLike,
    lr: ArrayLike = 0.01,
    momentum: ArrayLike = 0.9,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def sgd_update(
    w: ArrayLike,
    g: ArrayLike,
    lr: ArrayLike = 0.01,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def sigmoid(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sign(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def signbit(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def silu(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sin(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sinh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def slice(
    x: ArrayLike,
    start: int | Sequence[int],
    size: int | Sequence[int],
    step: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def smooth_l1(x: ArrayLike, scalar: ArrayLike = 1.0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softmax(x: ArrayLike, axis: int = -1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def softplus(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softsign(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sort(
    x: ArrayLike,
    axis: int = -1,
    descending: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def split(
    x: ArrayLike,
    parts: int = 0,
    axis: int = 0,
    sizes: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def sqrt(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def square(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def squeeze(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def stack(*xs: ArrayLike, axis: int = 0, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def std(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    ddof: float = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def stop_gradient(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def subtract(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sum(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def sum_to(x: ArrayLike, shape: int | Sequence[int], *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def swap_last(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def take(
    x: ArrayLike,
    indices: ArrayLike,
    axis: int = 0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def take_along_axis(
    x: ArrayLike,
    indices: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def tan(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def tanh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def transpose(
    x: ArrayLike,
    axes: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def tril(x: ArrayLike, k: int = 0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def triu(x: ArrayLike, k: int = 0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def trunc(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def var(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    ddof: float = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def where(
    condition: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def zeros(
    shape: int | Sequence[int],
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def zeros_like(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
