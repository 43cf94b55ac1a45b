"""Kernels written in Python over NumPy: run one by one, recorded, compiled and by several threads; their errors."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from dlcore import _core, autograd, jit
from dlcore import np as xp
from dlcore.ops import RECORDS, F, op
from dlcore.ops._host import HOST_DTYPES, HOST_KERNELS, host, host_dtype


def same_shape(x: tuple[int, ...], **_: Any) -> list[tuple[int, ...]]:
    if not x:
        raise ValueError(f"expected at least one axis, got shape {x}")
    return [x]


SEEN: list[str] = []
KINDS: list[tuple[str, type[Exception]]] = [
    ("value", ValueError), ("index", IndexError), ("type", TypeError), ("zero", ZeroDivisionError),
    ("run", RuntimeError), ("remember", MemoryError)]  # fmt: skip


@host("flip_for_test", shape=same_shape)
def flip_for_test(x: np.ndarray, by: float, fail: str, late: str) -> np.ndarray:
    SEEN.append(x.dtype.name)
    if fail:
        raise dict(KINDS).get(fail, ValueError)(f"cannot {fail}")
    return x[..., ::-1] * by


host_dtype("twice_for_test", lambda common, **_: ["float64", common])


@host("two_for_test", shape=lambda x: [x[:1], x])
def two_for_test(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x.sum(tuple(range(1, x.ndim))), -x


@host("one_for_test", shape=lambda x: [x])
def one_for_test(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x, x


@pytest.fixture(scope="module", autouse=True)
def operators() -> Any:
    op("flip_for_test", "x, by: float = 2.0, fail: str = '', late: str = ''", "For tests.", dtype="floating",
       infer="flip_for_test", kernel="flip_for_test", grad="flip_for_test(gy, by=by, fail=late)")  # fmt: skip
    op("one_for_test", "x", "For tests.", outs="a, b", dtype="floating", infer="one_for_test",
       kernel="one_for_test")  # fmt: skip
    op("two_for_test", "x", "For tests.", outs="a, b", dtype="twice_for_test", infer="two_for_test",
       kernel="two_for_test")  # fmt: skip
    yield
    for name in ("flip_for_test", "two_for_test", "one_for_test"):
        del RECORDS[name], HOST_KERNELS[name]
    HOST_DTYPES.discard("twice_for_test")


X = np.arange(6.0).reshape(2, 3)


def test_runs_in_every_layout_and_dtype() -> None:
    for source in (X, X.T, X[:, ::-1], X[:0], X.astype("float32"), np.broadcast_to(X[0], (4, 3))):
        y = F.flip_for_test(source, 3.0)
        assert y.dtype == source.dtype
        np.testing.assert_array_equal(y.asnumpy(), source[..., ::-1] * 3)
    for half in ("float16", "bfloat16"):
        SEEN.clear()
        assert F.flip_for_test(xp.asarray(X, half)).dtype.name == half and SEEN == ["float32"]
    assert F.flip_for_test([[1, 2]]).dtype == np.float32
    a, b = F.two_for_test(X.astype("float32"))
    assert (a.dtype, b.dtype, a.shape) == (np.float64, np.float32, (2,)) and b.tolist() == (-X).tolist()


def test_out_receives_the_result() -> None:
    target = xp.zeros((2, 3), dtype="float64")
    F.flip_for_test(X, out=target)
    np.testing.assert_array_equal(target.asnumpy(), X[:, ::-1] * 2)


def test_is_recorded_and_compiled() -> None:
    x = xp.array(X)
    x.attach_grad()

    def loss(x: Any) -> Any:
        return (F.flip_for_test(F.exp(x) + 1.0) * F.flip_for_test(x, 0.5)).sum()

    with autograd.record():
        y = loss(x)
    y.backward()
    plain = x.grad.asnumpy().copy()
    np.testing.assert_allclose(plain, (np.exp(X) * X + np.exp(X) + 1), rtol=1e-12)

    @jit
    def step() -> Any:
        with autograd.record():
            y = loss(x)
        y.backward()
        return y

    x.grad[:] = 0
    assert float(step()) == pytest.approx(float(y), rel=1e-12)
    np.testing.assert_allclose(x.grad.asnumpy(), plain, rtol=1e-12)


@pytest.mark.parametrize(("fail", "kind"), KINDS)
def test_errors_keep_their_kind_and_name_the_operator(fail: str, kind: type[Exception]) -> None:
    told = kind in (ValueError, IndexError, TypeError)
    match = rf"flip_for_test: cannot {fail}, for shape \(2, 3\)" if told else f"cannot {fail}"
    with pytest.raises(kind, match=match):
        F.flip_for_test(X, 1.0, fail)
    run = jit(lambda x: F.flip_for_test(F.exp(x), 1.0, fail))
    with pytest.raises(kind, match=match):
        run(xp.asarray(X))
    np.testing.assert_array_equal(F.flip_for_test(X, 1.0).asnumpy(), X[:, ::-1])  # the GIL came back


@pytest.mark.parametrize(("fail", "kind"), KINDS[:3])
def test_errors_of_a_gradient_name_its_operator(fail: str, kind: type[Exception]) -> None:
    x = xp.array(X)
    x.attach_grad()
    with autograd.record():
        y = F.flip_for_test(x, late=fail)
    with pytest.raises(kind, match=f"backward of flip_for_test.*cannot {fail}"):
        y.backward()


def test_a_shape_rule_that_forgets_a_result_is_named() -> None:
    with pytest.raises(RuntimeError, match="one_for_test: its shape rule gives 1 shapes for 2 results"):
        F.one_for_test(X)


def test_shape_rules_name_the_operator_and_the_layer() -> None:
    with pytest.raises(ValueError, match=r"flip_for_test: expected at least one axis, got shape \(\)"):
        F.flip_for_test(xp.ones(()))
    _core.push_scope("net.fc1")
    try:
        with pytest.raises(ValueError, match=r"flip_for_test: cannot stand.*\n.*in layer net.fc1"):
            F.flip_for_test(X, 1.0, "stand")
    finally:
        _core.pop_scope()


def test_threads_that_share_a_compiled_function_do_not_wait_for_each_other_forever() -> None:
    run = jit(lambda x: F.flip_for_test(F.flip_for_test(x) + 1.0))
    want = run(xp.asarray(X)).asnumpy()
    wrong: list[int] = []

    def work() -> None:
        for _ in range(50):
            if not np.array_equal(run(xp.asarray(X)).asnumpy(), want):
                wrong.append(1)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert not any(t.is_alive() for t in threads) and not wrong


def test_names_are_taken_once() -> None:
    with pytest.raises(ValueError, match="'flip_for_test' exists already"):
        host("flip_for_test")(lambda x: x)
    with pytest.raises(ValueError, match="shape rule called 'same' exists already"):
        _core.register_host_shape("same", lambda: None)
    with pytest.raises(ValueError, match="dtype rule called 'promote' exists already"):
        host_dtype("promote", lambda common: [common])
    assert "promote" not in HOST_DTYPES and HOST_KERNELS["flip_for_test"] is flip_for_test
