"""The helpers for tests of one's own find what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, sym, test_utils


def test_gradients_are_held_against_differences() -> None:
    net = sym.tanh(sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc"))
    rng = np.random.default_rng(0)
    test_utils.check_numeric_gradient(net, [rng.normal(size=s) for s in ((3, 4), (2, 4), (2,))])

    class Wrong(autograd.Function):
        def forward(self, x: Any) -> Any:
            return x * x

        def backward(self, dy: Any) -> Any:
            return dy

    with pytest.raises(AssertionError, match="gradient 0 and differences differ"):
        test_utils.check_numeric_gradient(lambda x: Wrong()(x), [np.array([1.0, 2.0])])
    with pytest.raises(ValueError, match="check_numeric_gradient: 1 arrays for x, fc_weight, fc_bias"):
        test_utils.check_numeric_gradient(net, [np.ones((3, 4))])


def test_comparisons_and_random_arrays() -> None:
    with pytest.raises(AssertionError, match="x and y differ"):
        test_utils.assert_almost_equal(dl.nd.ones(3), [1, 1, 1.1], names=("x", "y"))
    assert test_utils.same(dl.nd.ones(2), np.ones(2)) and not test_utils.almost_equal([1.0], [2.0])
    found = test_utils.rand_ndarray((50,)).asnumpy()
    assert -1 <= found.min() < -0.5 < 0.5 < found.max() < 1
    with pytest.raises(ValueError, match="dense arrays only"):
        test_utils.rand_ndarray((2,), "csr")
    assert all(1 <= n <= 4 for n in test_utils.rand_shape_nd(40, 4))
