"""One random call of an operator: plain data that a child process turns into arrays, and how Hypothesis draws it.

A call starts from one of the operator's own samples and is then bent: other shapes, dtypes, layouts, numbers, and
attributes and indices in and out of range. So most calls reach the kernel and many have one thing wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from ops.harness import BF16, draw_array, oracle

from dlcore.ops import RECORDS, Op
from dlcore.ops._samples import Draw

FLOATS = ["float32", "float64", "float16", "bfloat16"]
DTYPES = [*FLOATS, "int64", "int32", "int8", "uint8", "bool", "complex64", "complex128", "int16", "uint16", "uint32",
          "uint64"]  # fmt: skip
LAYOUTS = ["whole", "reversed", "transposed", "stepped", "repeated", "offset", "middle"]
CONTENTS = ["sample", "sample", "sample", "small", "special", "ends", "zero"]
NUMBERS = [0, 1, -1, 2, 3, -2, 5, -5, 7, 100, 2**31, -(2**31) - 1, 2**40, 2**62, 2**63 - 1, -(2**63), 2**64]
WRONG: list[Any] = [None, "word", 1.5, (), [], (1, "a"), True, float("nan"), {}, b"bytes", object]
WORDS = ["", "float32", "int8", "complex64", "same", "valid", "mean", "sum", "none", "reflect", "no such word"]
MODES = ["plain", "plain", "plain", "out", "gradient", "compiled"]
MOST = 4096  # numbers in one array


class Array(NamedTuple):
    """An input: its numbers follow from `seed` and `content`."""

    shape: tuple[int, ...]
    dtype: str
    layout: str
    content: str
    seed: int
    draw: int  # which input of the sample its numbers are like


class Call(NamedTuple):
    """`op(*inputs, **attrs)`; an input is an Array, a number or None."""

    op: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any]
    mode: str
    case: int
    plain: bool  # as one of the samples has it, but for numbers and layouts


def dtype_of(name: str) -> np.dtype:
    return BF16 if name == "bfloat16" else np.dtype(name)


# What the samples say --------------------------------------------------------------------------------------------


def samples_of(record: Op) -> list[tuple[tuple, dict[str, Any]]]:
    """(draws, attributes) of each sample."""
    if isinstance(record.samples, list):
        return [(row.inputs, row.attrs) for row in record.samples]
    draws = record.samples if type(record.samples) is tuple else (record.samples,) * len(record.inputs)
    return [(draws, {})]


def shape_of(draw: Draw) -> tuple[int, ...] | None:
    if draw.shape is not None:
        return draw.shape
    return np.shape(draw.value) if draw.kind == "fixed" else None


# Drawing ---------------------------------------------------------------------------------------------------------


@st.composite
def bent(draw: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with something changed."""
    how = draw(st.sampled_from(["zero", "one", "less", "more", "new", "gone", "turn", "any"]))
    sizes = list(shape)
    place = draw(st.integers(0, max(0, len(sizes) - 1)))
    if how == "any" or not sizes:
        return tuple(draw(st.lists(st.integers(0, 4), max_size=5)))
    if how == "new":
        sizes.insert(place, draw(st.integers(0, 2)))
    elif how == "gone":
        del sizes[place]
    elif how == "turn":
        sizes = sizes[::-1]
    else:
        sizes[place] = {"zero": 0, "one": 1, "less": max(0, sizes[place] - 1), "more": sizes[place] + 1}[how]
    return tuple(sizes)


@st.composite
def broadcastable(draw: Any, count: int) -> list[tuple[int, ...]]:
    """Shapes for an elementwise operator; one in eight does not fit."""
    full = draw(st.lists(st.sampled_from([1, 2, 3, 0, 4, 5, 17]), max_size=5))
    while int(np.prod([n or 1 for n in full])) > MOST:
        full.pop()
    shapes = []
    for _ in range(count):
        kept = full[draw(st.sampled_from([0, 0, 0, 1, len(full)])) :]
        ones = draw(st.sampled_from([0, 0, 0, 1, 2, 5, 31]))
        shapes.append(tuple(1 if ones >> i & 1 else n for i, n in enumerate(kept)))
    if shapes and draw(st.integers(0, 7)) == 7:
        shapes[-1] = draw(bent(shapes[-1]))
    return shapes


@st.composite
def attribute(draw: Any, kind: str, value: Any) -> Any:
    """Something else for an attribute, in range or out of it."""
    if draw(st.integers(0, 5)) == 5:
        return draw(st.sampled_from(WRONG))
    number = st.one_of(st.sampled_from(NUMBERS[:9]), st.sampled_from(NUMBERS))
    if "ints" in kind:
        if isinstance(value, tuple) and value and draw(st.booleans()):
            changed = list(value)
            changed[draw(st.integers(0, len(changed) - 1))] = draw(number)
            return tuple(changed)
        return draw(st.one_of(number, st.lists(number, max_size=5).map(tuple)))
    if "int" in kind:
        return draw(number)
    if "float" in kind:
        return draw(st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.5, 1e-300, 1e300, float("inf"), float("nan"), -0.0, 3]))
    if "dtype" in kind:
        return draw(st.sampled_from([*DTYPES, "float8", "object", "str", "datetime64"]))
    if kind == "bool":
        return draw(st.sampled_from([True, False, 0, 1, 2]))
    return draw(st.sampled_from(WORDS))


@st.composite
def array(draw: Any, shape: tuple[int, ...], dtype: str, index: int) -> Array:
    return Array(
        shape,
        dtype,
        draw(st.sampled_from(LAYOUTS)),
        draw(st.sampled_from(CONTENTS)),
        draw(st.integers(0, 99)),
        index,
    )


@st.composite
def calls(draw: Any, names: list[str]) -> Call:
    """A random call of one of these operators."""
    record = RECORDS[draw(st.sampled_from(names))]
    samples = samples_of(record)
    number = draw(st.integers(0, len(samples) - 1))
    draws, given = samples[number]
    attrs, plain = dict(given), True
    free = draw(st.sampled_from([*FLOATS, *FLOATS, *DTYPES]))
    loose = [d for d in draws if isinstance(d, Draw) and d.shape is None and d.kind != "fixed"]
    shapes = iter(draw(broadcastable(len(loose))))
    bend, inputs = draw(st.integers(0, 3)), []
    calm = record.internal and draw(st.booleans())  # numbers that follow from each other: those of the sample
    for k, d in enumerate(draws):
        if not isinstance(d, Draw):
            inputs.append(d)
            continue
        shape = next(shapes) if any(d is x for x in loose) else shape_of(d)
        dtype = free if d.dtype is None else d.dtype
        if shape is None:
            shape = ()
        if bend == 3 and draw(st.booleans()):
            shape, plain = draw(bent(shape)), False
        if draw(st.integers(0, 11)) == 11:
            dtype, plain = draw(st.sampled_from(DTYPES)), False
        item: Any = draw(array(shape, dtype, k))
        if calm:
            item = item._replace(content="sample", layout="whole" if item.layout == "repeated" else item.layout)
        if draw(st.integers(0, 39)) == 39:
            item, plain = draw(st.sampled_from([None, 2, 1.5, True, "word", 1j, 2**70, (), [1, 2], object])), False
        inputs.append(item)
    if draw(st.integers(0, 39)) == 39 and inputs:
        inputs, plain = inputs[:-1], False
    for a in record.attrs:
        if draw(st.integers(0, 3)) == 3:
            attrs[a.name], plain = draw(attribute(a.type, attrs.get(a.name, a.default))), False
    return Call(record.name, tuple(inputs), attrs, draw(st.sampled_from(MODES)), number, plain)


# Making arrays ------------------------------------------------------------------------------------------------------


def numbers(spec: Array, like: Any) -> np.ndarray:
    """The input's numbers, in a block of their own."""
    rng = np.random.default_rng(spec.seed)
    dtype = dtype_of(spec.dtype)
    kind = "f" if dtype == BF16 else dtype.kind
    size = int(np.prod(spec.shape))
    if spec.content == "sample" and isinstance(like, Draw):
        if like.kind == "fixed":
            value = np.resize(np.asarray(like.value), spec.shape) if size else np.zeros(spec.shape)
        else:
            value = np.asarray(draw_array(like._replace(shape=spec.shape, dtype=None), np.dtype("float64"), rng))
        whole = like.dtype is not None and np.dtype(like.dtype).kind in "iu"
        value = np.round(value) if whole and value.dtype.kind == "f" else value
    elif spec.content == "special" and kind in "fc":
        pool = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.0, 0.5, 1e-45, 65504.0, 3e38, -2.5]
        value = rng.choice(pool, spec.shape)
    elif spec.content in ("ends", "special") and kind in "iu":
        info = np.iinfo(dtype)
        return np.asarray(rng.choice(np.array([info.min, info.max, 0, 1, info.max - 1], dtype), spec.shape))
    elif spec.content == "zero":
        value = np.zeros(spec.shape)
    else:
        value = rng.integers(-6, 7, spec.shape).astype(np.float64)
        value = value / 2 if kind in "fc" else value
    if kind in "iub":
        value = np.nan_to_num(np.asarray(value), posinf=9, neginf=0)
        value = np.abs(value) if kind in "ub" else value
    if kind == "c" and spec.content != "zero":
        real, value = np.asarray(value), np.zeros(spec.shape, np.complex128)
        value.real, value.imag = real, rng.permutation(real.ravel()).reshape(spec.shape)
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype)


def laid_out(value: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers (the first ones over and over, for "repeated") in another place or order of memory."""
    if value.ndim == 0:
        return value
    if layout == "reversed":
        flip = (slice(None, None, -1),) * value.ndim
        return np.ascontiguousarray(value[flip])[flip]
    if layout == "transposed":
        return np.ascontiguousarray(value.T).T
    if layout == "stepped":
        room = np.zeros([2 * n for n in value.shape], value.dtype)
        view = room[tuple(slice(None, None, -2) for _ in value.shape)]
    elif layout == "offset":
        room = np.zeros(value.size + 3, value.dtype)
        view = room[3:].reshape(value.shape)
    elif layout == "middle":
        room = np.zeros([n + 2 for n in value.shape], value.dtype)
        view = room[tuple(slice(1, -1) for _ in value.shape)]
    elif layout == "repeated":
        return np.broadcast_to(value[..., :1], value.shape) if value.shape[-1] else value
    else:
        return value
    view[...] = value
    return view


# Inputs of parts of gradients that are results of the forward part: where they stand, its name, which of its results
# they are, and what it is given. The others are drawn.
FOLLOW: dict[str, tuple[slice, str, slice, Callable[..., list[Any]]]] = {
    "_attention_grad": (slice(4, 6), "_attention", slice(2), lambda q, k, v, mask, *_: [q, k, v, mask]),
    "_attention_dropped_grad": (
        slice(5, 7), "_attention_dropped", slice(2), lambda q, k, v, mask, key, *_: [q, k, v, mask, key],
    ),
    "_batch_norm_grad": (
        slice(3, 5), "batch_norm_train", slice(1, 3), lambda g, x, gamma, *_: [x, gamma, np.zeros_like(gamma)],
    ),
}  # fmt: skip


def make(call: Call) -> list[Any]:
    """The inputs as NumPy arrays in their layouts; numbers and None as they are."""
    draws = samples_of(RECORDS[call.op])[call.case][0]
    values = [numbers(v, draws[v.draw]) if isinstance(v, Array) else v for v in call.inputs]
    if call.op in FOLLOW:
        values = followed(call, values)
    layouts = [v.layout if isinstance(v, Array) else "whole" for v in call.inputs]
    return [laid_out(v, at) if isinstance(v, np.ndarray) else v for v, at in zip(values, layouts, strict=True)]


def followed(call: Call, values: list[Any]) -> list[Any]:
    """With what follows from other inputs in its place, if it has the shape that was drawn for it."""
    places, forward, results, taken = FOLLOW[call.op]
    record, drawn = RECORDS[forward], values[places]
    attrs = {a.name: call.attrs[a.name] for a in record.attrs if a.name in call.attrs}
    try:
        if any(v.dtype.kind not in "fVi" for v in [*values, *drawn]):
            return values
        wide = [v.astype(np.float64) if v.dtype.kind in "fV" or v.dtype == BF16 else v for v in taken(*values)]
        with np.errstate(all="ignore"):
            found = list(oracle(record, wide, attrs))[results]
            if forward.startswith("_attention"):  # two numbers, of which the second is what rounding takes of the first
                both = found[1].sum(-1, keepdims=True)
                first = both.astype(drawn[1].dtype).astype(np.float64)
                rest = np.where(np.isfinite(both), both - first, 0.0)
                found[1] = np.concatenate([first, rest], axis=-1)
    except Exception:
        return values  # whatever is wrong with the others, the operator has to say so
    if [np.shape(v) for v in found] != [np.shape(v) for v in drawn]:
        return values
    with np.errstate(all="ignore"):
        fitting = [f.astype(d.dtype) for f, d in zip(found, drawn, strict=True)]
    return [*values[: places.start], *fitting, *values[places.stop :]]
