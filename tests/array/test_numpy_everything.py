"""Every name of NumPy's namespaces is here or has its reason, and what came late does what NumPy's does."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcore import NDArray, autograd, jit
from dlcore import np as xp
from dlcore.array import _numpy_names as names

rng = np.random.default_rng(5)
M = rng.normal(size=(3, 4)).astype(np.float32)
W = rng.integers(-5, 9, (3, 4))
V = rng.normal(size=7).astype(np.float32)


def public(space: Any) -> list[str]:
    return [n for n in dir(space) if n[0] != "_"]


@pytest.mark.parametrize(
    ("theirs", "ours", "absent"),
    [
        (np, xp, names.ABSENT),
        (np.linalg, xp.linalg, {"test": ""}),
        (np.fft, xp.fft, {"test": ""}),
        (np.random, xp.random, names.ABSENT_RANDOM),
    ],
)
def test_every_name_is_here_or_says_why_not(theirs: Any, ours: Any, absent: dict[str, str]) -> None:
    assert [n for n in public(theirs) if not hasattr(ours, n) and n not in absent] == []
    assert [n for n in absent if hasattr(ours, n) or n in dir(ours)] == []
    assert set(public(theirs)) & set(dir(ours)) and all(hasattr(ours, n) for n in dir(ours))
    if theirs is np:
        for name, why in absent.items():
            with pytest.raises(AttributeError, match=f"^dlcore.np has no '{name}'; "):
                getattr(ours, name)
            assert why


def test_arrays_have_numpys_attributes_or_say_why_not() -> None:
    want = set(dir(np.ndarray))
    assert sorted(want - set(dir(NDArray)) - names.ABSENT_METHODS.keys()) == []
    assert not names.ABSENT_METHODS.keys() & set(dir(NDArray)) and names.ABSENT_METHODS.keys() <= want


def both(call: Callable[[Any, Any], Any], *given: Any) -> None:
    mine, want = call(xp, xp.array(given[0])), call(np, given[0].copy())
    for g, w in zip(*([v] if not isinstance(v, (tuple, list)) else v for v in (mine, want)), strict=True):
        g, w = (np.asarray(v.asnumpy() if isinstance(v, NDArray) else v) for v in (g, w))
        assert g.shape == w.shape and g.dtype.kind == w.dtype.kind
        np.testing.assert_allclose(g, w, rtol=1e-6)


def changed(name: str, *args: Any) -> Callable[[Any, Any], Any]:
    def call(space: Any, x: Any) -> Any:
        assert getattr(x, name)(*args) is None
        return x

    return call


def set_flat(key: Any, value: Any) -> Callable[[Any, Any], Any]:
    def call(space: Any, x: Any) -> Any:
        x.flat[key] = value
        return x

    return call


def placed(space: Any, x: Any) -> Any:
    space.place(x, x > 0, [5, 6])
    return x


CALLS: list[Callable[[Any, Any], Any]] = [
    lambda s, x: x.nonzero(), lambda s, x: x.trace(), lambda s, x: x.trace(1), lambda s, x: x.cumprod(1),
    lambda s, x: x.compress([1, 0, 1], axis=0), lambda s, x: x.compress([False, True, True]),
    lambda s, x: x[0].searchsorted([0.5, 9.0]), lambda s, x: x.argpartition(2, 1).shape, lambda s, x: divmod(x, 2),
    lambda s, x: divmod(5, x), lambda s, x: (x > 0).astype("int64").choose([x, -x]), lambda s, x: x.flat[5],
    lambda s, x: x.flat[1:9:2], lambda s, x: x.flat[[0, -1]], lambda s, x: list(x.flat), lambda s, x: len(x.flat),
    lambda s, x: x.T.flat.copy(), lambda s, x: x.flat.coords, changed("fill", 7), changed("put", [0, -1, 5], [1, 2]),
    set_flat(slice(2, 9), [1, 2]), set_flat(slice(None), 3), set_flat([0, 5], [7, 8]), placed,
    lambda s, x: s.bitwise_count((x * 50).astype("int8")), lambda s, x: s.bitwise_count(x > 0),
    lambda s, x: s.bitwise_count((x * 1e18).astype("int64")), lambda s, x: s.fabs(x),
    lambda s, x: s.mask_indices(3, s.triu, 1), lambda s, x: s.sort_complex((x > 0) + 1j * (x > 0.5)),
    lambda s, x: s.ascontiguousarray(x.T), lambda s, x: s.ascontiguousarray(3.0), lambda s, x: s.asfortranarray(x),
    lambda s, x: s.isfortran(x.T), lambda s, x: s.require(x.T, requirements="C"), lambda s, x: s.zeros_like(x, shape=2),
    lambda s, x: s.full_like(x, [1, 2, 3, 4]), lambda s, x: s.eye(N=2, M=3, order="F"),
    lambda s, x: [n for n in s.ndindex(2, 2)], lambda s, x: [v for _, v in s.ndenumerate(x)],
    lambda s, x: s.issubdtype(x.dtype, s.floating), lambda s, x: s.isscalar(3), lambda s, x: s.broadcast(x, x[0]).shape,
    lambda s, x: s.asarray_chkfinite(x), lambda s, x: s.common_type(x) is np.float32,
    lambda s, x: s.fromiter((k * k for k in range(4)), "int64"), lambda s, x: s.fromstring("1,2", "int32", sep=","),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_late_names_do_what_numpys_do(call: Callable[[Any, Any], Any]) -> None:
    both(call, M)


def test_layouts_in_memory() -> None:
    for make in (xp.zeros, xp.ones, xp.empty):
        assert make((2, 3), order="F").strides == (4, 8) and make((2, 3)).strides == (12, 4)
    assert xp.full((2, 3), [1, 2, 3], order="F").tolist() == [[1, 2, 3]] * 2
    x = xp.array(M)
    assert xp.ascontiguousarray(x) is x and xp.ascontiguousarray(x.T).strides == (12, 4)
    assert xp.asfortranarray(x).strides == (4, 12) and x.T.flags.f_contiguous and x.flags["C_CONTIGUOUS"]
    assert not xp.shares_memory(xp.require(x, requirements=["F", "O"]), x)
    with pytest.raises(ValueError, match="order must be .*'Q'"):
        xp.zeros((2, 2), order="Q")


def test_bytes_and_views() -> None:
    x = xp.array(M)[:, ::-1]
    assert x.tobytes() == M[:, ::-1].tobytes() and x.tobytes("F") == M[:, ::-1].tobytes("F")
    y = xp.ones(3)
    y.view("int32")[0] = 0
    assert y.tolist() == [0.0, 1.0, 1.0] and y.view(np.uint8).shape == (12,) and bytes(y.data) == y.tobytes()
    assert np.ctypeslib.as_array(y.ctypes.data_as(__import__("ctypes").POINTER(__import__("ctypes").c_float)), (3,))[1]
    room = bytearray(8)
    xp.frombuffer(room, "int32")[1] = 7
    assert room[4] == 7 and xp.frombuffer(b"\x01\x02", dtype="uint8").tolist() == [1, 2]
    y.attach_grad()
    with autograd.record(), pytest.raises(TypeError, match="no gradient flows"):
        y.view("int32")
    for bad in (2, (2, -1)):
        with pytest.raises(TypeError, match=r"another shape is x.reshape"):
            y.view(bad)


def written(name: str, *args: Any, **named: Any) -> Callable[[Any, Any], Any]:
    def call(space: Any, x: Any) -> Any:
        assert getattr(space, name)(x, *args, **named) is None
        return x

    return call


def wrapped(space: Any, x: Any) -> Any:
    space.fill_diagonal(x, 2.0, wrap=True)
    return x


MASK = M > 0
N = np.where(M > 1, np.float32(np.nan), M)
# As NumPy writes them: its names of arguments, out by its place, where=, initial=, dtype=, methods of its functions.
AS_NUMPY_CALLS: list[Callable[[Any, Any], Any]] = [
    lambda s, x: s.argmax(a=x),
    lambda s, x: s.squeeze(a=x),
    lambda s, x: s.flip(m=x),
    lambda s, x: s.tile(A=x, reps=2),
    lambda s, x: s.pad(array=x, pad_width=1),
    lambda s, x: s.sin(x, s.zeros((3, 4), s.float32)),
    lambda s, x: s.isin(element=x, test_elements=[1.0]),
    lambda s, x: s.split(ary=x, indices_or_sections=3),
    lambda s, x: s.searchsorted(a=[0.0, 1.0], v=[0.5]),
    lambda s, x: s.hstack(tup=(x, x)),
    lambda s, x: s.triu(m=x),
    lambda s, x: s.divide(1, x, out=s.ones((3, 4), s.float32), where=s.asarray(MASK)),
    lambda s, x: s.add(x, 1, dtype="float64"),
    lambda s, x: s.add.reduce(x),
    lambda s, x: s.multiply.reduce(x, axis=1),
    lambda s, x: s.maximum.reduce(x, axis=None),
    lambda s, x: s.logical_or.reduce(x > 0, axis=1, keepdims=True),
    lambda s, x: s.add.accumulate(x, 1),
    lambda s, x: s.maximum.accumulate(x),
    lambda s, x: s.subtract.outer(x[0], x[1]),
    lambda s, x: s.add.reduceat(x[0], [0, 2]),
    lambda s, x: s.minimum.reduce(x, initial=-9.0),
    lambda s, x: s.concatenate((x, x), axis=1, dtype="float64"),
    lambda s, x: s.median(x, axis=0, overwrite_input=True),
    lambda s, x: s.concatenate([x, x], out=s.zeros((6, 4), s.float32)),
    lambda s, x: s.round(a=x, decimals=1),
    lambda s, x: s.sum(x, where=MASK),
    lambda s, x: s.sum(x, 0, initial=3.0, where=MASK),
    lambda s, x: x.sum(where=MASK),
    lambda s, x: s.prod(x, 1, where=MASK, initial=2.0),
    lambda s, x: s.max(x, 0, initial=0.1),
    lambda s, x: x.std(ddof=1),
    lambda s, x: s.min(x, initial=0.0, where=MASK),
    lambda s, x: s.max(x[:0], 0, initial=1.0),
    lambda s, x: x.prod(1),
    lambda s, x: s.mean(x, 1, where=MASK),
    lambda s, x: s.var(x, 0, where=MASK),
    lambda s, x: s.std(x, where=MASK, ddof=1),
    lambda s, x: s.var(x, 1, mean=s.mean(x, 1, keepdims=True)),
    lambda s, x: s.any(x > 1, 0, where=MASK),
    lambda s, x: s.all(x > 0, 1, where=MASK),
    lambda s, x: s.var(x * (1 + 2j), 0, where=MASK),
    lambda s, x: s.nansum(N, 0, where=MASK),
    lambda s, x: s.nanmean(N, 1, where=MASK),
    lambda s, x: s.nanprod(N, initial=2),
    lambda s, x: s.nanvar(N, 0, ddof=1),
    lambda s, x: s.nanstd(N, where=MASK),
    lambda s, x: s.nanmax(N, 0, initial=9.0),
    lambda s, x: s.nanmin(N, initial=5.0, where=MASK),
    lambda s, x: s.take(x, [1, 0], axis=1, out=s.zeros((3, 2), s.float32)),
    lambda s, x: s.compress([1, 0, 1], x, 0, s.zeros((2, 4), s.float32)),
    lambda s, x: s.linalg.inv(a=x[:, :3]),
    lambda s, x: s.interp(x[0], [3.0, 0.5, 2.0], [1.0, 2.0, 4.0], period=3.5),
    lambda s, x: s.float_power(x * 1j, 2),
    lambda s, x: s.nanargmax(N, 1, keepdims=True),
    lambda s, x: s.linalg.matrix_rank(x, tol=1.0),
    lambda s, x: s.linalg.pinv(x, rcond=0.1),
    lambda s, x: s.linalg.svd(x, compute_uv=False),
    lambda s, x: s.reshape(x, (2, -1), order="F"),
    lambda s, x: x.reshape((6, 2), order="F"),
    lambda s, x: s.ravel(x, order="F"),
    lambda s, x: x.ravel("F"),
    lambda s, x: x.astype("float64", order="C", casting="safe"),
    lambda s, x: x.argsort(kind="stable"),
    lambda s, x: x.copy(order="C"),
    lambda s, x: s.array(x, copy=None, ndmin=4),
    lambda s, x: s.array(object=[1, 2], order="F"),
    lambda s, x: s.asarray(a=x, order="F"),
    lambda s, x: s.dot(x, x.T, s.zeros((3, 3), s.float32)),
    lambda s, x: s.matmul(x, x.T, s.zeros((3, 3), s.float32)),
    lambda s, x: s.stack([x, x], dtype="float64"),
    lambda s, x: s.linalg.norm(x[:0, :0], 1),
    lambda s, x: s.linalg.matrix_norm(x[:, :0], ord=2),
    lambda s, x: s.linalg.vector_norm(x[:0], ord=s.inf),
    written("put", [0, 13, -20], [1, 2, 3], mode="wrap"),
    written("put", [0, 13, -20], [1, 2, 3], mode="clip"),
    written("copyto", 7.0, where=MASK),
    lambda s, x: wrapped(s, s.zeros((7, 3))),
    lambda s, x: s.choose([5, -1], [[1, 2], [3, 4]], mode="wrap"),
    lambda s, x: s.fft.fft(a=x[0], n=3).real,
]


@pytest.mark.parametrize("call", AS_NUMPY_CALLS, ids=range(len(AS_NUMPY_CALLS)))
def test_calls_as_numpy_writes_them(call: Callable[[Any, Any], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns of empty slices
        both(call, M)


def test_parts_of_complex_numbers_are_kept_apart() -> None:
    """Infinities, NaN and the sign of zero in one part do not reach the other."""
    parts = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 2.5, -0.4])
    for kind in ("complex64", "complex128"):
        z = np.empty((7, 7), kind)
        z.real, z.imag = parts[:, None], parts[None, :]
        for name in ("round", "nan_to_num"):
            got, want = getattr(xp, name)(z).asnumpy(), getattr(np, name)(z)
            for g, w in ((got.real, want.real), (got.imag, want.imag)):
                np.testing.assert_array_equal(g, w)
                assert (np.signbit(g) == np.signbit(w))[~np.isnan(w)].all(), name


def test_sixteen_bits_are_computed_in_more() -> None:
    """pi x is not rounded to 16 bits on the way to sinc."""
    for kind, limit in (("float16", 1e-3), ("bfloat16", 8e-3)):
        x = xp.asarray([0.0, 0.5, 1.0, 2.0, 3.5, -7.0], dtype=kind)
        np.testing.assert_allclose(xp.sinc(x).asnumpy().astype("f8"), np.sinc(x.asnumpy().astype("f8")), atol=limit)
        assert xp.sinc(x)._dtype_name == kind and abs(float(xp.sinc(x)[2])) < 1e-6


def test_sums_under_a_mask_have_gradients_and_compile() -> None:
    x = xp.array(M)
    x.attach_grad()
    with autograd.record():
        (xp.sum(x, where=MASK) + xp.mean(x, where=MASK)).backward()
    np.testing.assert_allclose(x.grad.asnumpy(), MASK * (1 + 1 / MASK.sum()), rtol=1e-6)
    run = jit(lambda y: xp.add.reduce(y, axis=1, where=xp.asarray(MASK)) + xp.argmax(a=y, axis=1))
    np.testing.assert_allclose(run(x).asnumpy(), M.sum(1, where=MASK) + M.argmax(1), rtol=1e-6)
    xp.add.at(x, ([0, 0], [1, 1]), 5.0)
    assert abs(float(x[0, 1]) - float(M[0, 1]) - 10) < 1e-5


def test_files(tmp_path: Path) -> None:
    xp.save(tmp_path / "a", W)
    assert np.load(tmp_path / "a.npy").tolist() == W.tolist() == xp.load(tmp_path / "a.npy").tolist()
    xp.savez(tmp_path / "b.npz", M, w=W)
    with xp.load(tmp_path / "b.npz") as kept:
        assert sorted(kept.files) == ["arr_0", "w"] and kept["arr_0"].tolist() == M.tolist()
    xp.savez_compressed(tmp_path / "b.npz", w=W)
    assert np.load(tmp_path / "b.npz")["w"].tolist() == W.tolist()
    xp.savetxt(tmp_path / "c.txt", W, "%d")
    assert xp.loadtxt(tmp_path / "c.txt", "int64").tolist() == W.tolist()
    xp.array(W).tofile(tmp_path / "d")
    assert xp.fromfile(tmp_path / "d", "int64").tolist() == W.ravel().tolist()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npy", "b.npz", "c.txt", "d"]
    np.save(tmp_path / "e.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="load: the file holds Python objects, which are never unpickled"):
        xp.load(tmp_path / "e.npy")
    kept_bytes = io.BytesIO()
    with pytest.raises(TypeError, match="no bfloat16"):
        xp.save(kept_bytes, xp.ones(2, dtype="bfloat16"))


@pytest.mark.parametrize(
    ("call", "kind", "match"),
    [
        (lambda x: x.flat[99], IndexError, "index 99 is out of range for axis 0 of size 12"),
        (lambda x: x.flat[0, 1], IndexError, "x.flat takes one index, got 2"),
        (lambda x: xp.place(x, [True], [1]), ValueError, r"place: mask of shape \(1,\)"),
        (lambda x: xp.place(x, x > -9, []), ValueError, "place: no values for 12 places"),
        (lambda x: xp.fabs(x + 1j), TypeError, "fabs: expected real numbers, got complex64"),
        (lambda x: xp.bitwise_count(x), TypeError, "bitwise_count: expected whole numbers .* float32"),
        (lambda x: xp.asarray_chkfinite(x / 0), ValueError, r"asarray_chkfinite: the array of shape \(3, 4\)"),
        (lambda x: xp.require(x, requirements=["C", "F"]), ValueError, "require: expected some of C or F"),
        (lambda x: xp.max(x, where=x > 0), ValueError, "max: with where= the number must be given .* initial="),
        (lambda x: xp.sum(x, where=x), TypeError, "sum: where= must hold truth values, got float32"),
        (lambda x: xp.isposinf(x + 1j), TypeError, "isposinf: expected real numbers, got complex64"),
        (lambda x: xp.i0(x + 1j), TypeError, "i0: expected real numbers"),
        (lambda x: xp.fft.fftfreq(0), ValueError, "fftfreq: n must be at least 1, got 0"),
        (lambda x: xp.put(x, [12], 1.0), IndexError, r"put: index 12 is out of range for size 12 .*\(3, 4\)"),
        (lambda x: xp.put(x, [1], 1.0, "up"), ValueError, "put: mode must be .*'up'"),
        (
            lambda x: xp.ravel_multi_index(([1], [9]), (3, 4)),
            IndexError,
            "index 9 is out of range for axis 1 of size 4",
        ),
        (lambda x: xp.copyto(x, 1j, "same_kind"), TypeError, "copyto: complex64 does not fit into float32"),
        (lambda x: x.astype("int32", casting="safe"), TypeError, "astype: float32 to int32 is not allowed"),
        (lambda x: x.item("a"), TypeError, "item: expected a place in order or indices, got str"),
        (lambda x: xp.matmul(x, x.T, out=x), ValueError, r"matmul: out= has shape \(3, 4\), the product \(3, 3\)"),
        (lambda x: xp.argmax(b=x), TypeError, "argmax"),
        (lambda x: xp.concatenate([x], out=xp.zeros(3)), ValueError, r"out= has shape \(3,\), the result \(3, 4\)"),
        (lambda x: xp.choose([0, -1], [[1, 2], [3, 4]]), IndexError, "choose: index -1 is out of range for 2 arrays"),
        (lambda x: x.tobytes("Q"), ValueError, "tobytes: order must be"),
    ],
)
def test_mistakes(call: Callable[[NDArray], Any], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call(xp.array(M))
