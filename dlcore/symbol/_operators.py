"""Which operators a Symbol may name, the function behind each, and which of their arguments are made if missing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from dlcore.array import contrib, nd
from dlcore.autograd.operator import CustomOpProp, properties
from dlcore.ops import RECORDS, functions
from dlcore.ops._record import Op, on_new
from dlcore.ops.composite import FUNCTIONS

from ._heads import HEADS

# The functions of `nd` that are no plain operators. Files may name these, the operators and the heads, nothing else.
CLASSIC = frozenset(
    """Activation BatchNorm BatchNorm_v1 BilinearSampler CTCLoss Concat Convolution Convolution_v1 Correlation Crop
    Deconvolution Dropout
    ElementWiseSum Embedding FullyConnected GridGenerator GroupNorm InstanceNorm L2Normalization LRN LayerNorm
    LeakyReLU Pad Pooling Pooling_v1 RNN ROIPooling Reshape SequenceLast SequenceMask SequenceReverse SliceChannel
    Custom SoftmaxActivation SpatialTransformer SwapAxis UpSampling add_n all_finite arange argmax_channel argsort
    batch_dot batch_take
    amp_cast broadcast_axes broadcast_axis broadcast_like cast choose_element_0index clip concat crop depth_to_space
    diag dot eye fill_element_0index full gather_nd khatri_rao linalg_extractdiag linalg_extracttrian linalg_gelqf
    linalg_gemm linalg_gemm2 linalg_makediag linalg_maketrian linalg_potri linalg_sumlogdiag linalg_syevd linalg_syrk
    linalg_trmm linalg_trsm linspace max
    max_axis mean min min_axis moments moveaxis nanprod nansum norm normal one_hot ones ones_like pad pick prod
    random_generalized_negative_binomial random_negative_binomial random_pdf_dirichlet random_pdf_exponential
    random_pdf_gamma random_pdf_generalized_negative_binomial random_pdf_negative_binomial random_pdf_normal
    random_pdf_poisson random_pdf_uniform ravel_multi_index rcbrt
    repeat reshape reshape_like round sample_exponential sample_gamma sample_generalized_negative_binomial
    sample_multinomial sample_negative_binomial sample_normal sample_poisson sample_uniform scatter_nd sequence_last
    sequence_mask sequence_reverse shape_array shuffle size_array slice slice_axis slice_like
    softmax softmax_cross_entropy softmin sort space_to_depth split split_v2 stack sum sum_axis swapaxes take tile topk
    transpose uniform unravel_index where zeros zeros_like""".split()
)
# Those of `nd.contrib`, under the same names.
CONTRIB = frozenset(
    """AdaptiveAvgPooling2D BatchNormWithReLU BilinearResize2D DeformableConvolution ModulatedDeformableConvolution
    MultiBoxDetection MultiBoxPrior MultiBoxTarget ROIAlign SparseEmbedding SyncBatchNorm allclose arange_like
    box_decode box_encode box_non_maximum_suppression count_sketch dequantize div_sqrt_dim gradientmultiplier
    index_array index_copy quadratic quantize quantize_v2 rand_zipfian requantize round_ste sign_ste""".split()
)
_OWN = frozenset({"Flatten", "flatten"})
BODIES: dict[str, Callable[..., Any]] = {}  # loops and branches of symbols; filled by `_control`

_NORMS = ("BatchNorm", "BatchNorm_v1", "BatchNormWithReLU", "SyncBatchNorm")

# Arguments that become variables of the node's name when they are not given.
MADE: dict[str, tuple[str, ...]] = {
    "FullyConnected": ("weight", "bias"),
    "Convolution": ("weight", "bias"),
    "Convolution_v1": ("weight", "bias"),
    "DeformableConvolution": ("weight", "bias"),
    "ModulatedDeformableConvolution": ("weight", "bias"),
    "Deconvolution": ("weight", "bias"),
    **dict.fromkeys(_NORMS, ("gamma", "beta", "moving_mean", "moving_var")),
    "InstanceNorm": ("gamma", "beta"),
    "GroupNorm": ("gamma", "beta"),
    "SVMOutput": ("label",),
    "LayerNorm": ("gamma", "beta"),
    "Embedding": ("weight",),
    "SparseEmbedding": ("weight",),
    "LeakyReLU": ("gamma",),
    "SoftmaxOutput": ("label",),
    "LinearRegressionOutput": ("label",),
    "LogisticRegressionOutput": ("label",),
    "MAERegressionOutput": ("label",),
}
# Arguments that the operator changes in place instead of being taught: auxiliary states.
STATES = {
    **dict.fromkeys(_NORMS, ("moving_mean", "moving_var")),
    "batch_norm": ("running_mean", "running_var"),
    "Custom": ("*aux",),
}


# How many arrays these give.
_SEVERAL = {"MultiBoxTarget": 3, "box_encode": 2, "linalg_gelqf": 2, "linalg_syevd": 2, "quantize": 3, "quantize_v2": 3,
            "rand_zipfian": 3, "requantize": 3}  # fmt: skip


@cache
def operators() -> dict[str, str]:
    """Every public operator and alias; updates of weights belong to optimizers."""
    found = {n: r.name for r in RECORDS.values() if not r.internal and r.family != "optimizer"
             for n in (r.name, *r.aliases)}  # fmt: skip
    return {**found, **{n: n for n in FUNCTIONS}}


on_new(lambda record: operators.cache_clear())  # an operator declared later counts too


EXACT = "dl."  # before the name of an operator of the graph itself, as `HybridBlock.export` writes it


def exact(name: str) -> Op | None:
    """The operator of the graph behind "dl.conv2d" and its like; None for other names and for updates of weights.

    >>> exact("dl.conv2d").name, exact("conv2d"), exact("dl.sgd_update")
    ('conv2d', None, None)
    """
    record = RECORDS.get(name.removeprefix(EXACT)) if name.startswith(EXACT) else None
    return None if record is None or record.family == "optimizer" else record


def names() -> list[str]:
    """The names of all operators, in order."""
    return sorted({*operators(), *CLASSIC, *CONTRIB, *_OWN, *HEADS})


def known(name: str) -> bool:
    """Whether `name` is an operator; one that was declared a moment ago counts.

    >>> known("FullyConnected"), known("exec")
    (True, False)
    """
    tables = (CLASSIC, CONTRIB, HEADS, _OWN, BODIES, operators())
    return any(name in table for table in tables) or exact(name) is not None


def _flatten(data: Any) -> Any:
    """All axes but the first become one."""
    return nd.reshape(data, (data.shape[0], -1))


def target(name: str) -> Callable[..., Any]:
    """The function on arrays behind an operator. ValueError for a name that is none."""
    if not known(name):
        raise ValueError(f"there is no operator {name!r}")
    if name in _OWN:
        return _flatten
    if name in BODIES:
        return BODIES[name]
    record = exact(name)
    if record is not None:
        return functions.function(record.name)
    return HEADS[name] if name in HEADS else getattr(contrib if name in CONTRIB else nd, name)


@cache
def parameters(name: str) -> dict[str, inspect.Parameter]:
    """The arguments of an operator by name, without `out` and the device."""
    found = inspect.signature(target(name)).parameters
    return {n: p for n, p in found.items() if n not in ("out", "ctx")}


def made(name: str, attrs: dict[str, Any]) -> tuple[str, ...]:
    """The arguments of this call that become variables if they are not given."""
    slots = MADE.get(name, ())
    if attrs.get("no_bias", name == "Deconvolution"):  # as in MXNet a transposed convolution has no bias unasked
        slots = tuple(s for s in slots if s != "bias")
    return () if name == "LeakyReLU" and attrs.get("act_type") != "prelu" else slots


def prop_of(attrs: dict[str, Any]) -> CustomOpProp:
    """The class that the user registered for a call of `Custom`, made with its other arguments."""
    return properties(str(attrs["op_type"]), {n: v for n, v in attrs.items() if n != "op_type"})


def n_outputs(name: str, attrs: dict[str, Any]) -> int:
    """How many arrays a call gives.

    >>> n_outputs("split", {"num_outputs": 3}), n_outputs("relu", {})
    (3, 1)
    """
    if name in ("split", "SliceChannel"):
        return int(attrs.get("num_outputs", 1))
    if name == "RNN" and attrs.get("state_outputs"):
        return 3 if attrs.get("mode", "lstm") == "lstm" else 2
    if name == "moments" or (name == "topk" and attrs.get("ret_typ") == "both"):
        return 2
    if name == "split_v2":
        parts = attrs["indices_or_sections"]
        return parts if isinstance(parts, int) else len(parts) + 1
    if name in _SEVERAL:
        return _SEVERAL[name]
    if name == "Custom":
        return len(prop_of(attrs).list_outputs())
    record = exact(name) or RECORDS.get(operators().get(name, name))
    return record.n_out if record is not None and name not in CLASSIC else 1
