"""Every operator compiled: the same numbers, shapes and dtypes as run one by one, forwards and backwards."""

from __future__ import annotations

import numpy as np
import pytest
from ops import harness, slopes

from dlcore import autograd, jit
from dlcore._core import NDArray
from dlcore.ops import RECORDS, Op

FIXED = [pytest.param(r, id=r.name) for r in RECORDS.values() if not r.random and r.inputs]
DIFFERENTIABLE = [
    pytest.param(r, id=r.name)
    for r in RECORDS.values()
    if slopes.differentiable(r) and slopes.gives_real(r) and r.family != "random"
]


def wide(x: NDArray) -> np.ndarray:
    values = x.asnumpy()
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


@pytest.mark.parametrize("record", FIXED)
def test_compiled_forward_is_the_same(record: Op) -> None:
    function = harness.function(record)
    for layout, inputs, attrs in harness.calls_of(record, np.dtype(np.float32), harness.generator(record)):
        arrays = harness.to_arrays(inputs)
        want = harness.listed(function(*arrays, **attrs))
        got = harness.results_compiled(record, arrays, attrs)
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            assert (g.shape, g.dtype) == (w.shape, w.dtype), (record.name, layout, attrs)
            np.testing.assert_allclose(wide(g), wide(w), rtol=2e-5, atol=2e-6, err_msg=layout)


@pytest.mark.parametrize("record", DIFFERENTIABLE)
def test_compiled_gradient_is_the_same(record: Op) -> None:
    rng = np.random.default_rng(2)
    checked = 0
    for inputs, attrs in slopes.gradient_calls(record):
        where = slopes.positions(record, inputs)
        outputs = harness.listed(harness.function(record)(*harness.to_arrays(inputs), **attrs))
        if not where or outputs[0].dtype != np.float64:
            continue
        weights = [rng.uniform(0.5, 1.5, y.shape) for y in outputs]
        _, want = slopes.gradients(record, inputs, attrs, weights, where, create=False)
        arrays = harness.to_arrays(inputs)
        for k in where:
            arrays[k].attach_grad()

        @jit
        def step(arrays: list = arrays, attrs: dict = attrs, weights: list = weights) -> NDArray:
            with autograd.record():
                total = slopes.evaluate(record, arrays, attrs, weights)
            total.backward()
            return total

        step()
        for k, w in zip(where, want, strict=True):
            np.testing.assert_allclose(arrays[k].grad.asnumpy(), w.asnumpy(), rtol=1e-9, atol=1e-10)
        checked += 1
    assert checked, f"{record.name}: no sample has a float array that a gradient flows to"
