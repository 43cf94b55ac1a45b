"""`mxnet.test_utils`: comparisons and random arrays for tests of one's own, and the digits of the tutorials.

>>> assert_almost_equal([1.0, 2.0], [1.0, 2.0])
>>> check_numeric_gradient(lambda x: (x * x).sum(), [rand_ndarray((3,))])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcore import _answers, autograd, symbol
from dlcore._core import NDArray
from dlcore.array import Context, current_context, nd, num_gpus
from dlcore.array import random as _random

from ._test_data import download, get_mnist, get_mnist_iterator

__all__ = ["almost_equal", "assert_almost_equal", "check_numeric_gradient", "default_context", "download", "get_mnist",
           "get_mnist_iterator", "list_gpus", "rand_ndarray", "rand_shape_nd", "same"]  # fmt: skip


def default_context() -> Context:
    """The device in use.

    >>> str(default_context())
    'cpu(0)'
    """
    return current_context()


def list_gpus() -> list[int]:
    """The numbers of the GPUs that can be used: none on a machine without.

    >>> list_gpus()  # doctest: +SKIP
    [0, 1]
    """
    return list(range(num_gpus()))


def _plain(a: Any) -> np.ndarray:
    return a.asnumpy() if isinstance(a, NDArray) else np.asarray(a)


def same(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same numbers.

    >>> same([1, 2], [1, 3])
    False
    """
    return np.array_equal(_plain(a), _plain(b))


def almost_equal(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-20, equal_nan: bool = False) -> bool:
    """Whether |a - b| <= atol + rtol * |b| everywhere.

    >>> almost_equal([1.0], [1.1])
    False
    """
    return bool(np.allclose(_plain(a), _plain(b), rtol, atol, equal_nan))


def assert_almost_equal(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-20, names: Sequence[str] = ("a", "b"), equal_nan: bool = False
) -> None:
    """AssertionError that shows where, unless `almost_equal`.

    >>> assert_almost_equal([1.0, 2.0], [1.0, 2.5])
    Traceback (most recent call last):
    AssertionError: ...
    """
    np.testing.assert_allclose(_plain(a), _plain(b), rtol, atol, equal_nan, f"{names[0]} and {names[1]} differ")


def rand_shape_nd(num_dim: int, dim: int = 10) -> tuple[int, ...]:
    """A random shape of `num_dim` lengths from 1 to `dim`.

    >>> len(rand_shape_nd(3))
    3
    """
    return tuple(int(n) for n in _random.randint(1, dim + 1, shape=(num_dim,)).asnumpy())


def rand_ndarray(shape: Sequence[int], stype: str = "default", density: float = 1.0, dtype: Any = None) -> NDArray:
    """Random numbers between -1 and 1; dense only, else ValueError.

    >>> rand_ndarray((2, 3)).shape
    (2, 3)
    """
    if stype != "default":
        raise ValueError(f"rand_ndarray: dense arrays only, got stype={stype!r}; nd.cast_storage makes others")
    return _random.uniform(-1.0, 1.0, shape=tuple(shape), dtype=dtype or "float32")


def check_numeric_gradient(
    function: Callable[..., Any],
    location: Sequence[Any],
    numeric_eps: float = 1e-3,
    rtol: float = 1e-2,
    atol: float = 1e-3,
) -> None:
    """AssertionError unless the gradients of `function(*location)`, summed, agree with central differences.

    function: from arrays to an array, or a Symbol, whose arguments are then the location in order. In float64.

    >>> check_numeric_gradient(lambda x: x * x, [np.array([1.0, -2.0])])
    """
    arrays = [nd.array(_plain(x), dtype="float64") for x in location]
    if isinstance(function, symbol.Symbol):
        network, names = function, function.list_arguments()
        inner = network._variables()[0]
        if len(names) != len(arrays):
            raise ValueError(f"check_numeric_gradient: {len(arrays)} arrays for {', '.join(names)}")

        def function(*given: Any) -> Any:
            return network._run(dict(zip(inner, given, strict=True)))[0]

    for array in arrays:
        array.attach_grad()
    with autograd.record():
        total = function(*arrays).sum()
    total.backward()
    for place, array in enumerate(arrays):
        plain, numeric = array.asnumpy(), np.zeros(array.shape)
        for index in np.ndindex(*plain.shape):
            ends = []
            for step in (numeric_eps, -numeric_eps):
                moved = plain.copy()
                moved[index] += step
                others = [*arrays[:place], nd.array(moved, dtype="float64"), *arrays[place + 1 :]]
                with autograd.pause(train_mode=True):
                    ends.append(float(function(*others).sum()))
            numeric[index] = (ends[0] - ends[1]) / (2 * numeric_eps)
        assert_almost_equal(array.grad, numeric, rtol, atol, (f"gradient {place}", "differences"))


_answers.guard(__name__, __all__)
