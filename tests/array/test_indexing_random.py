"""x[key] and x[key] = value with random indices and layouts against NumPy: values, writes and gradients."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlcore import _core, autograd, jit
from dlcore.array import np as dnp


@st.composite
def keys(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple:
    """Anything that NumPy takes: slices, numbers, arrays and lists of positions, masks over some axes, None, "..."."""
    joint = draw(st.sampled_from([(), (1,), (2,), (3,), (2, 3), (0,)]))
    used = draw(st.integers(0, len(shape)))
    parts: list = []
    axis = 0
    while axis < used:
        n = shape[axis]
        kind = draw(st.sampled_from(["slice", "slice", "int", "array", "array", "mask"]))
        if kind == "int" and n:
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "array" and (n or 0 in joint):
            size = draw(st.sampled_from([joint, (1,) * len(joint), joint[-1:]])) if n else joint
            low, high = (-n, n - 1) if n else (0, 0)
            index = draw(hnp.arrays(np.int64, size, elements=st.integers(low, high)))
            kinds = [np.asarray, np.int32, dnp.array]
            parts.append(
                draw(st.sampled_from(kinds if index.ndim == 0 or not index.size else [*kinds, np.ndarray.tolist]))(
                    index
                )
            )
        elif kind == "mask" and joint in ((), (1,)):
            rank = draw(st.integers(1, used - axis))
            parts.append(draw(hnp.arrays(bool, shape[axis : axis + rank])))
            joint = ()  # the number of chosen places rules out other arrays
            axis += rank - 1
        else:
            step = draw(st.sampled_from([None, 1, 2, -1, -2]))
            ends = st.none() | st.integers(-n - 1, n + 1)
            parts.append(slice(draw(ends), draw(ends), step))
        axis += 1
    if draw(st.booleans()) or used < len(shape):
        parts.insert(draw(st.integers(0, len(parts))) if used == len(shape) else len(parts), Ellipsis)
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return tuple(parts)


def of_numpy(key: tuple) -> tuple:
    return tuple(k.asnumpy() if hasattr(k, "asnumpy") else k for k in key)


@st.composite
def laid_out(draw: st.DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    """Different numbers in this shape, with odd strides."""
    order = draw(st.permutations(range(len(shape))))
    room = np.zeros([2 * shape[a] + 1 for a in order])
    steps = tuple(
        draw(st.sampled_from([slice(0, shape[a]), slice(1, None, 2), slice(None, shape[a], -1)])) for a in order
    )
    view = room[(*steps, ...)].transpose(np.argsort(order))
    view = view[(*(slice(0, n) for n in shape), ...)]
    view[...] = np.arange(1, view.size + 1).reshape(shape)
    return view


@st.composite
def indexed(draw: st.DrawFn) -> tuple[np.ndarray, tuple, np.ndarray]:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    base, key = draw(laid_out(shape)), draw(keys(shape))
    try:
        part = base[of_numpy(key)]
    except IndexError:  # masks and arrays that do not go together
        assume(False)
    assume(part.ndim <= 8)
    shape = part.shape[draw(st.integers(0, part.ndim)) :]
    shape = tuple(1 if draw(st.integers(0, 4)) == 0 else n for n in shape)
    return base, key, -1 - np.arange(float(np.prod(shape))).reshape(shape)


@given(indexed())
def test_any_index_reads_writes_and_has_gradients(case: tuple[np.ndarray, tuple, np.ndarray]) -> None:
    base, key, value = case
    of_np = of_numpy(key)
    want, written = base[of_np], base.copy()
    written[of_np] = value
    np.testing.assert_array_equal(_core.from_numpy(base, False)[key].asnumpy(), want)
    np.testing.assert_array_equal(jit(lambda x: x[key] + 0)(_core.from_numpy(base, False)).asnumpy(), want)

    room = np.array(base)
    x = _core.from_numpy(room, False)
    x[key] = _core.from_numpy(value)
    np.testing.assert_array_equal(x.asnumpy(), written)

    def write(x, v):
        y = x + 0
        y[key] = v
        return y

    np.testing.assert_array_equal(jit(write)(_core.from_numpy(base, False), _core.from_numpy(value)).asnumpy(), written)
    strided = base.copy(order="F")[...]
    x = _core.from_numpy(strided, False)
    x[key] = value
    np.testing.assert_array_equal(x.asnumpy(), written)

    weights = np.random.default_rng(3).normal(size=want.shape)
    x, v = _core.from_numpy(base), _core.from_numpy(value)
    x.attach_grad()
    v.attach_grad()
    with autograd.record():
        (x[key] * dnp.array(weights)).sum().backward()
    wanted = np.zeros(base.shape)
    np.add.at(wanted, of_np, weights)
    np.testing.assert_allclose(x.grad.asnumpy(), wanted)

    weights = np.random.default_rng(4).normal(size=base.shape)
    with autograd.record():
        y = x * 2
        y[key] = v * 3
        (y * dnp.array(weights)).sum().backward()
    source = np.full(base.shape, -1)
    source[of_np] = np.arange(value.size).reshape(value.shape)
    of_v = np.zeros(value.size)
    np.add.at(of_v, source[source >= 0], weights[source >= 0])
    np.testing.assert_allclose(x.grad.asnumpy(), np.where(source < 0, 2 * weights, 0))
    np.testing.assert_allclose(v.grad.asnumpy().ravel(), 3 * of_v, atol=1e-14)
