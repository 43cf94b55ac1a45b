"""Softmax, its logarithm and cross-entropy. 16-bit floats are computed in float32."""

from __future__ import annotations

from ._call import Array, Call, accumulator, kernel


def _shifted(call: Call, x: Array, axis: int) -> Array:
    x = x.astype("float32" if x.dtype.kind in "biu" else accumulator(call.xp, x), copy=False)
    return x - x.max(axis=axis, keepdims=True) if x.size else x


@kernel("softmax")
def softmax(call: Call) -> None:
    axis, x, y = call.axis, *_lines(call)
    e = call.xp.exp(_shifted(call, x, axis))
    y[...] = e / e.sum(axis=axis, keepdims=True)


@kernel("log_softmax")
def log_softmax(call: Call) -> None:
    axis, x, y = call.axis, *_lines(call)
    x = _shifted(call, x, axis)
    y[...] = x - call.xp.log(call.xp.exp(x).sum(axis=axis, keepdims=True))


def _lines(call: Call) -> tuple[Array, Array]:
    """The input and the output; a single number is a line of length 1."""
    return (call.x, call.y) if call.x.ndim else (call.x.reshape(1), call.y.reshape(1))


def _labels(call: Call, logits: Array, labels: Array, axis: int) -> Array:
    xp, classes = call.xp, logits.shape[axis]
    labels = labels.astype("int64")
    unusable = call.refuse(
        (labels < 0) | (labels >= classes),
        labels,
        lambda value, sample: IndexError(
            f"{call.op}: label {value} of sample {sample} is out of range, expected 0 to {classes - 1} "
            f"({classes} classes)"
        ),
    )
    return xp.expand_dims(labels if unusable is None else xp.where(unusable, 0, labels), axis)


@kernel("softmax_cross_entropy")
def softmax_cross_entropy(call: Call) -> None:
    logits, labels = call.ins
    axis = call.axis
    x = _shifted(call, logits, axis)
    picked = call.xp.take_along_axis(x, _labels(call, logits, labels, axis), axis=axis).squeeze(axis)
    call.y[...] = call.xp.log(call.xp.exp(x).sum(axis=axis)) - picked


@kernel("softmax_cross_entropy_grad")
def softmax_cross_entropy_grad(call: Call) -> None:
    g, logits, labels = call.ins
    axis = int(call.attrs["axis"]) % logits.ndim
    e = call.xp.exp(_shifted(call, logits, axis))
    p = e / e.sum(axis=axis, keepdims=True)
    shape = [1] * logits.ndim
    shape[axis] = logits.shape[axis]
    hit = call.xp.arange(logits.shape[axis]).reshape(shape) == _labels(call, logits, labels, axis)
    call.y[...] = (p - hit) * call.xp.expand_dims(g, axis).astype(p.dtype, copy=False)
