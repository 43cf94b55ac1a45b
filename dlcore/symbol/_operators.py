"""Which operators a Symbol may name, the function behind each, and which of their arguments are made if missing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from dlcore.array import nd
from dlcore.autograd.operator import CustomOpProp, properties
from dlcore.ops import RECORDS, functions
from dlcore.ops._record import Op, on_new
from dlcore.ops.composite import FUNCTIONS

from ._heads import HEADS

# The functions of `nd` that are no plain operators. Files may name these, the operators and the heads, nothing else.
CLASSIC = frozenset(
    """Activation BatchNorm BilinearSampler CTCLoss Concat Convolution Correlation Crop Deconvolution Dropout
    ElementWiseSum Embedding FullyConnected GridGenerator GroupNorm InstanceNorm L2Normalization LRN LayerNorm
    LeakyReLU Pad Pooling RNN ROIPooling Reshape SequenceLast SequenceMask SequenceReverse SliceChannel
    Custom SpatialTransformer SwapAxis UpSampling add_n all_finite arange argmax_channel argsort batch_dot batch_take
    broadcast_axes broadcast_axis broadcast_like cast clip concat depth_to_space diag dot eye full gather_nd max
    max_axis mean min min_axis moments moveaxis nanprod nansum norm one_hot ones ones_like pad pick prod
    ravel_multi_index rcbrt
    repeat reshape reshape_like round scatter_nd sequence_mask shape_array size_array slice slice_axis slice_like
    softmax softmax_cross_entropy softmin sort space_to_depth split stack sum sum_axis swapaxes take tile topk
    transpose unravel_index where zeros zeros_like""".split()
)
_OWN = frozenset({"Flatten", "flatten"})
BODIES: dict[str, Callable[..., Any]] = {}  # loops and branches of symbols; filled by `_control`

# Arguments that become variables of the node's name when they are not given.
MADE: dict[str, tuple[str, ...]] = {
    "FullyConnected": ("weight", "bias"),
    "Convolution": ("weight", "bias"),
    "Deconvolution": ("weight", "bias"),
    "BatchNorm": ("gamma", "beta", "moving_mean", "moving_var"),
    "InstanceNorm": ("gamma", "beta"),
    "GroupNorm": ("gamma", "beta"),
    "SVMOutput": ("label",),
    "LayerNorm": ("gamma", "beta"),
    "Embedding": ("weight",),
    "LeakyReLU": ("gamma",),
    "SoftmaxOutput": ("label",),
    "LinearRegressionOutput": ("label",),
    "LogisticRegressionOutput": ("label",),
    "MAERegressionOutput": ("label",),
}
# Arguments that the operator changes in place instead of being taught: auxiliary states.
STATES = {
    "BatchNorm": ("moving_mean", "moving_var"),
    "batch_norm": ("running_mean", "running_var"),
    "Custom": ("*aux",),
}


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
    return sorted({*operators(), *CLASSIC, *_OWN, *HEADS})


def known(name: str) -> bool:
    """Whether `name` is an operator; one that was declared a moment ago counts.

    >>> known("FullyConnected"), known("exec")
    (True, False)
    """
    tables = (CLASSIC, HEADS, _OWN, BODIES, operators())
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
    return HEADS[name] if name in HEADS else getattr(nd, name)


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
    if name == "Custom":
        return len(prop_of(attrs).list_outputs())
    record = exact(name) or RECORDS.get(operators().get(name, name))
    return record.n_out if record is not None and name not in CLASSIC else 1
