"""Sparse arrays against SciPy and against the same arithmetic on dense arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from dlcore import autograd, jit
from dlcore.array import nd, sparse
from dlcore.array import np as dnp
from dlcore.ops import F

KINDS = ["csr", "row_sparse"]


def numbers(shape: tuple[int, ...], share: float = 0.4, seed: int = 0, dtype: str = "float64") -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(shape) < share, rng.normal(size=shape), 0).astype(dtype)
    values[rng.random(shape[0]) < 0.3] = 0  # some rows are empty
    return values


def made(values: np.ndarray, kind: str) -> Any:
    return dnp.array(values).tostype(kind)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_csr_to_and_from_scipy_and_dense(share: float) -> None:
    values = numbers((6, 5), share)
    theirs = scipy.sparse.csr_matrix(values)
    for ours in (
        made(values, "csr"),
        sparse.csr_matrix(theirs, dtype="float64"),
        sparse.array(theirs, dtype="float64"),
    ):
        ours.check_format()
        np.testing.assert_array_equal(ours.indices.asnumpy(), theirs.indices)
        np.testing.assert_array_equal(ours.indptr.asnumpy(), theirs.indptr)
        np.testing.assert_array_equal(ours.data.asnumpy(), theirs.data)
        np.testing.assert_array_equal(ours.asnumpy(), values)
        assert (ours.asscipy() != theirs).nnz == 0
        assert (ours.shape, ours.dtype, ours.stype, ours.nnz) == ((6, 5), np.float64, "csr", theirs.nnz)
        assert ours.tostype("default").stype == "default" and ours.tostype("csr") is ours


def test_csr_from_its_parts() -> None:
    x = sparse.csr_matrix(([1, 2, 3], [2, 0, 1], [0, 1, 1, 3]), shape=(3, 4))
    assert x.dtype == np.float32 and x.asnumpy().tolist() == [[0, 0, 1, 0], [0, 0, 0, 0], [2, 3, 0, 0]]
    assert sparse.csr_matrix(([1, 2, 3], [2, 0, 1], [0, 1, 1, 3])).shape == (3, 3)
    # Columns in any order and several times, as SciPy takes them.
    parts = ([1.0, 2.0, 3.0, 4.0], [2, 0, 2, 1], [0, 3, 4])
    np.testing.assert_array_equal(sparse.csr_matrix(parts).asnumpy(), scipy.sparse.csr_matrix(parts).toarray())
    parts = ([1.0, 2.0, 3.0], ([1, 0, 1], [2, 0, 2]))
    np.testing.assert_array_equal(sparse.csr_matrix(parts).asnumpy(), scipy.sparse.coo_matrix(parts).toarray())
    assert sparse.csr_matrix((2, 3), dtype="int32").asnumpy().tolist() == [[0, 0, 0], [0, 0, 0]]
    y = sparse.csr_matrix(x, dtype="float64")
    y.data[:] = 9
    assert x.data.tolist() == [1, 2, 3] and y.dtype == np.float64


@pytest.mark.parametrize(
    ("parts", "shape", "error", "text"),
    [
        (([1.0], [5], [0, 1]), (1, 3), IndexError, "index 5 is out of range for axis 1 of size 3"),
        (([1.0], [-1], [0, 1]), (1, 3), IndexError, "index -1 is out of range for axis 1"),
        (([1.0], [0], [0, 2]), (1, 3), ValueError, "indptr must rise from 0 to the number of values, 1"),
        (([1.0], [0], [0, 1]), (2, 3), ValueError, r"indptr must have shape \(3,\)"),
        (([1.0, 2.0], [0], [0, 1]), (1, 3), ValueError, "equally long"),
        (([1.0], ([4], [0])), (2, 2), IndexError, "index 4 is out of range for axis 0 of size 2"),
    ],
)
def test_parts_that_make_no_csr(parts: tuple, shape: tuple, error: type, text: str) -> None:
    with pytest.raises(error, match=text):
        sparse.csr_matrix(parts, shape=shape)


@pytest.mark.parametrize("shape", [(7,), (7, 3), (7, 2, 3)])
def test_row_sparse_to_and_from_dense(shape: tuple[int, ...]) -> None:
    values = numbers(shape)
    x = made(values, "row_sparse")
    x.check_format()
    rows = np.flatnonzero(values.reshape(7, -1).any(1))
    np.testing.assert_array_equal(x.indices.asnumpy(), rows)
    np.testing.assert_array_equal(x.data.asnumpy(), values[rows])
    np.testing.assert_array_equal(x.asnumpy(), values)
    y = sparse.row_sparse_array((values[[2, 0, 2]], [2, 0, 2]), shape=shape, dtype="float64")
    want = np.zeros(shape)
    np.add.at(want, [2, 0, 2], values[[2, 0, 2]])
    np.testing.assert_allclose(y.asnumpy(), want)
    y.check_format()


def test_wrong_row_sparse_parts() -> None:
    with pytest.raises(IndexError, match="index 9 is out of range for axis 0 of size 3"):
        sparse.row_sparse_array(([[1.0]], [9]), shape=(3, 1))
    with pytest.raises(ValueError, match=r"need data of shape \(2, 1\), got \(1, 1\)"):
        sparse.row_sparse_array(([[1.0]], [0, 1]), shape=(3, 1))
    with pytest.raises(ValueError, match="'csr' needs a matrix"):
        dnp.ones((2, 2, 2)).tostype("csr")
    with pytest.raises(ValueError, match="'default', 'csr' or 'row_sparse'"):
        dnp.ones((2, 2)).tostype("coo")
    with pytest.raises(ValueError, match="tostype: expected 'default' or 'csr', got 'row_sparse'"):
        sparse.zeros("csr", (2, 2)).tostype("row_sparse")


@pytest.mark.parametrize("kind", ["csr", "row_sparse"])
def test_a_sparse_array_is_where_it_is_asked_to_be(kind: str) -> None:
    x = dnp.ones((2, 2)).tostype(kind)
    assert x.as_in_ctx("cpu(0)") is x and x.to_device("cpu(0)") is x and x.as_in_context("cpu(0)") is x


@pytest.mark.parametrize("key", [0, -1, slice(1, 4), slice(None, None, 2), slice(4, 1, -1), [3, 0, 3], slice(3, 3)])
def test_rows_of_csr(key: Any) -> None:
    values = numbers((6, 5), 0.6)
    want = values[[key]] if isinstance(key, int) else values[key]
    got = made(values, "csr")[key]
    got.check_format()
    np.testing.assert_array_equal(got.asnumpy(), want)


def test_indices_that_sparse_arrays_do_not_take() -> None:
    x = made(numbers((6, 5)), "csr")
    for key in (6, -7, [0, 6]):
        with pytest.raises(IndexError, match="out of range for axis 0 of size 6"):
            x[key]
    with pytest.raises(IndexError, match="rows are chosen"):
        x[0, 1]
    with pytest.raises(IndexError, match="use retain"):
        made(numbers((6, 5)), "row_sparse")[0]
    with pytest.raises(IndexError, match="only x"):
        x[0] = 1


@pytest.mark.parametrize("kind", KINDS)
def test_copies_casts_and_assignment(kind: str) -> None:
    values = numbers((6, 5))
    x = made(values, kind)
    y = x.copy()
    y.data[:] = 1
    np.testing.assert_array_equal(x.asnumpy(), values)
    assert x.astype("float32").dtype == np.float32 and "6x5" in repr(x) and "float64" in repr(x)
    y[:] = x
    np.testing.assert_array_equal(y.asnumpy(), values)
    dense = dnp.zeros((6, 5), dtype="float64")
    x.copyto(dense)
    np.testing.assert_array_equal(dense.asnumpy(), values)
    np.testing.assert_array_equal(np.asarray(x), values)
    assert x.as_in_context("cpu") is x and len(x) == 6 and x.size == 30
    with pytest.raises(ValueError, match="of this kind"):
        y[:] = dense


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum"])
def test_two_sparse_arrays(kind: str, name: str) -> None:
    a, b = numbers((6, 5)), numbers((6, 5), seed=1)
    got = getattr(sparse, name)(made(a, kind), made(b, kind))
    assert got.stype == kind
    got.check_format()
    np.testing.assert_allclose(got.asnumpy(), getattr(np, name)(a, b))
    with pytest.raises(ValueError, match=r"\(6, 5\) and \(5, 5\)"):
        getattr(sparse, name)(made(a, kind), made(b[:5], kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(6, 5), (5,), (6, 1), (1, 5), ()])
def test_with_dense_arrays(kind: str, shape: tuple[int, ...]) -> None:
    a, b = numbers((6, 5)), np.random.default_rng(2).uniform(1, 2, shape)
    x, y = made(a, kind), dnp.array(b)
    for got, want, stype in [
        (x * y, a * b, kind), (sparse.multiply(y, x), a * b, kind), (x / y, a / b, kind), (x + y, a + b, "default"),
        (y - x, b - a, "default"), (x - y, a - b, "default"),
    ]:  # fmt: skip
        assert got.stype == stype
        np.testing.assert_allclose(got.asnumpy(), want)


@pytest.mark.parametrize("kind", KINDS)
def test_with_numbers_and_functions(kind: str) -> None:
    a = numbers((6, 5))
    x = made(a, kind)
    for got, want, stype in [
        (x * 2, a * 2, kind), (3 * x, 3 * a, kind), (x / 4, a / 4, kind), (x**2, a**2, kind), (-x, -a, kind),
        (abs(x), abs(a), kind), (x + 1, a + 1, "default"), (1 - x, 1 - a, "default"), (x > 0, a > 0, "default"),
        (x == 0, a == 0, "default"), (sparse.sin(x), np.sin(a), kind), (sparse.relu(x), np.maximum(a, 0), kind),
        (sparse.sqrt(x * x), abs(a), kind), (sparse.clip(x, -0.5, 0.5), np.clip(a, -0.5, 0.5), kind),
        (x * made(a, "csr" if kind == "row_sparse" else "row_sparse"), a * a, "default"),
    ]:  # fmt: skip
        assert got.stype == stype
        np.testing.assert_allclose(got.asnumpy(), want)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_and_norms(kind: str, axis: int | None, keepdims: bool) -> None:
    a = numbers((6, 5))
    x = made(a, kind)
    np.testing.assert_allclose(x.sum(axis, keepdims).asnumpy(), a.sum(axis, keepdims=keepdims))
    np.testing.assert_allclose(sparse.mean(x, axis, keepdims).asnumpy(), a.mean(axis, keepdims=keepdims))
    want = np.sqrt((a**2).sum(axis, keepdims=keepdims))
    np.testing.assert_allclose(sparse.norm(x, axis=axis, keepdims=keepdims).asnumpy(), want)
    with pytest.raises(IndexError, match="axis 2"):
        x.sum(2)


def test_retain_and_concat() -> None:
    a = numbers((6, 5))
    x = made(a, "row_sparse")
    got = sparse.retain(x, dnp.array([5, 0, 1]))
    want = a.copy()
    want[2:5] = 0
    np.testing.assert_array_equal(got.asnumpy(), want)
    with pytest.raises(IndexError, match="index 6 is out of range for axis 0 of size 6"):
        x.retain([6])
    both = sparse.concat(made(a, "csr"), made(a[:2], "csr"))
    both.check_format()
    np.testing.assert_array_equal(both.asnumpy(), np.concatenate([a, a[:2]]))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32"])
@pytest.mark.parametrize("shape", [(5, 4), (5, 1), (5,), (5, 0)])
def test_products(shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(3)
    a = (numbers((6, 5)) * 8).astype(dtype)
    b, c = (rng.normal(size=(n, *shape[1:])) * 8 for n in (5, 6))
    b, c = b.astype(dtype), c.astype(dtype)
    x = made(a, "csr")
    limit = {"float16": 1e-2, "float32": 1e-5}.get(dtype, 1e-12)
    wide = a.astype("float64")

    def check(got: Any, want: np.ndarray, stype: str) -> None:
        assert got.stype == stype and got.shape == want.shape
        np.testing.assert_allclose(got.asnumpy(), want, rtol=limit, atol=limit * 50)

    check(sparse.dot(x, dnp.array(b)), wide @ b.astype("float64"), "default")
    check(sparse.dot(x, dnp.array(c), transpose_a=True), wide.T @ c.astype("float64"), "default")
    if len(shape) == 2:
        check(sparse.dot(x, dnp.array(b.T), transpose_b=True), wide @ b.astype("float64"), "default")
        check(sparse.dot(dnp.array(c.T), x), c.astype("float64").T @ wide, "csr")
        check(sparse.dot(dnp.array(b.T), x, False, True, "default"), b.astype("float64").T @ wide.T, "default")
        got = sparse.dot(x, dnp.array(c), transpose_a=True, forward_stype="row_sparse")
        check(got, wide.T @ c.astype("float64"), "row_sparse")
        got.check_format()
    check(sparse.dot(x, made(wide.T.astype(dtype), "csr")), wide @ wide.T, "csr")
    with pytest.raises(ValueError, match=r"\(6, 5\).*do not fit"):
        sparse.dot(x, dnp.array(c))


def test_gradients_flow_through_values_and_to_dense_factors() -> None:
    a, b = numbers((6, 5)), np.random.default_rng(3).normal(size=(5, 4))
    x, w = dnp.array(a), dnp.array(b)
    x.attach_grad()
    w.attach_grad()
    found = []
    for stype in ("csr", "row_sparse", "default"):
        with autograd.record():
            s = x.tostype(stype)
            y = sparse.dot(s * 2, w)
            (sparse.sin(y) * y).sum().backward()
        found.append((x.grad.asnumpy(), w.grad.asnumpy()))
    rows = a.any(1)[:, None]
    for (gx, gw), mask in zip(found, [a != 0, rows & np.ones_like(a, bool), np.ones_like(a, bool)], strict=True):
        np.testing.assert_allclose(gx, np.where(mask, found[2][0], 0), atol=1e-12)  # only to what is stored
        np.testing.assert_allclose(gw, found[2][1], atol=1e-12)


def test_gradients_are_not_lost_silently() -> None:
    x = dnp.array(numbers((6, 5)))
    x.attach_grad()
    with autograd.record():
        s = x.tostype("csr")
        with pytest.raises(RuntimeError, match="lose its gradient"):
            np.asarray(s)
        (sparse.sum(s) + s.tostype("default").sum()).backward()
    np.testing.assert_array_equal(x.grad.asnumpy(), np.where(x.asnumpy() != 0, 2, 0))


def test_compiled_functions_refuse_places_that_depend_on_values() -> None:
    with pytest.raises(RuntimeError, match="outside of jit"):
        jit(lambda x: x.tostype("csr").data)(dnp.ones((2, 2)))


def test_storage_kinds_by_name() -> None:
    assert nd.ones((2,)).stype == "default" and nd.ones((2,)).tostype("default").stype == "default"
    assert sparse.zeros("default", (2, 3)).shape == (2, 3)
    assert sparse.zeros_like(made(numbers((6, 5)), "csr")).nnz == 0
    assert sparse.cast_storage(sparse.zeros("row_sparse", (2, 3)), "default").tolist() == [[0] * 3] * 2
    for name in sparse.__all__:
        assert getattr(sparse, name).__doc__, name


@given(st.data())
def test_any_product(data: st.DataObject) -> None:
    m, k, n = (data.draw(st.integers(0, 6)) for _ in range(3))
    share = data.draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a = np.where(rng.random((m, k)) < share, rng.normal(size=(m, k)), 0)
    b, c = rng.normal(size=(k, n)), rng.normal(size=(m, n))
    x = sparse.csr_matrix(scipy.sparse.csr_matrix(a), dtype="float64")
    np.testing.assert_allclose(sparse.dot(x, dnp.array(b)).asnumpy(), a @ b, atol=1e-12)
    np.testing.assert_allclose(sparse.dot(x, dnp.array(c), True).asnumpy(), a.T @ c, atol=1e-12)
    got = F.csr_sampled(dnp.array(c), dnp.array(b), x.indices, x.indptr).asnumpy()
    np.testing.assert_allclose(got, (c @ b.T)[a != 0], atol=1e-12)


def test_matrices_of_scipy_beside_dense_arrays() -> None:
    a, theirs = dnp.array([[1.0, 2.0], [3.0, 4.0]]), scipy.sparse.csr_array([[1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(theirs @ a, [[1, 2], [6, 8]])
    words = r"got SciPy's sparse csr_array of shape \(2, 2\); x.toarray\(\) makes it dense, nd.sparse.csr_matrix\(x\)"
    for call in (lambda: a @ theirs, lambda: a * theirs, lambda: theirs + a, lambda: nd.dot(a, theirs),
                 lambda: dnp.asarray(theirs)):  # fmt: skip
        with pytest.raises(TypeError, match=words):
            call()


def test_the_classic_namespace_knows_storage_kinds() -> None:
    a, b = numbers((6, 5)), np.random.default_rng(0).normal(size=(5, 2))
    x = made(a, "csr")
    np.testing.assert_allclose(nd.dot(x, dnp.array(b)).asnumpy(), a @ b)
    np.testing.assert_allclose(nd.dot(dnp.array(a), dnp.array(b)).asnumpy(), a @ b)
    np.testing.assert_allclose(nd.dot(dnp.array(a), dnp.array(a), transpose_b=True).asnumpy(), a @ a.T)
    assert nd.cast_storage(dnp.array(a), "row_sparse").stype == "row_sparse"
    assert nd.sparse_retain(made(a, "row_sparse"), [0, 1]).indices.size <= 2


def test_how_many_numbers_are_stored() -> None:
    x = nd.array([[1.0, 0.0, 0.0], [2.0, 3.0, 0.0]]).tostype("csr")
    counts = [nd.contrib.getnnz(x, axis).tolist() for axis in (None, 0, 1)]
    assert counts == [[3], [2, 1, 0], [1, 2]]
    assert nd.contrib.getnnz(nd.zeros((0, 2), stype="csr"), 0).tolist() == [0, 0]
    with pytest.raises(TypeError, match="expected a CSRNDArray and axis None, 0 or 1, got NDArray"):
        nd.contrib.getnnz(nd.ones((2, 2)))
