"""dlcore.np against the array-API standard 2024.12: results, as array-api-strict gives them for the same calls."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from values import COMPLEX, REAL, STANDARD, UNSIGNED, WHOLE

from dlcore import np as xp
from dlcore._core import NDArray

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import array_api_strict as strict

    strict.set_array_api_strict_flags(api_version="2024.12")

rng = np.random.default_rng(3)
SHAPES = [(), (3,), (2, 3), (0, 3), (2, 1, 3)]
DTYPES = {
    "bool": ["bool"], "real": REAL, "complex": COMPLEX, "integer": WHOLE + UNSIGNED, "float": REAL + COMPLEX,
    "real number": REAL + WHOLE + UNSIGNED, "number": REAL + COMPLEX + WHOLE + UNSIGNED,
    "all": STANDARD, "bits": ["bool", *WHOLE, *UNSIGNED],
}  # fmt: skip
UNARY = {
    "abs": "number", "acos": "float", "acosh": "float", "asin": "float", "asinh": "float", "atan": "float",
    "atanh": "float", "bitwise_invert": "bits", "ceil": "real number", "conj": "complex", "cos": "float",
    "cosh": "float", "exp": "float", "expm1": "float", "floor": "real number", "imag": "complex",
    "isfinite": "number",
    "isinf": "number", "isnan": "number", "log": "float", "log1p": "float", "log2": "float", "log10": "float",
    "logical_not": "bool", "negative": "number", "positive": "number", "real": "complex", "reciprocal": "float",
    "round": "number", "sign": "number", "signbit": "real", "sin": "float", "sinh": "float", "sqrt": "float",
    "square": "number", "tan": "float", "tanh": "float", "trunc": "real number",
}  # fmt: skip
BINARY = {
    "add": "number", "atan2": "real", "bitwise_and": "bits", "bitwise_or": "bits", "bitwise_xor": "bits",
    "copysign": "real", "divide": "float", "equal": "all", "floor_divide": "real number", "greater": "real number",
    "greater_equal": "real number", "hypot": "real", "less": "real number", "less_equal": "real number",
    "logaddexp": "real", "logical_and": "bool", "logical_or": "bool", "logical_xor": "bool", "maximum": "real number",
    "minimum": "real number", "multiply": "number", "nextafter": "real", "not_equal": "all", "pow": "number",
    "remainder": "real number", "subtract": "number", "bitwise_left_shift": "integer",
    "bitwise_right_shift": "integer",
}  # fmt: skip
INSIDE = {"acos": (-0.9, 0.9), "asin": (-0.9, 0.9), "atanh": (-0.9, 0.9), "acosh": (1.1, 3), "log": (0.1, 3),
          "log2": (0.1, 3), "log10": (0.1, 3), "log1p": (-0.5, 3), "sqrt": (0.1, 3), "pow": (0.5, 2),
          "bitwise_left_shift": (0, 5), "bitwise_right_shift": (0, 5), "remainder": (1, 5), "floor_divide": (1, 5),
          "divide": (1, 5)}  # fmt: skip


def draw(shape: tuple[int, ...], dtype: str, low: float = -3, high: float = 3) -> np.ndarray:
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.integers(0, 2, shape).astype(bool)[()] if shape else np.asarray(bool(rng.integers(0, 2)))
    if kind in "iu":
        return np.asarray(rng.integers(max(int(low), 0) if kind == "u" else int(low), int(high) + 1, shape)).astype(
            dtype
        )
    value = rng.uniform(low, high, shape)
    if kind == "c":
        value = value + 1j * rng.uniform(0.1, 0.9, shape)
    return np.asarray(value).astype(dtype)


def flat(value: Any) -> list[np.ndarray]:
    if isinstance(value, (tuple, list)):
        return [v for part in value for v in flat(part)]
    if isinstance(value, NDArray):
        return [value.asnumpy()]
    return [np.asarray(value._array if hasattr(value, "_array") else value)]


def check(path: str, *args: Any, **kwargs: Any) -> None:
    """The same call on our arrays and on the strict ones: equal shapes, dtypes and (nearly) numbers."""

    def run(module: Any, make: Any) -> Any:
        given = [
            [make(b) for b in a] if isinstance(a, list) else make(a) if isinstance(a, np.ndarray) else a for a in args
        ]
        named = {k: make(v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()}
        function = module
        for part in path.split("."):
            function = getattr(function, part)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return flat(function(*given, **named))

    kinds = {k: v for k, v in kwargs.items() if k == "dtype" and v is not None}
    if kinds:
        name = kwargs.pop("dtype")
        want = run_with_dtype(strict, path, args, kwargs, name)
        got = run_with_dtype(xp, path, args, kwargs, name)
    else:
        got, want = run(xp, lambda a: xp.asarray(a, copy=True)), run(strict, strict.asarray)
    assert len(got) == len(want), path
    for g, w in zip(got, want, strict=True):
        where = f"{path} {[getattr(a, 'shape', a) for a in args]} {[getattr(a, 'dtype', '') for a in args]} {kwargs}"
        assert g.shape == w.shape, f"{where}: shape {g.shape}, strict {w.shape}"
        assert g.dtype == w.dtype, f"{where}: dtype {g.dtype}, strict {w.dtype}"
        limit = 2e-5 if g.dtype in ("float32", "complex64") else 1e-12
        np.testing.assert_allclose(g, w, rtol=limit, atol=limit, err_msg=where)


def run_with_dtype(module: Any, path: str, args: tuple, kwargs: dict, name: str) -> list[np.ndarray]:
    make = (lambda a: xp.asarray(a, copy=True)) if module is xp else strict.asarray
    given = [make(a) if isinstance(a, np.ndarray) else a for a in args]
    return flat(getattr(module, path)(*given, **kwargs, dtype=getattr(module, name)))


@pytest.mark.parametrize("name", sorted(UNARY))
def test_functions_of_one_array(name: str) -> None:
    low, high = INSIDE.get(name, (-3, 3))
    for dtype in DTYPES[UNARY[name]]:
        for shape in SHAPES:
            check(name, draw(shape, dtype, low, high))


@pytest.mark.parametrize("name", sorted(BINARY))
def test_functions_of_two_arrays(name: str) -> None:
    low, high = INSIDE.get(name, (-3, 3))
    for dtype in DTYPES[BINARY[name]]:
        for shape, other in [((), ()), ((2, 3), (2, 3)), ((2, 1), (3,)), ((0, 3), (1, 3)), ((), (2,))]:
            second = (max(low, 0), 3) if name == "pow" and np.dtype(dtype).kind in "iu" else (low, high)
            check(name, draw(shape, dtype, low, high), draw(other, dtype, *second))


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "equal", "subtract"])
def test_promotion_is_the_standards(name: str) -> None:
    kinds = [WHOLE + UNSIGNED, REAL]
    for group in kinds:
        for a in group:
            for b in group:
                if {"uint64"} & {a, b} and (a[0] == "i" or b[0] == "i"):
                    continue  # mixed with signed integers the standard leaves it open
                check(name, draw((2,), a, 0, 3), draw((2,), b, 0, 3))
    if name != "maximum":
        for a in REAL + COMPLEX:
            for b in REAL + COMPLEX:
                check(name, draw((2,), a), draw((2,), b))


REDUCTIONS = {"sum": "number", "prod": "number", "mean": "float", "var": "real", "std": "real", "max": "real number",
              "min": "real number", "any": "all", "all": "all", "count_nonzero": "all"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_reductions(name: str) -> None:
    for dtype in DTYPES[REDUCTIONS[name]]:
        for shape in SHAPES:
            for axis in [None, *range(-len(shape), len(shape)), *([(0, -1)] if len(shape) > 1 else [])]:
                gone = np.empty(shape).size == 0 and np.prod([shape[k] for k in np.atleast_1d(
                    range(len(shape)) if axis is None else axis)]) == 0  # fmt: skip
                if gone and name in ("max", "min", "mean", "var", "std"):
                    continue  # of nothing: an error or NaN
                for keepdims in (False, True):
                    check(name, draw(shape, dtype, 0.5, 2), axis=axis, keepdims=keepdims)


def test_reductions_take_a_dtype_and_a_correction() -> None:
    for name in ("sum", "prod"):
        for dtype, to in (("int8", "int16"), ("uint8", "uint32"), ("float32", "float64"), ("int32", "float32")):
            check(name, draw((2, 3), dtype, 0, 2), axis=1, dtype=to)
    for name in ("var", "std"):
        for correction in (0, 1, 0.5):
            check(name, draw((2, 3), "float64"), axis=1, correction=correction)
    for name in ("cumulative_sum", "cumulative_prod"):
        check(name, draw((2, 3), "int8", 0, 2), axis=1, dtype="int16")


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running_sums_and_products(name: str) -> None:
    for dtype in DTYPES["number"]:
        check(name, draw((4,), dtype, 0, 3))
        for shape in [(3,), (2, 5), (0, 3), (2, 1, 3)]:
            for axis in range(-len(shape), len(shape)):
                for initial in (False, True):
                    check(name, draw(shape, dtype, 0.5, 2), axis=axis, include_initial=initial)
    with pytest.raises(ValueError, match=r"\(2, 3\) needs an axis"):
        getattr(xp, name)(xp.ones((2, 3)))


@pytest.mark.parametrize("name", ["argmax", "argmin", "sort", "argsort"])
def test_order(name: str) -> None:
    for dtype in DTYPES["real number"]:
        for shape in [(5,), (2, 3), (2, 1, 3), (3, 0, 2)]:
            for axis in range(-len(shape), len(shape)):
                x = draw(shape, dtype, 0, 4)
                if name.startswith("arg") and "sort" not in name:
                    if shape[axis]:
                        check(name, x, axis=axis)
                        check(name, x, axis=axis, keepdims=True)
                else:
                    check(name, x, axis=axis)
                    check(name, x, axis=axis, descending=True)
                    check(name, x, axis=axis, stable=True, descending=False)


def test_search_and_sets() -> None:
    for dtype in DTYPES["real number"]:
        x = np.sort(draw((6,), dtype, 0, 4))
        for side in ("left", "right"):
            check("searchsorted", x, draw((2, 3), dtype, 0, 4), side=side)
        check("searchsorted", x[::-1].copy(), draw((2,), dtype, 0, 4), sorter=np.arange(5, -1, -1))
    for dtype in DTYPES["all"]:
        for shape in [(), (5,), (2, 3), (0,)]:
            x = draw(shape, dtype, 0, 3)
            for name in ("unique_all", "unique_counts", "unique_inverse", "unique_values"):
                check(name, x)
            if shape:
                check("nonzero", x)
        a, b = draw((4,), dtype, 0, 3), draw((2, 2), dtype, 0, 3)
        for invert in (False, True):  # of the standard after 2024.12
            assert (
                xp.isin(xp.asarray(a), xp.asarray(b), invert=invert).tolist() == np.isin(a, b, invert=invert).tolist()
            )
        check("where", draw((2, 1), "bool"), draw((3,), dtype), draw((), dtype))
    found = xp.unique_all(xp.asarray([1.0, np.nan, np.nan]))
    assert found.values.shape == (3,) and found.counts.tolist() == [1, 1, 1]
    check("take", draw((2, 3), "float32"), np.array([1, 0, 1]), axis=1)
    check("take", draw((3,), "int8"), np.array([0, 2]))
    check("take_along_axis", draw((2, 3), "float64"), np.array([[0, 2], [1, 1]]), axis=1)
    check("take_along_axis", draw((2, 3), "float64"), np.array([[0, 1, 1]]), axis=0)


MOVES: list[tuple[str, tuple, dict]] = [
    ("broadcast_to", ((2, 3),), {}), ("expand_dims", (), {"axis": -1}), ("expand_dims", (), {"axis": 0}),
    ("flip", (), {}), ("flip", (), {"axis": -1}), ("roll", (2,), {}), ("roll", (-1,), {"axis": -1}),
    ("moveaxis", (0, -1), {}), ("permute_dims", ((1, 0),), {}), ("repeat", (2,), {}), ("repeat", (2,), {"axis": 1}),
    ("repeat", (np.array([1, 0, 2]),), {"axis": 1}), ("reshape", ((3, -1),), {}),
    ("reshape", ((-1,),), {"copy": True}),
    ("tile", ((2, 1),), {}), ("tile", ((2, 1, 2),), {}), ("unstack", (), {}), ("unstack", (), {"axis": -1}),
    ("tril", (), {"k": 1}), ("triu", (), {"k": -1}), ("diff", (), {}), ("diff", (), {"axis": 0, "n": 2}),
    ("roll", ((1, 2),), {"axis": (0, 1)}), ("zeros_like", (), {}), ("ones_like", (), {}),
    ("full_like", (1,), {}), ("matrix_transpose", (), {}), ("flip", (), {"axis": (0, 1)}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "kwargs"), MOVES)
def test_manipulation(name: str, args: tuple, kwargs: dict) -> None:
    for dtype in DTYPES["all"]:
        if dtype == "bool" and name in ("diff",):
            continue
        x = draw((2, 3), dtype)
        check(name, x, *args, **kwargs)
        if name not in ("broadcast_to", "repeat", "tile", "reshape"):
            check(
                name, draw((0, 3) if kwargs.get("axis", 0) != 0 or name != "diff" else (2, 0), dtype), *args, **kwargs
            )


def test_joining() -> None:
    for a, b in (("float32", "float64"), ("int8", "int16"), ("bool", "bool"), ("complex64", "complex128")):
        check("concat", [draw((2, 3), a), draw((2, 1), b)], axis=1)
        check("concat", [draw((2, 3), a), draw((0,), b)], axis=None)
        check("stack", [draw((2, 3), a), draw((2, 3), b)], axis=-1)
        check("broadcast_arrays", draw((2, 1), a), draw((3,), b))
        check("meshgrid", draw((2,), a), draw((3,), a), draw((4,), a))
        check("meshgrid", draw((2,), a), draw((3,), a), indexing="ij")
        check("diff", draw((2, 3), "float32"), prepend=draw((2, 1), "float32"), append=draw((2, 2), "float32"))
    assert xp.broadcast_shapes((2, 1), (3,)) == (2, 3)


def test_creation() -> None:
    for dtype in DTYPES["all"]:
        for name in ("zeros", "ones"):
            for shape in [(), 3, (2, 0)]:
                check(name, shape, dtype=dtype)
        check("full", (2,), 1, dtype=dtype)
        check("eye", 3, 4, k=1, dtype=dtype)
        assert xp.empty((2, 3), dtype=dtype).dtype == dtype and xp.empty_like(xp.zeros(2), dtype=dtype).dtype == dtype
    for dtype in DTYPES["real number"]:
        check("arange", 1, 9, 3, dtype=dtype)
        check("arange", 5, dtype=dtype)
    for dtype in REAL:
        for endpoint in (True, False):
            check("linspace", -1.0, 2.0, 7, endpoint=endpoint, dtype=dtype)
            check("linspace", 0, 1, num=1, endpoint=endpoint, dtype=dtype)
    assert xp.full((), True).dtype == bool and xp.full((), 1).dtype == np.int64 and xp.full((), 1j).dtype == "complex64"
    assert xp.arange(3, 0).shape == (0,) and xp.linspace(0, 1, 0).shape == (0,)
    x = xp.asarray(np.arange(3.0))
    assert xp.asarray(x) is x and xp.asarray(x, copy=True) is not x
    for make in (xp.zeros_like, xp.ones_like, xp.empty_like):
        assert make(x, device=x.device).device == x.device
    for make in (xp.zeros, xp.ones, xp.empty):
        assert make((2,), device="cpu(0)").device == "cpu(0)"


PRODUCTS: list[tuple[str, tuple[tuple[int, ...], ...], dict]] = [
    ("matmul", ((2, 3), (3, 4)), {}), ("matmul", ((3,), (3,)), {}), ("matmul", ((5, 2, 3), (3,)), {}),
    ("matmul", ((3,), (5, 3, 2)), {}), ("matmul", ((0, 3), (3, 2)), {}), ("matmul", ((2, 0), (0, 2)), {}),
    ("tensordot", ((2, 3, 4), (3, 4, 5)), {}), ("tensordot", ((2, 3), (3, 2)), {"axes": ((0,), (1,))}),
    ("tensordot", ((2,), (3,)), {"axes": 0}), ("vecdot", ((2, 3), (2, 3)), {}), ("vecdot", ((2, 3), (3,)), {}),
    ("vecdot", ((2, 3), (2, 3)), {"axis": -2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shapes", "kwargs"), PRODUCTS)
def test_products(name: str, shapes: tuple, kwargs: dict) -> None:
    for dtype in DTYPES["number"]:
        check(name, *[draw(s, dtype) for s in shapes], **kwargs)


LINEAR: list[tuple[str, tuple, dict]] = [
    *[(name, ("square",), {}) for name in ("inv", "det", "slogdet", "svdvals", "pinv", "matrix_rank", "trace",
                                           "matrix_transpose", "diagonal", "qr")],
    *[(name, ("definite",), {}) for name in ("cholesky", "eigvalsh")],
    ("cholesky", ("definite",), {"upper": True}), ("solve", ("square", (3, 2)), {}), ("solve", ("square", (3,)), {}),
    ("matrix_norm", ((2, 4, 3),), {}), ("matrix_norm", ((2, 4, 3),), {"ord": "nuc", "keepdims": True}),
    ("matrix_power", ("square", 3), {}), ("vector_norm", ((2, 3),), {"axis": 1}),
    ("vector_norm", ((2, 3),), {"ord": 1}), ("outer", ((2,), (3,)), {}), ("cross", ((2, 3), (2, 3)), {}),
    ("vecdot", ((2, 3), (2, 3)), {}),
    ("tensordot", ((2, 3), (3, 2)), {"axes": 1}), ("matmul", ((2, 3), (3, 2)), {}),
    ("diagonal", ((4, 3),), {"offset": 1}), ("trace", ((4, 3),), {"offset": -1}),
    ("qr", ((4, 3),), {"mode": "complete"}), ("svd", ((3, 4),), {}),
]  # fmt: skip


@pytest.mark.parametrize("dtype", REAL + COMPLEX)
@pytest.mark.parametrize(("name", "shapes", "kwargs"), LINEAR)
def test_linear_algebra(name: str, shapes: tuple, kwargs: dict, dtype: str) -> None:
    def make(shape: Any) -> Any:
        if isinstance(shape, int):
            return shape
        if isinstance(shape, tuple):
            return draw(shape, dtype)
        x = draw((2, 3, 3), dtype) + 3 * np.eye(3, dtype=dtype)
        return (x @ x.conj().swapaxes(-1, -2) if shape == "definite" else x).astype(dtype)

    args = [make(s) for s in shapes]
    if name in ("qr", "svd") and np.dtype(dtype).kind == "c":
        a, *rest = args
        made = getattr(xp.linalg, name)(xp.asarray(a), *rest, **kwargs)
        q, r = made if name == "qr" else (made[0] * made[1], made[2][..., : a.shape[-2], :])
        np.testing.assert_allclose((q @ r).asnumpy(), a, rtol=1e-4, atol=1e-4)
        return
    if name in ("inv", "det", "slogdet", "pinv", "matrix_power", "cholesky", "eigvalsh", "solve") and dtype in (
        "float32", "complex64"):  # fmt: skip
        got = flat(
            getattr(xp.linalg, name)(*map(lambda a: xp.asarray(a) if isinstance(a, np.ndarray) else a, args), **kwargs)
        )
        want = flat(getattr(strict.linalg, name)(
            *[strict.asarray(a) if isinstance(a, np.ndarray) else a for a in args], **kwargs))  # fmt: skip
        for g, w in zip(got, want, strict=True):
            assert g.dtype == w.dtype and g.shape == w.shape
            np.testing.assert_allclose(g, w, rtol=1e-3, atol=1e-3 * max(1.0, np.abs(w).max(initial=0)))
        return
    check(f"linalg.{name}", *args, **kwargs)
