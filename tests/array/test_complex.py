"""Complex arrays through `dlcore.np` and NDArray, as a NumPy user writes it."""

from __future__ import annotations

import copy
import pickle

import numpy
import pytest

from dlcore import autograd, np

Z = np.array([1 + 2j, 3 - 1j, 0])


def test_creation() -> None:
    assert Z.dtype == numpy.complex64 and np.array(numpy.array([1j])).dtype == numpy.complex128
    assert np.zeros((2,), complex).dtype == np.ones((2,), np.complex64).dtype == numpy.complex64
    assert np.full((2,), 1j).tolist() == [1j, 1j] and np.full_like(Z, 2).dtype == numpy.complex64
    assert np.eye(2, dtype="complex128").tolist() == [[1, 0], [0, 1]]
    assert np.arange(3, dtype=np.complex64).tolist() == [0, 1, 2]
    assert np.linspace(0, 1j, 3).tolist() == [0, 0.5j, 1j]


def test_parts_and_questions() -> None:
    assert Z.real.tolist() == [1, 3, 0] and Z.imag.tolist() == [2, -1, 0]
    assert Z.real.dtype == Z.imag.dtype == numpy.float32
    x = np.ones(2)
    assert x.real is x and x.imag.tolist() == [0, 0]
    assert np.iscomplex(Z).tolist() == [True, True, False] and np.isreal(Z).tolist() == [False, False, True]
    assert np.iscomplexobj(Z) and not np.isrealobj(Z) and np.isrealobj(x)
    assert np.real_if_close(Z) is Z and np.real_if_close(Z.real + 1e-7j).dtype == numpy.float32
    assert Z.conj().tolist() == Z.conjugate().tolist() == [1 - 2j, 3 + 1j, 0]
    assert np.angle(np.array([1j, -2.0, 1 + 1j]), deg=True).tolist() == [90, 180, 45]
    assert np.isdtype(Z.dtype, "complex floating") and not np.isdtype(Z.dtype, "real floating")


def test_reading_and_writing_by_index() -> None:
    z = np.copy(Z)
    z[1] = 5j
    z[np.array([True, False, False])] = 1
    z[::-1][:1] += 2j
    assert z.tolist() == [1, 5j, 2j]
    assert z[np.array([2, 0])].tolist() == [2j, 1]
    x = np.ones(3)
    with pytest.raises(TypeError, match="assignment: complex.* into float32 would drop the imaginary part"):
        x[0] = 1j
    with pytest.raises(TypeError, match="assignment: complex.* into float32 would drop the imaginary part"):
        x *= 1j


def test_products_conjugate_where_the_standard_says() -> None:
    rng = numpy.random.default_rng(0)
    a, b = (rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4)) for _ in range(2))
    x, y = np.array(a), np.array(b)
    for got, want in (
        (np.vdot(x, y), numpy.vdot(a, b)),
        (np.vecdot(x, y), numpy.vecdot(a, b)),
        (np.dot(x, y.T), numpy.dot(a, b.T)),
        (np.tensordot(x, y, ((0,), (0,))), numpy.tensordot(a, b, ((0,), (0,)))),
        (np.inner(x, y), numpy.inner(a, b)),
        (x @ y.T, a @ b.T),
        (np.var(x, axis=0), a.var(0)),
        (np.std(x), a.std()),
    ):
        assert got.dtype == want.dtype
        numpy.testing.assert_allclose(got.asnumpy(), want, rtol=1e-13)


def test_pieces_and_scans() -> None:
    z = np.stack([Z, Z * 1j])
    assert np.concat([Z, np.ones(1)]).tolist() == [1 + 2j, 3 - 1j, 0, 1]
    assert np.cumulative_sum(Z).tolist() == [1 + 2j, 4 + 1j, 4 + 1j]
    assert np.cumulative_prod(Z).tolist() == [1 + 2j, 5 + 5j, 0]
    assert np.flip(z, axis=1).tolist()[0] == [0, 3 - 1j, 1 + 2j]
    assert np.where(np.array([True, False, True]), Z, 7).tolist() == [1 + 2j, 7, 0]
    assert np.count_nonzero(Z).item() == 2 and [i.tolist() for i in np.nonzero(Z)] == [[0, 1]]
    assert np.unique_values(np.array([1j, 1, 1j])).tolist() == [1j, 1]


@pytest.mark.parametrize("name", ["sort", "argsort", "argmax", "max", "min", "floor", "ceil", "trunc"])
def test_what_needs_an_order_refuses(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}: does not take complex numbers, got complex64"):
        getattr(np, name)(Z)
    with pytest.raises(TypeError, match="less: does not take complex numbers"):
        _ = Z < Z


def test_copies_and_text() -> None:
    for same in (copy.deepcopy(Z), pickle.loads(pickle.dumps(Z))):
        assert same.dtype == Z.dtype and same.tolist() == Z.tolist()
    assert repr(Z) == "array([1.+2.j, 3.-1.j, 0.+0.j], dtype=complex64)"
    assert f"{Z[0]:.1f}" == "1.0+2.0j"


def test_a_step_down_the_gradient_makes_the_loss_smaller() -> None:
    rng = numpy.random.default_rng(2)
    a = np.array(rng.normal(size=(6, 3)) + 1j * rng.normal(size=(6, 3)))
    target = np.array(rng.normal(size=(6,)) + 1j * rng.normal(size=(6,)))
    z = np.zeros((3,), "complex128")
    z.attach_grad()
    for _ in range(400):
        with autograd.record():
            loss = np.sum(np.square(np.abs(a @ z - target)))
        loss.backward()
        z -= 0.02 * z.grad
    best, *_ = numpy.linalg.lstsq(a.asnumpy(), target.asnumpy())
    numpy.testing.assert_allclose(z.asnumpy(), best, rtol=1e-6, atol=1e-8)


def test_jacobians_and_products_of_complex_functions() -> None:
    z = np.array(numpy.array([1 + 2j, 0.5 - 1j]))
    v = np.array(numpy.array([0.3 - 1j, 2 + 0.1j]))
    slope = numpy.exp(z.asnumpy()) * (1 + z.asnumpy())
    numpy.testing.assert_allclose(
        autograd.jacobian(lambda z: np.exp(z) * z)(z).asnumpy(), numpy.diag(slope), rtol=1e-13
    )
    _, along = autograd.jvp(lambda z: np.exp(z) * z, (z,), (v,))
    numpy.testing.assert_allclose(along.asnumpy(), slope * v.asnumpy(), rtol=1e-13)
    _, pull = autograd.vjp(lambda z: np.exp(z) * z, z)
    numpy.testing.assert_allclose(pull(v)[0].asnumpy(), slope.conj() * v.asnumpy(), rtol=1e-13)
    x = np.array(numpy.array([0.5, 2.0]))
    numpy.testing.assert_allclose(
        autograd.jacobian(lambda x: np.exp(x * 1j))(x).asnumpy(),
        numpy.diag(1j * numpy.exp(1j * x.asnumpy())),
        rtol=1e-13,
    )
    with pytest.raises(ValueError, match="jacobian: the function is not complex-differentiable"):
        autograd.jacobian(lambda z: np.conj(z) * z)(z)
