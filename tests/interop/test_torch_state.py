"""State dicts of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from capsules import BF16, TorchTensor

from dlcore.interop import from_torch_state


def test_copies_of_what_speaks_dlpack() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = from_torch_state({"w": values.T, "n": np.arange(3)})
    expected = values.T.copy()
    values[:] = 0
    np.testing.assert_array_equal(found["w"].asnumpy(), expected)
    assert found["n"].dtype == np.int64
    with pytest.raises(TypeError, match="'v': expected a tensor, got str"):
        from_torch_state({"v": "text"})


def test_parameters_are_detached_and_copied() -> None:
    weight, half = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1.5, -2.0], BF16)
    found = from_torch_state(
        {"weight": TorchTensor(weight, requires_grad=True), "half": TorchTensor(half, requires_grad=True)}
    )
    weight[:] = 0
    assert found["weight"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert found["half"].dtype == BF16 and found["half"].asnumpy().astype(np.float32).tolist() == [1.5, -2.0]
