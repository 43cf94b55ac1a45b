"""Memory and weights given to PyTorch and taken from it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dlcore.array import np as dnp
from dlcore.interop import from_torch_state

DTYPES = ("bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128")


@pytest.mark.parametrize("name", DTYPES)
def test_both_ways(name: str) -> None:
    t = torch.arange(6).reshape(2, 3).to(getattr(torch, name)).T
    for take in (dnp.from_dlpack, dnp.asarray):
        x = take(t)
        assert x._ptr == t.data_ptr() and x.shape == (3, 2) and x.dtype.name == name
    back = torch.from_dlpack(x)
    assert back.data_ptr() == t.data_ptr() and back.stride() == t.stride() and torch.equal(back, t)
    copied = torch.from_dlpack(x, copy=True)
    assert copied.data_ptr() != t.data_ptr() and torch.equal(copied, t)


def test_writes_are_seen_and_variables_refused() -> None:
    t = torch.zeros(3)
    dnp.from_dlpack(t)[:] = 4
    assert t.tolist() == [4.0] * 3
    with pytest.raises(BufferError, match="grad"):
        dnp.from_dlpack(torch.zeros(3, requires_grad=True))


def test_a_real_state_dict() -> None:
    layer = torch.nn.Linear(3, 2)
    found = from_torch_state(layer.state_dict())
    np.testing.assert_array_equal(found["weight"].asnumpy(), layer.weight.detach().numpy())
    half = torch.tensor([1.5, -2.0], dtype=torch.bfloat16, requires_grad=True)
    assert from_torch_state({"h": half})["h"].asnumpy().astype(np.float32).tolist() == [1.5, -2.0]
