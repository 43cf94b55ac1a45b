"""Normalisation of batches, of lines and of groups of channels, with the gradients."""

from __future__ import annotations

from ._call import Array, Call, accumulator, kernel


def _along(v: Array, ndim: int, axis: int) -> Array:
    shape = [1] * ndim
    shape[axis] = -1
    return v.reshape(shape)


def _others(x: Array, axis: int) -> tuple[int, ...]:
    return tuple(a for a in range(x.ndim) if a != axis)


@kernel("batch_norm_train")
def batch_norm_train(call: Call) -> None:
    x, gamma, beta = call.ins
    y, mean, var = call.outs
    axis = call.axis
    wide = x.astype(accumulator(call.xp, x), copy=False)
    m = wide.mean(axis=_others(x, axis))
    d = wide - _along(m, x.ndim, axis)
    v = (d * d).mean(axis=_others(x, axis))
    y[...] = d * _along(gamma / call.xp.sqrt(v + call.attrs["eps"]), x.ndim, axis) + _along(beta, x.ndim, axis)
    mean[...] = m
    var[...] = v


@kernel("batch_norm_grad")
def batch_norm_grad(call: Call) -> None:
    g, x, gamma, mean, var = call.ins
    dx, dgamma, dbeta = call.outs
    axis = int(call.attrs["axis"]) % x.ndim
    n, others, wide = x.ndim, _others(x, axis), accumulator(call.xp, x)
    g, x = g.astype(wide, copy=False), x.astype(wide, copy=False)
    r = 1 / call.xp.sqrt(var.astype(wide, copy=False) + call.attrs["eps"])
    h = (x - _along(mean.astype(wide, copy=False), n, axis)) * _along(r, n, axis)
    dgamma[...] = (g * h).sum(axis=others)
    dbeta[...] = g.sum(axis=others)
    inner = g - _along(g.mean(axis=others), n, axis) - h * _along((g * h).mean(axis=others), n, axis)
    dx[...] = inner * _along(gamma.astype(wide, copy=False) * r, n, axis)


@kernel("layer_norm")
def layer_norm(call: Call) -> None:
    x, gamma, beta = call.ins
    n, axis = x.ndim, call.axis
    h, _ = _normalised(call, x, axis)
    call.outs[0][...] = h * _along(gamma, n, axis) + _along(beta, n, axis)


@kernel("layer_norm_grad")
def layer_norm_grad(call: Call) -> None:
    g, x, gamma = call.ins
    dx, dgamma, dbeta = call.outs
    axis = int(call.attrs["axis"]) % x.ndim
    h, r = _normalised(call, x, axis)
    g = g.astype(h.dtype, copy=False)
    t = g * _along(gamma, x.ndim, axis)
    inner = t - t.mean(axis=axis, keepdims=True) - h * (t * h).mean(axis=axis, keepdims=True)
    dx[...] = r * inner
    dgamma[...] = (g * h).sum(axis=_others(x, axis))
    dbeta[...] = g.sum(axis=_others(x, axis))


@kernel("group_norm")
def group_norm(call: Call) -> None:
    x, gamma, beta = call.ins
    h, _ = _normalised(call, _rows(call, x), 1)
    call.outs[0][...] = h.reshape(x.shape) * _along(gamma, x.ndim, 1) + _along(beta, x.ndim, 1)


@kernel("group_norm_grad")
def group_norm_grad(call: Call) -> None:
    g, x, gamma = call.ins
    dx, dgamma, dbeta = call.outs
    h, r = _normalised(call, _rows(call, x), 1)
    g = g.astype(h.dtype, copy=False)
    t = _rows(call, g * _along(gamma.astype(h.dtype, copy=False), x.ndim, 1))
    inner = t - t.mean(axis=1, keepdims=True) - h * (t * h).mean(axis=1, keepdims=True)
    dx[...] = (r * inner).reshape(x.shape)
    dgamma[...] = (g * h.reshape(x.shape)).sum(axis=_others(x, 1))
    dbeta[...] = g.sum(axis=_others(x, 1))


def _rows(call: Call, x: Array) -> Array:
    """One row for each group of channels of each sample."""
    return x.reshape(x.shape[0] * (int(call.attrs["groups"]) or x.shape[1]), -1)


def _normalised(call: Call, x: Array, axis: int) -> tuple[Array, Array]:
    """x with mean 0 and variance 1 along the axis, and one over its standard deviation, in the wider dtype."""
    wide = x.astype(accumulator(call.xp, x), copy=False)
    d = wide - wide.mean(axis=axis, keepdims=True)
    r = 1 / call.xp.sqrt((d * d).mean(axis=axis, keepdims=True) + call.attrs["eps"])
    return d * r, r
