"""np.linalg against NumPy: values over dtypes and batches, derivatives of compositions, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from values import flat

from dlcore import autograd, nd
from dlcore._core import NDArray
from dlcore.array import array, asarray, linalg
from dlcore.ops import F

rng = np.random.default_rng(1)
SQUARE = rng.normal(size=(2, 3, 3)) + 3 * np.eye(3)
DEFINITE = SQUARE @ SQUARE.swapaxes(-1, -2)
TALL, WIDE = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 3, 4))
LINE, OTHER = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
inf = float("inf")


VALUES: list[tuple[str, tuple, dict]] = [
    *[(name, (SQUARE,), {}) for name in ("inv", "det", "slogdet", "cond", "matrix_rank", "svdvals", "pinv", "trace")],
    *[(name, (x,), {}) for name in ("svdvals", "pinv", "matrix_rank", "cond") for x in (TALL, WIDE)],
    ("cholesky", (DEFINITE,), {}), ("cholesky", (DEFINITE,), {"upper": True}), ("eigvalsh", (DEFINITE,), {}),
    ("solve", (SQUARE, TALL[:, :3]), {}), ("solve", (SQUARE[0], LINE[0]), {}), ("eigvalsh", (SQUARE, "L"), {}),
    ("eigvalsh", (SQUARE, "U"), {}), ("eigh", (DEFINITE,), {}), ("qr", (TALL,), {}), ("qr", (WIDE,), {}),
    ("qr", (TALL,), {"mode": "complete"}), ("qr", (WIDE,), {"mode": "complete"}), ("svd", (TALL,), {}),
    ("svd", (TALL,), {"full_matrices": False}), ("svd", (WIDE,), {"full_matrices": False}),
    ("matrix_power", (SQUARE, 5), {}), ("matrix_power", (SQUARE, 0), {}), ("matrix_power", (SQUARE, -2), {}),
    ("cross", (LINE, OTHER), {}), ("cross", (LINE.T, OTHER.T), {"axis": 0}), ("cross", (LINE[0], OTHER), {}),
    ("vecdot", (LINE, OTHER), {}), ("vecdot", (LINE, OTHER), {"axis": 0}), ("outer", (LINE[0], OTHER[:, 0]), {}),
    ("diagonal", (WIDE,), {"offset": 1}), ("diagonal", (WIDE,), {"offset": -2}), ("trace", (WIDE,), {"offset": 1}),
    ("matrix_transpose", (WIDE,), {}), ("tensordot", (TALL, WIDE), {"axes": ((0, 1), (0, 2))}),
    ("multi_dot", ([LINE, OTHER.T, LINE, SQUARE[0]],), {}), ("multi_dot", ([LINE[0], OTHER.T, LINE[:, 0]],), {}),
    ("tensorinv", (rng.normal(size=(4, 6, 8, 3)),), {"ind": 2}), ("tensorsolve", (rng.normal(size=(2, 3, 6)),
                                                                                rng.normal(size=(2, 3))), {}),
    ("tensorsolve", (rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 3))), {"axes": (1,)}),
    ("lstsq", (TALL[0], LINE[:4]), {}), ("lstsq", (TALL[0], LINE[:4, 0]), {}), ("lstsq", (WIDE[0], LINE[:3]), {}),
    ("pinv", (TALL,), {"rtol": 0.5}), ("matrix_rank", (TALL,), {"rtol": 0.5}),
    *[("matrix_norm", (WIDE,), {"ord": p, "keepdims": k}) for p in ("fro", "nuc", 1, -1, 2, -2, inf, -inf)
      for k in (False, True)],
    *[("vector_norm", (WIDE,), {"ord": p, "axis": a, "keepdims": k}) for p in (0, 1, 2, 3, -1.5, inf, -inf)
      for a in (None, 1, (0, 2)) for k in (False, True)],
    *[("norm", (WIDE[0], p), {}) for p in (None, "fro", "nuc", 1, 2, -2, inf)], ("norm", (WIDE,), {}),
    ("norm", (WIDE, 1, (0, 2)), {}), ("norm", (WIDE, 2, 1), {}), ("norm", (LINE[0], 0.5), {}),
    ("norm", (WIDE, None, (2, 0), True), {}), ("norm", (WIDE,), {"keepdims": True}),
    *[("cond", (SQUARE, p), {}) for p in ("fro", 1, -1, inf, 2, -2)],
]  # fmt: skip


def numpys(name: str, args: tuple, kwargs: dict) -> Any:
    if name == "pinv" and "rtol" in kwargs:
        return np.linalg.pinv(args[0], kwargs["rtol"])
    if name == "lstsq":
        return np.linalg.lstsq(*args, rcond=None)
    return getattr(np.linalg, name)(*args, **kwargs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "args", "kwargs"), VALUES)
def test_is_numpys(name: str, args: tuple, kwargs: dict, dtype: str) -> None:
    def cast(v: Any) -> Any:
        return v.astype(dtype) if isinstance(v, np.ndarray) else [a.astype(dtype) for a in v] if isinstance(
            v, list) else v  # fmt: skip

    args = tuple(cast(a) for a in args)
    got, want = flat(getattr(linalg, name)(*args, **kwargs)), flat(numpys(name, args, kwargs))
    assert len(got) == len(want)
    limit = 2e-3 if dtype == "float32" else 1e-10
    for g, w in zip(got, want, strict=True):
        assert g.shape == w.shape
        assert g.dtype == (w.dtype if w.dtype.kind == "f" else np.int64), (g.dtype, w.dtype)
        np.testing.assert_allclose(g, w, rtol=limit, atol=limit * max(1.0, np.abs(w).max(initial=0)))


def test_whole_numbers_give_float32_and_halves_stay() -> None:
    whole = np.array([[2, 1], [1, 3]])
    for name in ("inv", "det", "cholesky", "eigvalsh", "svdvals", "pinv"):
        assert getattr(linalg, name)(whole).dtype == np.float32
        assert getattr(linalg, name)(nd.array(whole, dtype="bfloat16")).dtype.name == "bfloat16"
    np.testing.assert_allclose(linalg.inv(whole).asnumpy(), np.linalg.inv(whole), rtol=1e-6)


def test_factors_multiply_back() -> None:
    u, s, vh = linalg.svd(asarray(WIDE), full_matrices=False)
    np.testing.assert_allclose(((u * s[:, None, :]) @ vh).asnumpy(), WIDE, atol=1e-12)
    q, r = linalg.qr(asarray(WIDE))
    np.testing.assert_allclose((q @ r).asnumpy(), WIDE, atol=1e-12)
    q, low = linalg.gelqf(asarray(WIDE))
    np.testing.assert_allclose((low @ q).asnumpy(), WIDE, atol=1e-12)
    assert (linalg.diagonal(low).asnumpy() > 0).all()
    rows, w = linalg.syevd(asarray(DEFINITE))
    np.testing.assert_allclose((nd.swapaxes(rows, 1, 2) @ (rows * w[:, :, None])).asnumpy(), DEFINITE, atol=1e-11)
    names = linalg.svd(asarray(SQUARE))
    assert names.U.shape == names.Vh.shape == (2, 3, 3)
    assert linalg.slogdet(asarray(SQUARE)).logabsdet.shape == (2,)


def test_large_triangles_are_halved() -> None:
    n = 150
    low = np.tril(rng.normal(size=(n, n))) / n + np.eye(n)
    b = rng.normal(size=(n, 3))
    np.testing.assert_allclose(linalg.trsm(low, b).asnumpy(), np.linalg.solve(low, b), atol=1e-12)
    up = linalg.trsm(low, b, transpose=True)
    np.testing.assert_allclose(up.asnumpy(), np.linalg.solve(low.T, b), atol=1e-12)


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("lower", [False, True])
def test_triangular_products_and_their_inverse(transpose: bool, right: bool, lower: bool) -> None:
    t = np.tril(SQUARE) if lower else np.triu(SQUARE)
    t = t.swapaxes(-1, -2) if transpose else t
    want = 2 * (SQUARE @ t if right else t @ SQUARE)
    got = linalg.trmm(SQUARE, SQUARE, transpose, right, lower, 2.0)
    np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-12)
    back = linalg.trsm(SQUARE, got, transpose, right, lower, 0.5)
    np.testing.assert_allclose(back.asnumpy(), SQUARE, rtol=1e-10)


def test_classic_products_and_triangles() -> None:
    a, b, c = WIDE, TALL, SQUARE
    np.testing.assert_allclose(linalg.gemm(a, b, c, alpha=2.0, beta=3.0).asnumpy(), 2 * a @ b + 3 * c)
    np.testing.assert_allclose(linalg.gemm2(a, a, transpose_b=True).asnumpy(), a @ a.swapaxes(1, 2))
    moved = linalg.gemm2(a.swapaxes(0, 1), b.swapaxes(0, 1), axis=0).asnumpy()
    np.testing.assert_allclose(moved, (a @ b).swapaxes(0, 1))
    np.testing.assert_allclose(linalg.syrk(a, transpose=True, alpha=0.5).asnumpy(), 0.5 * a.swapaxes(1, 2) @ a)
    np.testing.assert_allclose(linalg.potri(linalg.potrf(DEFINITE)).asnumpy(), np.linalg.inv(DEFINITE), rtol=1e-9)
    half = linalg.sumlogdiag(linalg.potrf(DEFINITE)).asnumpy()
    np.testing.assert_allclose(2 * half, np.linalg.slogdet(DEFINITE)[1], rtol=1e-12)
    for offset, lower in ((0, True), (0, False), (1, True), (-1, True)):
        places = np.tril_indices(3, -abs(offset))
        if offset > 0 or (offset == 0 and not lower):  # the upper triangle is read column by column
            places = places[::-1]
        numbers = linalg.extracttrian(SQUARE, offset, lower)
        np.testing.assert_array_equal(numbers.asnumpy(), SQUARE[:, places[0], places[1]])
        back = np.zeros_like(SQUARE)
        back[:, places[0], places[1]] = SQUARE[:, places[0], places[1]]
        np.testing.assert_array_equal(linalg.maketrian(numbers, offset, lower).asnumpy(), back)
    for offset in (0, 2, -1):
        np.testing.assert_array_equal(linalg.makediag(LINE, offset).asnumpy()[1], np.diag(LINE[1], offset))
        np.testing.assert_array_equal(linalg.extractdiag(WIDE, offset).asnumpy()[1], np.diag(WIDE[1], offset))


GRADIENTS: list[tuple[str, Callable[..., Any], tuple]] = [
    ("qr of a wide matrix", lambda x: linalg.qr(x).R, (WIDE,)),
    ("svd", lambda x: linalg.svd(x).S, (SQUARE,)),
    ("norm 2", lambda x: linalg.norm(x, 2), (WIDE[0],)),
    ("norm nuc", lambda x: linalg.matrix_norm(x, ord="nuc"), (WIDE,)),
    ("vector norm", lambda x: linalg.vector_norm(x, axis=1, ord=3), (WIDE,)),
    ("cond", linalg.cond, (SQUARE,)),
    ("power", lambda x: linalg.matrix_power(x, -3), (SQUARE,)),
    ("cross", linalg.cross, (LINE, OTHER)),
    ("lstsq", lambda a, b: linalg.lstsq(a, b).x, (TALL[0], LINE[:4])),
    ("solve with a vector", linalg.solve, (SQUARE[0], LINE[0])),
    ("trsm", lambda a, b: linalg.trsm(a, b, True, True), (SQUARE, WIDE.swapaxes(1, 2))),
    ("potri", linalg.potri, (SQUARE,)),
    ("gelqf", lambda a: linalg.gelqf(a)[1], (WIDE,)),
    ("maketrian", lambda a: linalg.maketrian(a) @ linalg.maketrian(a), (LINE,)),
    ("extracttrian", lambda a: linalg.extracttrian(a) ** 2, (SQUARE,)),
    ("makediag", lambda a: linalg.makediag(a, 1) @ linalg.makediag(a, -1), (LINE,)),
    ("tensorsolve", linalg.tensorsolve, (rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 3)))),
    ("multi_dot", lambda a, b: linalg.multi_dot([a, b, a]), (WIDE[0], TALL[0])),
    ("eigh of a triangle", lambda a: linalg.eigvalsh(a, "U"), (SQUARE,)),
    ("det of a singular matrix", linalg.det, (np.array([[1.0, 2.0], [2.0, 4.0]]),)),
]


def slopes(function: Callable, given: list[np.ndarray], weights: np.ndarray | None, seconds: list | None) -> list:
    """The gradients of the weighted sum, or of the gradients' product with `seconds`."""
    arrays = [array(a) for a in given]
    for a in arrays:
        a.attach_grad()
    with autograd.record():
        total = (function(*arrays) * asarray(weights)).sum()
        if seconds is not None:
            first = autograd.grad(total, arrays, create_graph=True, retain_graph=True)
            total = sum((g * asarray(s)).sum() for g, s in zip(first, seconds, strict=True))
    return [g.asnumpy() for g in autograd.grad(total, arrays)]


@pytest.mark.parametrize(("name", "function", "args"), GRADIENTS, ids=[g[0] for g in GRADIENTS])
def test_derivatives_of_compositions(name: str, function: Callable, args: tuple) -> None:
    given = [np.asarray(a, np.float64) for a in args]
    weights = rng.uniform(0.5, 1.5, function(*map(asarray, given)).shape)
    ways = [rng.uniform(-1, 1, a.shape) for a in given]
    seconds = [rng.uniform(-1, 1, a.shape) for a in given]

    def value(step: float) -> float:
        moved = [asarray(a + step * w) for a, w in zip(given, ways, strict=True)]
        return float((function(*moved).asnumpy() * weights).sum())

    def slope(step: float) -> float:
        moved = [a + step * w for a, w in zip(given, ways, strict=True)]
        found = slopes(function, moved, weights, None)
        return sum(float((g * s).sum()) for g, s in zip(found, seconds, strict=True))

    got = sum(float((g * w).sum()) for g, w in zip(slopes(function, given, weights, None), ways, strict=True))
    want = (value(1e-6) - value(-1e-6)) / 2e-6
    assert abs(got - want) <= 1e-6 * max(1.0, abs(want)), name
    if name.endswith("singular matrix"):
        return  # the second derivative of det needs an invertible matrix
    got = sum(float((g * w).sum()) for g, w in zip(slopes(function, given, weights, seconds), ways, strict=True))
    want = (slope(1e-5) - slope(-1e-5)) / 2e-5
    assert abs(got - want) <= 1e-5 * max(1.0, abs(want)), name


@pytest.mark.parametrize(
    ("call", "kind", "match"),
    [
        (lambda: linalg.inv([[1.0, 1.0], [1.0, 1.0]]), ValueError, r"inv: Singular matrix, for shape \(2, 2\)"),
        (lambda: linalg.inv([[1.0, 2.0]]), ValueError, r"inv: expected square matrices.*\(1, 2\)"),
        (lambda: linalg.cholesky([[1.0, 2.0], [2.0, 1.0]]), ValueError, "cholesky: .*positive definite"),
        (lambda: linalg.norm(LINE[0], "what"), ValueError, "norm: ord 'what' is for matrices"),
        (lambda: linalg.norm(LINE, "what"), ValueError, "matrix_norm: ord must be"),
        (lambda: linalg.norm(WIDE, 1), ValueError, r"norm: ord 1 without an axis.*\(2, 3, 4\)"),
        (lambda: linalg.norm(WIDE, axis=(0, 3)), IndexError, r"axis 3 is out of range.*\(2, 3, 4\)"),
        (lambda: linalg.norm(WIDE, axis=(1, -2)), ValueError, "twice"),
        (lambda: linalg.norm(WIDE, axis=(0, 1, 2)), ValueError, "one or two axes"),
        (lambda: linalg.vector_norm(LINE, ord="fro"), ValueError, "vector_norm: ord must be a number"),
        (lambda: linalg.matrix_norm(LINE[0]), ValueError, r"matrix_norm: expected matrices.*\(3,\)"),
        (lambda: linalg.qr(LINE, mode="raw"), ValueError, "mode must be 'reduced' or 'complete', got 'raw'"),
        (lambda: linalg.eigh(SQUARE, "X"), ValueError, "UPLO must be 'L', 'U' or None, got 'X'"),
        (lambda: linalg.matrix_power(WIDE, 2), ValueError, r"square matrices.*\(2, 3, 4\)"),
        (lambda: linalg.matrix_power(SQUARE, 1.5), TypeError, "whole number, got 1.5"),
        (lambda: linalg.multi_dot([LINE]), ValueError, "two matrices or more, got 1"),
        (lambda: linalg.multi_dot([LINE, WIDE]), ValueError, r"matrices, got shapes \[\(5, 3\), \(2, 3, 4\)\]"),
        (lambda: linalg.cross(LINE, LINE, axis=0), ValueError, r"axis 0 must have length 3.*\(5, 3\)"),
        (lambda: linalg.cross(LINE, LINE, axis=2), IndexError, "axis 2 is out of range"),
        (lambda: linalg.vecdot(LINE, LINE.T), ValueError, r"equally long.*\(5, 3\) and \(3, 5\)"),
        (lambda: linalg.vecdot(LINE, LINE, axis=2), IndexError, "axis 2 is out of range"),
        (lambda: linalg.vecdot(LINE, LINE[0], axis=0), ValueError, "equally"),
        (lambda: linalg.outer(LINE, LINE), ValueError, r"two vectors, got shapes \(5, 3\)"),
        (lambda: linalg.lstsq(TALL, LINE), ValueError, r"\(2, 4, 3\) and \(5, 3\)"),
        (lambda: linalg.tensorinv(LINE), ValueError, r"\(5, 3\)"),
        (lambda: linalg.tensorsolve(LINE, OTHER), ValueError, r"\(5, 3\)"),
        (lambda: linalg.cond(np.zeros((0, 0))), ValueError, r"\(0, 0\)"),
        (lambda: linalg.potri(WIDE), ValueError, r"square matrices.*\(2, 3, 4\)"),
        (lambda: linalg.makediag(1.0), ValueError, "at least one axis"),
        (lambda: linalg.maketrian(1.0), ValueError, "at least one axis"),
        (lambda: linalg.maketrian([1.0, 2.0]), ValueError, "2 numbers do not fill a triangle"),
        (lambda: linalg.extracttrian(WIDE), ValueError, r"square matrices.*\(2, 3, 4\)"),
        (lambda: linalg.solve(SQUARE, TALL), ValueError, r"solve: .*3 rows.*\(2, 4, 3\)"),
    ],
)
def test_mistakes(call: Callable, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["svd", "svdvals", "pinv", "matrix_rank", "cond"])
def test_singular_values_of_what_is_not_finite_end_at_once(name: str, bad: float) -> None:
    """LAPACK's search for them may never end."""
    for dtype in ("float32", "float64", "complex64", "complex128"):
        a = np.eye(3, dtype=dtype)
        a[1, 0] = bad
        with pytest.raises(ValueError, match="expected finite numbers, got NaN or an infinity, for shape"):
            getattr(linalg, name)(array(a))


def test_undetermined_factors_have_no_gradient() -> None:
    x = nd.array(TALL)
    x.attach_grad()
    with autograd.record():
        with pytest.raises(RuntimeError, match=r"linalg.svd: .*\(2, 4, 3\) has no gradient; use full_matrices=False"):
            linalg.svd(x)
        with pytest.raises(RuntimeError, match=r"linalg.qr: .*no gradient; use mode='reduced'"):
            linalg.qr(x, mode="complete")


def test_equal_eigenvalues_and_a_zero_vector_give_finite_gradients() -> None:
    x = nd.array(np.eye(3))
    x.attach_grad()
    with autograd.record():
        w, v = linalg.eigh(x)
        y = (v * w).sum()
    y.backward()
    assert np.isfinite(x.grad.asnumpy()).all()
    z = nd.zeros((3,))
    z.attach_grad()
    with autograd.record():
        y = linalg.vector_norm(z)
    y.backward()
    np.testing.assert_array_equal(z.grad.asnumpy(), 0)


def test_empty_matrices() -> None:
    none = np.zeros((0, 3, 3))
    for name in ("inv", "det", "cholesky", "eigvalsh", "svdvals", "pinv"):
        assert getattr(linalg, name)(none).shape == getattr(np.linalg, name, np.linalg.svdvals)(none).shape
    assert linalg.det(np.zeros((0, 0))).item() == 1.0
    assert linalg.inv(np.zeros((2, 0, 0))).shape == (2, 0, 0)
    assert linalg.matrix_rank(np.zeros((2, 0, 3))).tolist() == [0, 0]


def reconstruction(kind: str) -> Callable[[NDArray], Any]:
    """A real number made of a factorisation in a way that the phases of its vectors do not change."""

    def of_eigh(x: NDArray) -> Any:
        w, v = linalg.eigh(x)
        return F.real(F.matmul(v * F.exp(w * 0.3), F._adjoint(v)) * WEIGHTS).sum()

    def of_svd(x: NDArray) -> Any:
        u, s, vh = linalg.svd(x, full_matrices=False)
        return F.real(F.matmul(u * (s * s).reshape((1, -1)), vh) * WEIGHTS).sum()

    def of_eig(x: NDArray) -> Any:
        w, v = linalg.eig(x)
        return F.real(F.solve(F._adjoint(v), F._adjoint(v * F.exp(w * 0.3))) * WEIGHTS).sum()

    def of_lengths(x: NDArray) -> Any:
        w, v = linalg.eig(x)
        return (F.square(F.abs(v)) * F.real(w * w)).sum()

    return {"eigh": of_eigh, "svd": of_svd, "eig": of_eig, "eig's lengths": of_lengths}[kind]


WEIGHTS = asarray(rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)))


@pytest.mark.parametrize("kind", ["eigh", "svd", "eig", "eig's lengths"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_derivatives_of_complex_factors(kind: str, dtype: str) -> None:
    loss = reconstruction(kind)
    own = np.random.default_rng(4)  # the same numbers whichever tests ran before
    point = own.normal(size=(3, 3)) + 1j * own.normal(size=(3, 3))
    ways = [own.normal(size=(3, 3)) + 1j * own.normal(size=(3, 3)) for _ in range(2)]
    point, *ways = (a.real.astype(dtype) if dtype == "float64" else a for a in (point, *ways))

    def slope(at: np.ndarray, twice: bool) -> float:
        x = array(at)
        x.attach_grad()
        with autograd.record():
            y = loss(x)
            if twice:
                (g,) = autograd.grad(y, [x], create_graph=True, retain_graph=True)
                y = F.real(g * asarray(np.conj(ways[1]))).sum()
        (g,) = autograd.grad(y, [x])
        way = ways[0] if twice else ways[1]
        return float((np.conj(g.asnumpy()) * way).real.sum())

    step = 1e-6
    want = (float(loss(asarray(point + step * ways[1]))) - float(loss(asarray(point - step * ways[1])))) / (2 * step)
    assert abs(slope(point, False) - want) <= 1e-6 * max(1.0, abs(want))
    step = 1e-5
    want = (slope(point + step * ways[0], False) - slope(point - step * ways[0], False)) / (2 * step)
    assert abs(slope(point, True) - want) <= 1e-4 * max(1.0, abs(want))


def test_eigenvalues_of_matrices_that_are_not_symmetric() -> None:
    w, v = linalg.eig(asarray(SQUARE))
    np.testing.assert_allclose((asarray(SQUARE) @ v).asnumpy(), (v * w[:, None, :]).asnumpy(), atol=1e-10)
    np.testing.assert_allclose(np.linalg.norm(v.asnumpy(), axis=-2), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.sort_complex(linalg.eigvals(SQUARE[0]).asnumpy()),
                               np.sort_complex(np.linalg.eigvals(SQUARE[0])), rtol=1e-9)  # fmt: skip
    assert linalg.eigvals(SQUARE.astype("float32")).dtype == np.complex64
    with pytest.raises(linalg.LinAlgError, match="inv: Singular matrix"):
        linalg.inv(np.zeros((2, 2)))
