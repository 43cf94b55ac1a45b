"""Random programs of dozens of operators, as networks have them: shared parts, reductions, normalisation, views,
products, convolutions, dropout, writes in place.

A program is a list of small numbers. What a step does depends on them and on the shapes of the values that are there,
never on the values, so that every list is a program, can be traced, and can be shrunk by Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from graph.programs import array
from hypothesis import strategies as st

from dlcore import _core, autograd
from dlcore.ops import F

SOURCES = ((2, 3, 6, 6), (4, 6), (6,), (5, 4))
HELD = ((4, 6), (3, 3, 3, 3), (2, 3, 6, 6), (6,))  # captured arrays: a step may write into any but the second
LARGEST = 500  # elements of a value

Code = tuple[int, int, int, int]


class Deep(NamedTuple):
    """Steps (what, and which values), and the dtype of all arrays."""

    steps: tuple[Code, ...]
    dtype: str
    seed: int


def programs(dtypes: tuple[str, ...], least: int = 10, most: int = 40) -> st.SearchStrategy[Deep]:
    """Programs of `least` to `most` steps."""
    small = st.integers(0, 997)
    code = st.tuples(st.integers(0, 10_000), small, small, small)
    steps = st.lists(code, min_size=least, max_size=most).map(tuple)
    return st.builds(Deep, steps, st.sampled_from(dtypes), st.integers(0, 99))


def _mixed(x: Any, y: Any, rule: Callable[[Any, Any], Any]) -> Any:
    """A rule of two values; where their shapes do not go together, the second is averaged to one number."""
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        y = F.mean(y)
    return F.tanh(rule(x, y))


def _axis(x: Any, n: int) -> int:
    return n % max(x.ndim, 1)


def _reduced(x: Any, n: int, kind: str) -> Any:
    if x.ndim == 0:
        return F.tanh(x)
    keep, axis = bool(n & 1), _axis(x, n // 2)
    if kind == "sum":
        return F.multiply(F.sum(x, axis=axis, keepdims=keep), 1.0 / max(x.shape[axis], 1))
    return getattr(F, kind)(x, axis=axis, keepdims=keep)


def _view(x: Any, n: int) -> Any:
    if x.ndim == 0:
        return F.reshape(x, shape=(1,))
    axis, kind = _axis(x, n // 7), n % 7
    if kind == 0:
        return F.reshape(x, shape=(-1,))
    if kind == 1:
        return F.transpose(x, axes=tuple(np.roll(range(x.ndim), n // 7)))
    if kind == 2:
        return F.flip(x, axis=axis)
    if kind == 3:
        return F.expand_dims(x, axis=axis) if x.ndim < 5 else F.mean(x, axis=axis)
    if kind == 4:
        return F.broadcast_to(x, shape=(2, *x.shape)) if x.ndim < 5 else F.mean(x, axis=axis)
    if kind == 5:
        start = [0] * x.ndim
        start[axis] = x.shape[axis] // 2 if x.shape[axis] > 1 else 0
        return F.slice(x, start=tuple(start), size=tuple(s - b for s, b in zip(x.shape, start, strict=True)))
    return F.reshape(x, shape=(*x.shape[1:], x.shape[0]))


def _rows(x: Any) -> Any:
    return F.reshape(x, shape=(-1, x.shape[-1])) if x.ndim else F.reshape(x, shape=(1, 1))


def _product(x: Any, n: int) -> Any:
    rows = _rows(x)
    if rows.shape[0] > 24 or n & 1:
        rows = F.transpose(rows)
    if rows.shape[0] > 24:
        return F.tanh(x)
    return F.multiply(F.matmul(rows, F.transpose(rows)), 1.0 / rows.shape[1])


def _normalised(x: Any, scale: Any, n: int) -> Any:
    if x.ndim < 2 or x.shape[-1] < 2:
        return F.sigmoid(x)
    gamma = F.broadcast_to(F.reshape(F.add(F.tanh(F.mean(scale)), 1.5), shape=(1,)), shape=(x.shape[-1],))
    beta = F.multiply(gamma, 0.1)
    return F.multiply(F.layer_norm(x, gamma, beta, axis=-1, eps=0.5), 0.5)


def _batch_normalised(x: Any) -> Any:
    if x.ndim < 2:
        return F.tanh(x)
    ones = F.broadcast_to(F.reshape(F.sigmoid(F.mean(x)), shape=(1,)), shape=(x.shape[1],))
    return F.multiply(F.batch_norm_train(x, ones, ones, axis=1, eps=0.5)[0], 0.5)


def _convolved(x: Any, weight: Any, n: int) -> Any:
    if x.ndim != 4 or min(x.shape[2:]) < 2:
        return F.gelu_tanh(x)
    if n % 3 == 1:
        return F.avg_pool2d(x, kernel=(2, 2), stride=(1, 1))
    if n % 3 == 2:
        return F.max_pool2d(F.add(x, 0.0), kernel=(2, 2))
    return F.tanh(F.conv2d(x, weight, pad=(1, 1))) if x.shape[1] == 3 else F.softplus(x)


def _softmax(x: Any, n: int) -> Any:
    if x.ndim == 0:
        return F.sin(x)
    name = ("softmax", "log_softmax", "logsumexp")[n % 3]
    result = getattr(F, name)(x, axis=_axis(x, n // 3))
    return result if n % 3 == 0 else F.multiply(result, 0.3)


def _by_hand(x: Any, y: Any, n: int) -> Any:
    """What reduces rows and goes on with them, written with elementary calls."""
    if x.ndim == 0:
        return F.sin(x)
    axes = tuple(range(x.ndim - 1 - n // 5 % 2 * (x.ndim > 1), x.ndim))
    kind, last = n % 5, {"axis": axes, "keepdims": True}
    if kind == 0:
        e = F.exp(F.subtract(x, F.max(x, **last)))
        return F.divide(e, F.sum(e, **last))
    if kind == 1:
        return F.tanh(F.multiply(x, F.rsqrt(F.add(F.mean(F.multiply(x, x), **last), 0.5))))
    if kind == 2:
        d = F.subtract(x, F.mean(x, **last))
        return F.divide(d, F.sqrt(F.add(F.mean(F.square(d), **last), 0.5)))
    if kind == 3:
        return F.mean(F.square(F.subtract(x, _mixed(x, y, F.multiply))), axis=axes)
    mean = F.mean(x, axis=axes)
    return F.tanh(F.subtract(F.mean(F.square(x), axis=axes), F.multiply(mean, mean)))


def _joined(x: Any, y: Any, n: int) -> Any:
    y = y if y.shape == x.shape else F.sin(x)
    if x.ndim == 0 or n % 2:
        return F.stack(x, y, axis=0) if x.ndim < 5 else F.add(x, y)
    return F.concat(x, y, axis=_axis(x, n // 2))


def _chosen(x: Any, y: Any, exact: bool) -> Any:
    if not exact:  # in 16 bits the last digit, which may differ, would decide
        return _mixed(x, y, F.multiply)
    return F.where(F.less(x, 0.1), F.multiply(x, 0.5), F.tanh(x))


def _written(x: Any, n: int) -> Any:
    """A fresh array of which a part is overwritten, or added to, in place."""
    fresh = F.multiply(x, 0.9)
    if x.ndim == 0:
        fresh += 0.25
        return fresh
    if n % 2:
        fresh[n // 2 % x.shape[0]] = 0.5
    else:
        fresh += F.tanh(x)
    return fresh


UNARY = ("tanh", "sigmoid", "sin", "gelu_tanh", "softplus", "erf", "arctan")


def _step(code: Code, values: list[Any], weight: Any, exact: bool) -> Any:
    kind, a, b, n = code
    # The newer a value the likelier, so that programs are deep; twice the same pair shares a part.
    x, y = values[-1 - a % min(len(values), 6)], values[b % len(values)]
    table: tuple[Callable[[], Any], ...] = (
        lambda: getattr(F, UNARY[n % len(UNARY)])(x),
        lambda: _mixed(x, y, (F.add, F.subtract, F.multiply)[n % 3]),
        lambda: _mixed(y, x, lambda p, q: F.divide(p, F.add(F.square(q), 1.0))),
        lambda: _reduced(x, n, ("sum", "mean", "max" if exact else "mean")[n % 3]),
        lambda: _view(x, n),
        lambda: _view(y, n),
        lambda: _product(x, n),
        lambda: _normalised(x, y, n),
        lambda: _batch_normalised(x),
        lambda: _convolved(x, weight, n if exact else n // 3 * 3),
        lambda: _softmax(x, n),
        lambda: _by_hand(x, y, n),
        lambda: _joined(x, y, n),
        lambda: _chosen(x, y, exact),
        lambda: _written(x, n),
        lambda: F.dropout(x, 0.3),
        lambda: F.add(F.tanh(F.multiply(x, 0.7)), F.multiply(F.tanh(F.multiply(x, 0.7)), 0.1)),
        lambda: F.cumsum(F.multiply(x, 0.2), axis=_axis(x, n)) if x.ndim else F.sin(x),
        lambda: F.take(x, array([n % x.shape[0], 0, -1], "int64"), axis=0) if x.ndim else F.sin(x),
    )
    return table[kind % len(table)]()


def run(program: Deep, given: list[Any], held: list[Any]) -> list[Any]:
    """The last values of a program; some of its values are written into `held`."""
    values = list(given)
    exact = program.dtype != "bfloat16"
    for code in program.steps:
        result = _step(code, values, held[1], exact)
        while result.size > LARGEST:
            result = F.mean(result, axis=0)
        values.append(result)
        for number, shape in enumerate(HELD):
            if number != 1 and tuple(result.shape) == shape and code[3] % 4 == 0:
                _core.assign(held[number], result)
    return values[-4:]


def arrays(program: Deep, shapes: tuple[tuple[int, ...], ...], salt: int) -> list[Any]:
    """Random arrays of these shapes."""
    rng = np.random.default_rng([program.seed, salt])
    draws = [rng.uniform(-1.5, 1.5, shape).astype(np.float32) for shape in shapes]
    return [F.cast(array(values), program.dtype) if program.dtype != "float32" else array(values) for values in draws]


def loss_and_gradients(program: Deep, given: list[Any], held: list[Any]) -> list[Any]:
    """Outputs, a loss of all of them, and its gradients with respect to `given`."""
    for a in given:
        a.attach_grad()
    with autograd.record():
        outs = run(program, given, held)
        total = sum((F.mean(F.sin(F.add(out, 0.3))) for out in outs[1:]), F.mean(F.sin(outs[0])))
    total.backward()
    return [total, *outs, *(a.grad * 1 for a in given)]
