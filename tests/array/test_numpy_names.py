"""NumPy's names in dlcore.np: the same results as NumPy's, and clear errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from values import flat

from dlcore import autograd
from dlcore import np as xp

rng = np.random.default_rng(4)
V, W = rng.normal(size=7), rng.normal(size=4)
M, N = rng.normal(size=(3, 4)), rng.normal(size=(4, 5))
T = rng.normal(size=(2, 3, 4))
HOLES = np.where(rng.random((3, 4)) < 0.3, np.nan, M)
WHOLE = rng.integers(0, 5, (3, 4))
EDGES = np.array([-1.0, -0.2, 0.3, 1.5])
nan, inf = np.nan, np.inf

LAST = "inverted_cdf"  # of quantiles: the only way that takes weights
CALLS: list[tuple[str, tuple, dict]] = [
    # joining and cutting
    ("dstack", ([M, M],), {}), ("dstack", ([V, V],), {}), ("column_stack", ([V, V],), {}), ("vstack", ([M, M],), {}),
    ("column_stack", ([M, M[:, 0]],), {}), ("hstack", ([M, M],), {}), ("block", ([[M, M], [M, M]],), {}),
    ("block", ([V, W],), {}), ("array_split", (V, 3), {}), ("array_split", (M, 3), {"axis": 1}),
    ("split", (V, [2, 5]), {}), ("split", (V, [-3, 9]), {}), ("hsplit", (M, 2), {}), ("hsplit", (V[:6], 3), {}),
    ("vsplit", (M, 3), {}), ("dsplit", (T, [1]), {}), ("append", (M, M), {"axis": 0}), ("append", (V, M), {}),
    ("delete", (V, 2), {}), ("delete", (V, [0, -1]), {}), ("delete", (M, slice(1, 3)), {"axis": 1}),
    ("delete", (M, 1), {"axis": 0}), ("delete", (V, V > 0), {}), ("insert", (V, 2, 9.0), {}), ("delete", (V, []), {}),
    ("insert", (V, [0, 3, 7], [1.0, 2.0, 3.0]), {}), ("insert", (M, 1, W), {"axis": 0}), ("insert", (M, 0, 5.0), {}),
    ("insert", (M, -1, 5.0), {"axis": 1}), ("insert", (V, 2, [1.0, 2.0]), {}),
    ("insert", (M, [1], M[:1]), {"axis": 0}),
    # arranging
    ("atleast_1d", (2.0,), {}), ("atleast_2d", (V,), {}), ("atleast_3d", (V,), {}), ("atleast_3d", (M,), {}),
    ("atleast_2d", (V, 3.0), {}), ("rot90", (M,), {}), ("rot90", (T,), {"k": -1, "axes": (1, 2)}),
    ("rot90", (M, 2), {}),
    ("rollaxis", (T, 2), {}), ("rollaxis", (T, 0, 3), {}), ("roll", (M, (1, -2)), {"axis": (0, 1)}),
    ("roll", (T, 5), {}),
    ("roll", (M, 2), {"axis": (0, 0)}), ("fliplr", (M,), {}), ("flipud", (M,), {}), ("tile", (M, (2, 1, 3)), {}),
    ("tile", (V, 0), {}), ("repeat", (M, [1, 0, 2]), {"axis": 0}), ("repeat", (V, np.arange(7)), {}),
    ("diagflat", (M,), {"k": 1}), ("diagonal", (T,), {}), ("diagonal", (T,), {"offset": 1, "axis1": 1, "axis2": 2}),
    ("trace", (T,), {}), ("trace", (M,), {"offset": -1}), ("diag", (M,), {"k": 2}), ("diag", (V,), {"k": -1}),
    ("tril_indices", (4,), {}), ("triu_indices", (3, 1, 4), {}), ("diag_indices", (3, 3), {}),
    # padding
    *[("pad", (M, ((1, 2), (0, 3))), {"mode": mode}) for mode in ("edge", "reflect", "symmetric", "wrap",
    "linear_ramp",
                                                                  "maximum", "minimum", "mean", "median")],
    ("pad", (V, 20), {"mode": "reflect"}), ("pad", (V, 20), {"mode": "symmetric"}),
    ("pad", (V, 20), {"mode": "wrap"}),
    ("pad", (V, (2, 1)), {"constant_values": (3.0, 4.0)}), ("pad", (M, 1), {"constant_values": 2.5}),
    ("pad", (M, ((1, 1), (2, 0))), {"constant_values": ((1, 2), (3, 4))}),
    ("pad", (V, 3), {"mode": "linear_ramp", "end_values": 1.0}), ("pad", (V, 2), {"mode": "mean", "stat_length": 3}),
    *[("pad", (m, ((9, 2), (0, 13))), {"mode": mode, "reflect_type": "odd"}) for mode in ("reflect", "symmetric")
      for m in (M, WHOLE, M > 0)],
    ("pad", (M[:, :1], 3), {"mode": "reflect", "reflect_type": "odd"}),
    ("pad", (WHOLE.astype("uint8"), 1), {"constant_values": 300}), ("pad", (WHOLE, 1), {"constant_values": -1.5}),
    ("pad", (WHOLE.astype("uint8"), 1), {"constant_values": (300, -1)}), ("pad", (M > 1, 1), {"constant_values": 2.0}),
    ("pad", (WHOLE, 1), {"constant_values": 2**62 + 1}), ("pad", (M * 1j, 1), {"constant_values": (1j, 2 - 1j)}),
    ("pad", (WHOLE, 1), {"mode": "mean"}), ("pad", (WHOLE, 1), {"mode": "constant", "constant_values": 7}),
    # searching and sets
    ("digitize", (V, EDGES), {}), ("digitize", (V, EDGES[::-1]), {"right": True}), ("flatnonzero", (M > 0,), {}),
    ("ravel_multi_index", (([0, 2], [1, 3]), (3, 4)), {}), ("unravel_index", ([1, 11], (3, 4)), {}),
    ("extract", (M > 0, M), {}), ("compress", ([True, False, True], M), {"axis": 0}), ("argwhere", (M > 0,), {}),
    ("choose", (WHOLE[0] % 3, [W, W + 1, W + 2]), {}), ("select", ([W > 1, W > 0], [W, -W], 5.0), {}),
    ("lexsort", ((WHOLE[0], WHOLE[1]),), {}), ("nanargmax", (HOLES,), {"axis": 1}), ("nanargmin", (HOLES,), {}),
    ("isin", (WHOLE, [1, 3]), {}), ("isin", (WHOLE, [1, 3]), {"invert": True}), ("union1d", (WHOLE, [7, 8]), {}),
    ("intersect1d", (WHOLE, [1, 3, 9]), {}), ("intersect1d", ([3, 1], [1, 3, 9]), {"return_indices": True}),
    ("setdiff1d", (WHOLE, [1, 3]), {}), ("setxor1d", ([1, 2], [2, 3]), {}), ("unique", (WHOLE,), {"axis": 0}),
    ("unique", (WHOLE,), {"return_index": True, "return_inverse": True, "return_counts": True}),
    ("searchsorted", (EDGES, M), {"side": "right"}), ("take_along_axis", (M, np.argsort(M, 1)[:, :2], 1), {}),
    ("argsort", (M,), {"axis": None}), ("sort", (M,), {"axis": None}),
    # reductions
    ("ptp", (M,), {"axis": 1}), ("ptp", (M,), {"keepdims": True}), ("average", (M,), {"axis": 1, "weights": W**2}),
    ("average", (M,), {"axis": 0, "returned": True}), ("cumprod", (M,), {"axis": 1}), ("cumprod", (M,), {}),
    ("cumsum", (M,), {"dtype": "float32"}), ("sum", (WHOLE,), {"dtype": "int16"}), ("prod", (M,), {"axis": (0, 1)}),
    ("var", (M,), {"ddof": 1, "axis": 1}), ("std", (M, None, None, None, 1), {}), ("max", (M, 1), {"keepdims": True}),
    *[(f"nan{name}", (HOLES,), {"axis": axis}) for name in ("sum", "prod", "mean", "var", "std", "max", "min",
    "median")
      for axis in (None, 0, 1)],
    ("nancumsum", (HOLES,), {"axis": 1}), ("nancumprod", (HOLES,), {}), ("nanstd", (HOLES,), {"ddof": 1, "axis": 1}),
    ("nanquantile", (HOLES, [0.2, 0.9]), {"axis": 1}), ("nanpercentile", (HOLES, 30), {"axis": 0, "keepdims": True}),
    ("nanmean", (WHOLE,), {"axis": 0}), ("nanmax", (WHOLE,), {}),
    # statistics
    *[("quantile", (T, [0.0, 0.35, 1.0]), {"axis": axis, "method": how, "keepdims": keep}) for axis in (None, 1, (0, 2))
      for how in ("linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf") for keep in (False, True)],
    *[(name, (x, share), {"axis": axis, "method": "inverted_cdf", "weights": w, "keepdims": True})
      for name, x, axis, w in (("quantile", M, 1, M**2), ("quantile", M, -1, [0, 2, 1, 0]),
                               ("quantile", T, (0, 2), T**2), ("quantile", HOLES, 0, HOLES.shape[0] * [2.5]),
                               ("nanquantile", HOLES, 0, HOLES * 0 == 0),
                               ("quantile", M, None, WHOLE[:, :1] ** 2 + 0 * M))
      for share in ([0.0, 0.3, 1.0], 0.5)],
    ("percentile", (V, 50.0), {"weights": V**2, "method": "inverted_cdf"}),
    ("quantile", (V, 0.3, 0, None, False, "inverted_cdf"), {}),
    ("percentile", (M, 35), {"axis": 1}), ("median", (T,), {"axis": (0, 1)}), ("median", (HOLES,), {"axis": 1}),
    ("quantile", (HOLES, 0.5), {"axis": 0}), ("histogram", (M,), {"bins": EDGES}), ("histogram", (V, 5, (-1, 1)), {}),
    ("histogram", (V,), {"bins": 4, "density": True}), ("histogram", (V,), {"weights": V**2, "bins": 3}),
    ("histogram_bin_edges", (V,), {"bins": "auto"}), ("histogram2d", (V, V**2), {"bins": 3}),
    ("bincount", (WHOLE.ravel(),), {}), ("bincount", (WHOLE[0],), {"weights": W, "minlength": 9}), ("cov", (M,), {}),
    ("cov", (M,), {"rowvar": False, "bias": True}), ("cov", (V,), {}), ("cov", (M, M**2), {"ddof": 0}),
    ("cov", (M,), {"fweights": [1, 2, 3, 1]}), ("cov", (M,), {"aweights": W**2}), ("corrcoef", (M,), {}),
    ("cov", (M,), {"aweights": W**2, "fweights": [1, 2, 3, 1]}), ("corrcoef", (V, V**2), {}),
    # numerics
    ("ediff1d", (M,), {"to_begin": 1.0, "to_end": [2.0, 3.0]}), ("diff", (M,), {"prepend": 0.0, "axis": 0}),
    ("diff", (M > 0,), {}), ("gradient", (M,), {}), ("gradient", (V, 0.5), {"edge_order": 2}),
    ("gradient", (M, 2.0), {
        "axis": 1}), ("gradient", (V, np.cumsum(np.arange(1.0, 8.0))), {"edge_order": 2}),
    ("gradient", (M, np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.5, 2.0, 3.0])), {}),
    ("trapezoid", (M,), {"dx": 0.5}), ("trapezoid", (M, W), {}), ("trapezoid", (M,), {"axis": 0}),
    ("interp", (V, EDGES, W), {}), ("interp", (V, EDGES, W), {"left": -9.0, "right": 9.0}),
    ("interp", (0.1, EDGES, W), {}),
    *[(name, (V, W), {"mode": mode}) for name in ("convolve", "correlate") for mode in ("full", "same", "valid")],
    *[(name, (W, V), {"mode": mode}) for name in ("convolve", "correlate") for mode in ("full", "same", "valid")],
    ("polyval", (W, V), {}), ("vander", (V,), {}), ("vander", (V, 3), {"increasing": True}),
    ("vander", ([1, 2, 3],), {}),
    # products
    ("kron", (M, W), {}), ("kron", (M, T), {}), ("inner", (M, W), {}), ("vdot", (M, M), {}), ("outer", (M, W), {}),
    *[("einsum", args, {}) for args in (
        ("ii->i", N[:, :4]), ("ii", N[:, :4]), ("...j,jk->...k", T, N), ("ij,jk,kl->il", M, N, N.T),
        ("iij->j", N[:, :4, None]),
        ("ij,jk,kl,lm,mn->in", M, N, N.T, N, N.T), ("...ij->...ji", T), ("i...,i...", T, T), ("ij,ij->", M, M),
        ("i,j", V, W),
        ("bij,bkj->bik", T, T), ("abc,c", T, W), ("ij,j,i->i", M, W, M[:, 0]), ("a...,...", T, M),
        ("i,i,i->i", W, W, W),
        ("ij,kj,lj,mj,nj,oj,pj,qj->iq", *[M] * 8), (",ij->ij", 2.0, M), ("ij,jk->ik", M[:1], N), ("ij->", M),
    )],
    ("cross", (M[:, :3], M[:, 1:]), {}),
    ("cross", (M.T[:3], M[:, :3]), {"axisa": 0, "axisc": 0}), ("cross", (M.T[:3], M.T[1:]), {"axis": 0}),
    ("polyadd", (V, W), {}), ("polysub", (W, V), {}), ("polymul", (V, W), {}), ("polyder", (V, 2), {}),
    ("polyint", (W,), {"m": 2}), ("polyfit", (V, V**2, 3), {}), ("polyfit", (W, N, 2), {"w": W**2}),
    *[("polyfit", (V, y, 2), {how: value, "w": w}) for y in (V**3, M.T[:, [0, 0]].repeat(2, 0)[:7])
      for w in (None, V**2 + 1) for how, value in (("full", True), ("cov", True), ("cov", "unscaled"))],
    ("polyfit", (V, V**3, 7), {"full": True}), ("polyfit", (V, V**3, 2, None, False, V**2), {}),
    ("poly", (W,), {}), ("poly", (M[:, :3] @ M[:, :3].T,), {}), ("polydiv", (V, W[:3]), {}),
    ("polydiv", (W[:2], V), {}),
    ("polydiv", ([1.0, 0.0, -1.0], [1.0, 1.0]), {}), ("polydiv", (V, [2.0]), {}), ("i0", (V,), {}),
    ("unwrap", (np.cumsum(V * 4),), {}), ("unwrap", (M * 5,), {"axis": 0, "period": 4.0}), ("unwrap", (V * 9, 5.0), {}),
    ("histogramdd", (M,), {"bins": 2}), ("diag_indices_from", (M[:, :3],), {}), ("packbits", (WHOLE > 2,), {}),
    ("packbits", (WHOLE > 2,), {"axis": 1, "bitorder": "little"}),
    ("unpackbits", (WHOLE.astype("uint8"),), {"axis": 1}),
    # index tricks
    ("ix_", ([0, 2], [1, 3]), {}), ("ix_", ([True, False, True],), {}), ("resize", (M, (2, 3, 3)), {}),
    ("trim_zeros", (np.array([0, 0, 1, 0, 2, 0]),), {}), ("trim_zeros", (np.array([0, 1, 0]), "b"), {}),
    ("resize", (V, 3), {}),
    ("tril_indices_from", (M, 1), {}), ("triu_indices_from", (M,), {}),
    ("einsum", ("i,i", np.array([1 + 2j]), WHOLE[0] > 1), {}),
    ("einsum", ("...i,...i", WHOLE[:1] > 2, WHOLE > 1), {}), ("einsum", ("ij,ij->j", WHOLE > 2, WHOLE > 1), {}),
    ("einsum", ("ij->", WHOLE.astype("int8")), {}), ("einsum", ("ij,kj->ik", WHOLE.astype("int8"), WHOLE), {}),
    ("cov", (np.zeros((1, 0)),), {}), ("cov", (3.0,), {}), ("var", (np.zeros((0, 2)),), {"ddof": 1}),
    ("vander", (np.array([3, -5], "int8"), 6), {}), ("pad", (WHOLE.astype("int8"), 2), {"mode": "linear_ramp"}),
    # pointwise
    ("sinc", (M,), {}), ("sinc", ([0.0, 0.5],), {}), ("divmod", (WHOLE, 3), {}), ("modf", (M * 3,), {}),
    ("modf", ([inf, -inf, -2.0],), {}), ("isposinf", ([inf, -inf, nan],), {}), ("isneginf", ([inf, -inf, 1.0],), {}),
    ("nan_to_num", (np.array([nan, inf, -inf, 1.0]),), {}),
    ("nan_to_num", (np.array([nan, inf, -inf]), True, 1.0, 2.0), {}),
    ("round", (M, 2), {}), ("clip", (M, -0.5, 0.5), {}), ("clip", (M,), {"max": 0.0}), ("round", (WHOLE,), {}),
    ("isclose", (np.array([1.0, nan, inf]), np.array([1.0, nan, inf])), {"equal_nan": True}),
    ("piecewise", (V, [V < 0, V > 1], [-1.0, lambda v: v * 2, 7.0]), {}),
    # creation
    ("linspace", (V, V + 1, 5), {"axis": 1}), ("linspace", (0.0, W, 4), {"endpoint": False}),
    ("indices", ((2, 3),), {}),
    ("indices", ((2, 3),), {"sparse": True}), ("meshgrid", (V, W), {"sparse": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS, ids=[f"{c[0]}-{k}" for k, c in enumerate(CALLS)])
def test_is_numpys(name: str, args: tuple, kwargs: dict) -> None:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns of lines of NaN
        want = flat(getattr(np, name)(*args, **kwargs))
    got = flat(getattr(xp, name)(*args, **kwargs))
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert g.shape == w.shape, f"shape {g.shape}, NumPy's {w.shape}"
        assert g.dtype.kind == w.dtype.kind, f"dtype {g.dtype}, NumPy's {w.dtype}"
        assert name != "einsum" or g.dtype == w.dtype, f"dtype {g.dtype}, NumPy's {w.dtype}"
        limit = 1e-5 if g.dtype == np.float32 else 1e-11
        np.testing.assert_allclose(g, w, rtol=limit, atol=limit)


def test_creation_and_windows() -> None:
    for name in ("hanning", "hamming", "blackman", "bartlett"):
        for n in (0, 1, 2, 9):
            got = getattr(xp, name)(n, dtype="float64").asnumpy()
            np.testing.assert_allclose(got, getattr(np, name)(n), atol=1e-12)
    np.testing.assert_allclose(xp.kaiser(8, 5.0, dtype="float64").asnumpy(), np.kaiser(8, 5.0), rtol=1e-12)
    for got, want in (
        (xp.logspace(0, 3, 4), np.logspace(0, 3, 4)), (xp.geomspace(1, 1000, 4), np.geomspace(1, 1000, 4)),
        (xp.tri(3, 4, 1), np.tri(3, 4, 1)), (xp.identity(3), np.identity(3)),
        (xp.logspace(0, 1, 3, base=2), np.logspace(
            0, 1, 3, base=2)),
        (xp.fromfunction(lambda i, j: i * j, (2, 3)), np.fromfunction(lambda i, j: i * j, (2, 3))),
        (xp.full((2, 3), np.arange(3.0)), np.full((2, 3), np.arange(3.0))),
        (xp.linspace(1, 5, 5, dtype="int32"), range(1, 6)),
    ):  # fmt: skip
        np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-6)
    values, step = xp.linspace(0, 1, 5, retstep=True)
    assert step == 0.25 and values.dtype == np.float32


def test_calls_of_python_functions() -> None:
    want = np.apply_along_axis(lambda v: v[::2] * v.sum(), 1, T)
    np.testing.assert_allclose(xp.apply_along_axis(lambda v: v[::2] * v.sum(), 1, T).asnumpy(), want)
    np.testing.assert_allclose(xp.apply_along_axis(np.sort, 0, M).asnumpy(), np.sort(M, 0))
    np.testing.assert_allclose(xp.apply_over_axes(xp.sum, T, (0, 2)).asnumpy(), np.apply_over_axes(np.sum, T, (0, 2)))
    assert xp.vectorize(lambda a, b: a + b if a > b else 0)([[1], [5]], [2, 3]).tolist() == [[0, 0], [7, 8]]


def test_square_brackets() -> None:
    for got, want in (
        (xp.mgrid[0:3, 1:9:2], np.mgrid[0:3, 1:9:2]), (xp.mgrid[0:1:5j], np.mgrid[0:1:5j]),
        (xp.ogrid[0:3, 0:2], np.ogrid[0:3, 0:2]), (xp.r_[1:4, 0, [5, 6]], np.r_[1:4, 0, [5, 6]]),
        (xp.c_[[1, 2], [3, 4]], np.c_[[1, 2], [3, 4]]),
        (xp.r_[0:1:3j, 2.0], np.r_[0:1:3j, 2.0]),
    ):  # fmt: skip
        for g, w in zip(flat(got), flat(want), strict=True):
            np.testing.assert_allclose(g, w)
    assert xp.s_[1:3, None] == np.s_[1:3, None] and xp.index_exp[2] == (2,)
    assert xp.asarray(M)[xp.ix_([0, 2], [1, 3])].asnumpy().tolist() == M[np.ix_([0, 2], [1, 3])].tolist()
    with pytest.raises(ValueError, match="needs an end"):
        xp.mgrid[1:]


def test_writing_at_positions() -> None:
    for axis in (0, 1, -1):
        x, want = xp.array(M), M.copy()
        at = np.argmax(M, axis, keepdims=True)
        xp.put_along_axis(x, at, 9.0, axis)
        np.put_along_axis(want, at, 9.0, axis)
        assert x.asnumpy().tolist() == want.tolist()
    for name, args in (
        ("put", ([0, -1, 5], [1.0, 2.0])),
        ("putmask", (M > 0, V)),
        ("put_along_axis", ([3, 1], 7.0, None)),
    ):
        x, want = xp.array(M), M.copy()
        getattr(xp, name)(x, *args)
        getattr(np, name)(want, *(np.asarray(a) if isinstance(a, list) else a for a in args))
        assert x.asnumpy().tolist() == want.tolist(), name
    assert sorted(np.round(xp.roots([1.0, -6.0, 11.0, -6.0, 0.0]).asnumpy().real, 3).tolist()) == [0.0, 1.0, 2.0, 3.0]
    assert xp.roots([0.0, 5.0]).shape == (0,) and xp.roots([0.0]).shape == (0,)
    np.testing.assert_allclose(xp.matvec(T, W).asnumpy(), T @ W)
    np.testing.assert_allclose(xp.vecmat(M[0, :3], T[:, :3]).asnumpy(), M[0, :3] @ T)
    assert xp.promote_types("int8", "float64") == np.float64
    x = xp.asarray(M)
    assert xp.shares_memory(x, x.T) and xp.may_share_memory(x[:, :2], x[:, 2:]) and not xp.shares_memory(x[:1], x[1:])
    assert xp.min_scalar_type(300) == np.uint16 and xp.min_scalar_type(x) == np.float64
    assert xp.msort(M).asnumpy().tolist() == np.sort(M, 0).tolist()
    assert xp.loadtxt(["1 2", "3 4"], "int32").tolist() == [[1, 2], [3, 4]]
    assert np.isnan(xp.genfromtxt(["1,", "2,3"], delimiter=",").asnumpy()[0, 1])
    y = xp.ones(2)
    y.attach_grad()
    with autograd.record(), pytest.raises(RuntimeError, match=r"i0: .*\(2,\) has no gradient"):
        xp.i0(y)


def test_comparisons_and_questions() -> None:
    x = xp.asarray(M)
    assert xp.allclose(x, M) and not xp.allclose(x, M + 1) and xp.array_equal(x, M) and not xp.array_equal(x, M[:2])
    assert xp.array_equal([nan], [nan], equal_nan=True) and not xp.array_equal([nan], [nan])
    assert xp.array_equiv([1, 1], 1) and not xp.array_equiv([1, 2], [1, 2, 3])
    assert xp.ndim(x) == 2 and xp.size(x) == 12 and xp.size(x, 1) == 4 and xp.shape([[1]]) == (1, 1)
    assert xp.einsum_path("ij,jk,kl->il", M, N, N[:, :1].T)[0][0] == "einsum_path"
    assert xp.broadcast_shapes((2, 1), (3,)) == (2, 3)
    y = xp.zeros((3, 3))
    xp.fill_diagonal(y, [1.0, 2.0, 3.0])
    assert y.tolist() == np.diag([1.0, 2.0, 3.0]).tolist()
    xp.copyto(y, 5)
    assert float(y.sum()) == 45.0
    out = xp.zeros((4,), dtype="float64")
    assert xp.sum(M, 0, out=out) is out and np.allclose(out.asnumpy(), M.sum(0))
    small = xp.ones((2, 3), dtype="int8")
    assert small.sum(dtype="int32").dtype == xp.sum(small, dtype="int32").dtype == np.int32
    assert small.prod(0, dtype="float64").dtype == np.float64 and small.mean(dtype="float64").dtype == np.float64
    with pytest.raises(ValueError, match=r"out= has shape \(4,\), the result \(3,\)"):
        xp.sum(M, 1, out=out)
    assert xp.float32 == np.float32 and xp.bool is not None and xp.newaxis is None and xp.half == np.float16


def test_pad_takes_axes_by_number():
    """NumPy before 2.3 does not."""
    expected = np.pad(M, ((0, 0), (1, 2)))
    np.testing.assert_array_equal(xp.pad(xp.array(M), {1: (1, 2)}).asnumpy(), expected)


def test_cross_takes_plane_vectors_too():
    """NumPy 2.5 no longer does."""
    a, b = M[:, :2].astype("f8"), M[:, 2:].astype("f8")
    np.testing.assert_allclose(xp.cross(xp.array(a), xp.array(b)).asnumpy(), a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    solid = np.concatenate([a, np.zeros((len(a), 1))], 1)
    c = M[:, 1:].astype("f8")
    np.testing.assert_allclose(xp.cross(xp.array(a), xp.array(c)).asnumpy(), np.cross(solid, c))


@pytest.mark.parametrize(
    ("call", "kind", "match"),
    [
        (lambda: xp.einsum("ij,jk", M), ValueError, "names 2 arrays, got 1"),
        (lambda: xp.einsum("ij->i1", M), ValueError, "names '1', which no array has"),
        (lambda: xp.einsum("i1", M), ValueError, "must be letters"),
        (lambda: xp.einsum("ijk", M), ValueError, r"names 3 axes, the array has shape \(3, 4\)"),
        (lambda: xp.einsum("i->i", M), ValueError, r"names 1 axes, the array has shape \(3, 4\)"),
        (lambda: xp.einsum("ij->ii", M), ValueError, "names 'i' twice"),
        (lambda: xp.einsum("...i->i", M), ValueError, "needs '...'"),
        (lambda: xp.einsum(M, M), TypeError, "must be a text"),
        (lambda: xp.pad(M, -1), ValueError, "at least 0, got -1"),
        (lambda: xp.pad(M, (1, 2, 3)), ValueError, r"pair for each of the 2 axes of shape \(3, 4\), got \(1, 2, 3\)"),
        (lambda: xp.pad(M, 1, "mirror"), ValueError, "mode must be one of .*'mirror'"),
        (lambda: xp.pad(M, 1, "reflect", reflect_type="up"), ValueError, "reflect_type must be .* got 'up' for mode"),
        (lambda: xp.pad(M, 1, "edge", reflect_type="odd"), ValueError, "reflect_type must be .* 'odd' for mode 'edge'"),
        (lambda: xp.pad(WHOLE, 1, constant_values=nan), ValueError, "pad: expected .* can become int64, got nan"),
        (lambda: xp.pad(WHOLE, 1, constant_values=2**64), ValueError, "can become int64, got 18446744073709551616"),
        (lambda: xp.pad(M, 1, constant_values=1j), TypeError, "pad: 1j as float64 would lose its imaginary part"),
        (lambda: xp.pad(np.zeros((0,)), 1, "edge"), ValueError, "nothing to repeat"),
        (lambda: xp.split(V, 2), ValueError, r"axis 0 of shape \(7,\) cannot be cut into 2"),
        (lambda: xp.array_split(V, 0), ValueError, "at least one part, got 0"),
        (lambda: xp.split(V, 2, axis=1), IndexError, r"split: axis 1 is out of range .*\(7,\)"),
        (lambda: xp.vsplit(V, 1), ValueError, r"vsplit: .*2 or more axes.*\(7,\)"),
        (lambda: xp.hsplit(1.0, 1), ValueError, "hsplit"),
        (lambda: xp.dsplit(M, 1), ValueError, "dsplit"),
        (lambda: xp.block(([1], [2])), TypeError, "tuple"),
        (lambda: xp.block([]), ValueError, "empty"),
        (lambda: xp.delete(V, 7), IndexError, "delete: 7 is out of range for axis 0"),
        (lambda: xp.insert(V, 8, 1.0), IndexError, "insert: 8 is out of range for axis 0"),
        (lambda: xp.roll(M, [[1]], 0), ValueError, "roll: shift and axis"),
        (lambda: xp.rot90(M, axes=(0, 0)), ValueError, "rot90: the axes must differ"),
        (lambda: xp.rot90(M, axes=(0, 2)), IndexError, "axis 2"),
        (lambda: xp.diag(T), ValueError, r"diag: .*\(2, 3, 4\)"),
        (lambda: xp.fill_diagonal(xp.zeros(3), 1.0), ValueError, r"fill_diagonal: .*\(3,\)"),
        (lambda: xp.fill_diagonal(xp.zeros((2, 3, 4)), 1.0), ValueError, "equally long"),
        (lambda: xp.quantile(V, 1.5), ValueError, "between 0 and 1 .*1.5"),
        (lambda: xp.percentile(V, -1), ValueError, "between 0 and 1"),
        (lambda: xp.quantile(V, 0.5, method="best"), ValueError, "method must be one of .*'best'"),
        (lambda: xp.quantile(V, 0.5, weights=V), ValueError, "weights need method 'inverted_cdf', got 'linear'"),
        (lambda: xp.quantile(V, 0.5, weights=W, method=LAST), ValueError, r"shape \(7,\), or .* shape \(4,\) with"),
        (lambda: xp.quantile(V, 0.5, weights=V * 0, method=LAST), ValueError, "quantile: weights must be finite"),
        (lambda: xp.bincount([0.5]), TypeError, "bincount: .*float32"),
        (lambda: xp.bincount([-1]), ValueError, "at least 0, got -1"),
        (lambda: xp.bincount([1, 2], weights=[1.0]), ValueError, r"\(1,\) do not fit shape \(2,\)"),
        (lambda: xp.cov(T), ValueError, r"cov: .*\(2, 3, 4\)"),
        (lambda: xp.cov(M, fweights=[1]), ValueError, r"\(1,\) do not fit 4 observations"),
        (lambda: xp.average(M, weights=V), ValueError, r"\(7,\) do not fit shape \(3, 4\)"),
        (lambda: xp.average([1.0, 2.0], weights=[1.0, -1.0]), ValueError, "add up to zero"),
        (lambda: xp.var(V, ddof=1, correction=2), ValueError, "not both"),
        (lambda: xp.gradient(V, 1.0, 2.0), ValueError, "2 distances for 1 axes"),
        (lambda: xp.gradient(V, edge_order=3), ValueError, "edge_order must be 1 or 2, got 3"),
        (lambda: xp.gradient([1.0]), ValueError, "at least 2 numbers"),
        (lambda: xp.gradient(V, W), ValueError, r"\(4,\) do not fit axis 0"),
        (lambda: xp.interp(V, EDGES, V), ValueError, r"\(4,\) and \(7,\)"),
        (lambda: xp.convolve(M, V), ValueError, r"\(3, 4\) and \(7,\)"),
        (lambda: xp.convolve(V, W, "all"), ValueError, "mode must be .*'all'"),
        (lambda: xp.polyval(M, 1.0), ValueError, r"vector, got shape \(3, 4\)"),
        (lambda: xp.vander(M), ValueError, r"vander: .*\(3, 4\)"),
        (lambda: xp.hanning(2.5), TypeError, "hanning: .*2.5"),
        (lambda: xp.geomspace(0, 1), ValueError, "must not be 0"),
        (lambda: xp.digitize(V, [0.0, 2.0, 1.0]), ValueError, "rises or falls"),
        (lambda: xp.ravel_multi_index((3, 0), (3, 4)), IndexError, r"ravel_multi_index: .*\(3, 4\)"),
        (lambda: xp.unravel_index(12, (3, 4)), IndexError, r"unravel_index: .*\(3, 4\)"),
        (lambda: xp.extract([True], M), ValueError, r"extract: shapes \(1,\) and \(3, 4\)"),
        (lambda: xp.select([], []), ValueError, "0 conditions"),
        (lambda: xp.piecewise(V, [V > 0], [1.0, 2.0, 3.0]), ValueError, "1 conditions for 3"),
        (lambda: xp.nanargmax([nan]), ValueError, "nanargmax: only NaN"),
        (lambda: xp.partition(V, 7), IndexError, "partition: place 7 is out of range for 7"),
        (lambda: xp.vdot(V, W), ValueError, r"vdot: shapes \(7,\) and \(4,\)"),
        (lambda: xp.apply_along_axis(xp.sum, 0, np.zeros((3, 0))), ValueError, "no vector along axis 0"),
        (lambda: xp.vectorize(abs)(np.zeros(0)), ValueError, "vectorize"),
        (lambda: xp.cumprod(M, axis=2), IndexError, "cumprod: axis 2"),
        (lambda: xp.diff(V, axis="x"), TypeError, "diff: the axis must be a whole number"),
        (lambda: xp.cross(M, M), ValueError, r"length 2 or 3, got axis -1 of shape \(3, 4\)"),
        (lambda: xp.cross(M, M, axis=5), IndexError, "cross: axis 5"),
        (lambda: xp.polyfit(M, V, 2), ValueError, r"polyfit: .*\(3, 4\), \(7,\) and degree 2"),
        (lambda: xp.polyfit(V[:3], V[:3], 2, cov=True), ValueError, "polyfit: expected more points .* got 3 "),
        (lambda: xp.polyder(V, -1), ValueError, "polyder: m must be at least 0"),
        (lambda: xp.polyint(V, -1), ValueError, "polyint: m must be at least 0"),
        (lambda: xp.polymul(M, V), ValueError, r"polymul: .*\(3, 4\)"),
        (lambda: xp.polydiv(V, [0.0, 1.0]), ValueError, "polydiv: the divisor's first coefficient"),
        (lambda: xp.poly(M), ValueError, r"poly: .*\(3, 4\)"),
        (lambda: xp.diag_indices_from(M), ValueError, r"diag_indices_from: .*\(3, 4\)"),
        (lambda: xp.packbits([0.5]), TypeError, "packbits: .*float32"),
        (lambda: xp.packbits([1], bitorder="up"), ValueError, "packbits: bitorder .*'up'"),
        (lambda: xp.unpackbits([1]), TypeError, "unpackbits: expected uint8, got int64"),
        (lambda: xp.ix_(M), ValueError, r"ix_: .*\(3, 4\)"),
        (lambda: xp.put(xp.zeros(3), [3], 1.0), IndexError, r"put: index 3 is out of range for size 3 .*\(3,\)"),
        (lambda: xp.put(xp.zeros(3), [1], []), ValueError, "put: no values"),
        (lambda: xp.putmask(xp.zeros(3), [True], 1.0), ValueError, r"\(1,\) for an array of shape \(3,\)"),
        (lambda: xp.put_along_axis(xp.zeros((2, 2)), [0], 1.0, 0), ValueError, r"\(2, 2\) and \(1,\)"),
        (lambda: xp.resize(V, (-1,)), ValueError, "resize: negative"),
        (lambda: xp.trim_zeros(M), ValueError, r"trim_zeros: .*\(3, 4\)"),
        (lambda: xp.tril_indices_from(V), ValueError, r"tril_indices_from: .*\(7,\)"),
        (lambda: xp.triu_indices_from(V), ValueError, r"triu_indices_from: .*\(7,\)"),
        (lambda: xp.choose([2, 0], [[1.0, 2.0], [3.0, 4.0]]), IndexError, "out of range"),
    ],
)
def test_mistakes(call: Callable, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()
