"""The steps of recurrent layers. Each step is one product and a few elementwise calls; second derivatives run the same
code on dual numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ._call import Array, Call, accumulator, kernel


class Dual:
    """A value with its derivative along a direction: arithmetic on both."""

    __array_ufunc__ = None  # array + Dual asks Dual

    def __init__(self, v: Array, d: Array) -> None:
        self.v, self.d = v, d

    @property
    def T(self) -> Dual:
        return Dual(self.v.T, self.d.T)

    def __getitem__(self, key: Any) -> Dual:
        return Dual(self.v[key], self.d[key])

    def __setitem__(self, key: Any, value: Dual) -> None:
        self.v[key], self.d[key] = value.v, value.d

    def __add__(self, o: Any) -> Dual:
        return Dual(self.v + o.v, self.d + o.d) if isinstance(o, Dual) else Dual(self.v + o, self.d)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.v, -self.d)

    def __sub__(self, o: Any) -> Dual:
        return self + -o

    def __rsub__(self, o: Any) -> Dual:
        return -self + o

    def __mul__(self, o: Any) -> Dual:
        if isinstance(o, Dual):
            return Dual(self.v * o.v, self.v * o.d + self.d * o.v)
        return Dual(self.v * o, self.d * o)

    __rmul__ = __mul__

    def __matmul__(self, o: Dual) -> Dual:
        return Dual(self.v @ o.v, self.v @ o.d + self.d @ o.v)

    def sum(self, axis: int) -> Dual:
        return Dual(self.v.sum(axis), self.d.sum(axis))


Number = Any  # an array or a Dual


class _Maths:
    """Functions and empty arrays for plain arrays of `xp`."""

    def __init__(self, xp: Any, dtype: Any) -> None:
        self.xp, self.dtype = xp, dtype

    def tanh(self, x: Number) -> Number:
        return self.xp.tanh(x)

    def sigmoid(self, x: Number) -> Number:
        return 0.5 * self.xp.tanh(0.5 * x) + 0.5

    def relu(self, x: Number) -> Number:
        return self.xp.where(x <= 0, x * 0, x)

    def positive(self, y: Number) -> Array:
        return (~(y <= 0)).astype(self.dtype)

    def room(self, *shape: int) -> Number:
        return self.xp.zeros(shape, dtype=self.dtype)

    def joined(self, parts: list[Number]) -> Number:
        return self.xp.concatenate(parts, axis=1)


class _DualMaths(_Maths):
    def tanh(self, x: Dual) -> Dual:
        t = self.xp.tanh(x.v)
        return Dual(t, (1 - t * t) * x.d)

    def sigmoid(self, x: Dual) -> Dual:
        return 0.5 * self.tanh(0.5 * x) + 0.5

    def relu(self, x: Dual) -> Dual:
        return x * self.positive(x)

    def positive(self, y: Dual) -> Array:
        return super().positive(y.v)

    def room(self, *shape: int) -> Dual:
        return Dual(super().room(*shape), super().room(*shape))

    def joined(self, parts: list[Dual]) -> Dual:
        return Dual(*(super(_DualMaths, self).joined([getattr(p, part) for p in parts]) for part in "vd"))


def _order(steps: int, attrs: dict[str, Any]) -> list[int]:
    return list(range(steps))[:: -1 if attrs["reverse"] else 1]


def _parts(x: Number, count: int, n: int) -> list[Number]:
    return [x[:, k * n : (k + 1) * n] for k in range(count)]


def _forward(kind: str, m: _Maths, attrs: dict, xw: Number, w: Number, b: Number, h: Number, c: Number = None) -> list:
    """[y], [y, saved] or [y, cs, saved]."""
    steps, batch = (xw.v if isinstance(xw, Dual) else xw).shape[:2]
    n = (w.v if isinstance(w, Dual) else w).shape[1]
    y, cs, saved = m.room(steps, batch, n), m.room(steps, batch, n), m.room(steps, batch, 4 * n)
    for t in _order(steps, attrs):
        hh = h @ w.T + b
        if kind == "rnn":
            h = (m.relu if attrs["relu"] else m.tanh)(xw[t] + hh)
        elif kind == "gru":
            x, g = _parts(xw[t], 3, n), _parts(hh, 3, n)
            r, z = m.sigmoid(x[0] + g[0]), m.sigmoid(x[1] + g[1])
            new = m.tanh(x[2] + r * g[2])
            h = new + z * (h - new)
            saved[t] = m.joined([r, z, new, g[2]])
        else:
            i, f, g, o = _parts(xw[t] + hh, 4, n)
            i, f, g, o = m.sigmoid(i), m.sigmoid(f), m.tanh(g), m.sigmoid(o)
            c = f * c + i * g
            h = o * m.tanh(c)
            cs[t], saved[t] = c, m.joined([i, f, g, o])
        y[t] = h
    return {"rnn": [y], "gru": [y, saved], "lstm": [y, cs, saved]}[kind]


def _cell_back(kind: str, m: _Maths, attrs: dict, kept: Number, y: Number, last: Number, dh: Number, c: tuple) -> tuple:
    """Gradients of the step's input product and state product, what reaches the state directly, and dc."""
    if kind == "rnn":
        da = dh * (m.positive(y) if attrs["relu"] else 1 - y * y)
        return da, da, None, None
    n = kept.shape[1] // 4 if not isinstance(kept, Dual) else kept.v.shape[1] // 4
    if kind == "gru":
        r, z, new, hn = _parts(kept, 4, n)
        df = dh * (1 - z) * (1 - new * new)
        dr, dz = df * hn * r * (1 - r), dh * (last - new) * z * (1 - z)
        return m.joined([dr, dz, df]), m.joined([dr, dz, df * r]), dh * z, None
    (i, f, g, o), (now, before, dc) = _parts(kept, 4, n), c
    t = m.tanh(now)
    dc = dc + dh * o * (1 - t * t)
    da = m.joined([dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)])
    return da, da, None, dc * f


def _backward(kind: str, m: _Maths, attrs: dict, primal: list, made: list, gs: list) -> list:
    """The gradients of xw, w, b, h0 (and c0)."""
    xw, w, b, h0 = primal[:4]
    y, kept = made[0], made[-1]
    shape = (xw.v if isinstance(xw, Dual) else xw).shape
    order = _order(shape[0], attrs)
    dxw, dw, db, dh, dc = m.room(*shape), None, None, None, None
    for k in range(len(order) - 1, -1, -1):
        t = order[k]
        state = y[order[k - 1]] if k else h0
        dh = dh if gs[0] is None else gs[0][t] if dh is None else dh + gs[0][t]
        dh = state * 0 if dh is None else dh
        cells: tuple = ()
        if kind == "lstm":
            dc = state * 0 if dc is None else dc
            dc = dc if gs[1] is None else dc + gs[1][t]
            cells = (made[1][t], made[1][order[k - 1]] if k else primal[4], dc)
        da, through, direct, dc = _cell_back(kind, m, attrs, kept[t] if kind != "rnn" else None, y[t], state, dh, cells)
        dxw[t] = da
        part = through.T @ state
        dw, db = (part, through.sum(0)) if dw is None else (dw + part, db + through.sum(0))
        dh = through @ w
        dh = dh if direct is None else dh + direct
    return [dxw, dw, db, dh, *([dc] if kind == "lstm" else [])]


def _wide(call: Call) -> tuple[Any, list[Array]]:
    dtype = accumulator(call.xp, call.x)
    return dtype, [None if a is None else a.astype(dtype, copy=False) for a in call.ins]


def _write(call: Call, results: list[Array]) -> None:
    for out, value in zip(call.outs, results, strict=True):
        out[...] = value


def _states(kind: str) -> int:
    return 2 if kind == "lstm" else 1


def _steps(kind: str, call: Call) -> None:
    dtype, ins = _wide(call)
    _write(call, _forward(kind, _Maths(call.xp, dtype), call.attrs, *ins))


def _steps_grad(kind: str, call: Call) -> None:
    dtype, ins = _wide(call)
    n_in, n_g = 3 + _states(kind), _states(kind)
    n_made = n_g + (kind != "rnn")
    gs = [*ins[n_in + n_made :], None][:n_g]
    _write(call, _backward(kind, _Maths(call.xp, dtype), call.attrs, ins[:n_in], ins[n_in : n_in + n_made], gs))


def _steps_grad2(kind: str, call: Call) -> None:
    dtype, ins = _wide(call)
    m, n_in, n_g = _DualMaths(call.xp, dtype), 3 + _states(kind), _states(kind)
    directions = [*ins[n_in + n_g :], *[None] * n_in][:n_in]
    primal = [Dual(p, call.xp.zeros_like(p) if d is None else d) for p, d in zip(ins[:n_in], directions, strict=True)]
    gs = [None if g is None else Dual(g, call.xp.zeros_like(g)) for g in ins[n_in : n_in + n_g]]
    made = _forward(kind, m, call.attrs, *primal)
    found = _backward(kind, m, call.attrs, primal, made, gs)
    _write(call, [g.d for g in found] + [y.d for y in made[:n_g]])


_PASSES: dict[str, Callable[[str, Call], None]] = {
    "steps": _steps,
    "steps_grad": _steps_grad,
    "steps_grad2": _steps_grad2,
}
for _kind in ("rnn", "gru", "lstm"):
    for _name, _run in _PASSES.items():
        kernel(f"{_kind}_{_name}")(partial(_run, _kind))
