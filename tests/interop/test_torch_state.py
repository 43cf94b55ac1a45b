"""State dicts of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_a_real_state_dict() -> None:
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(3, 2)
    found = from_torch_state(layer.state_dict())
    np.testing.assert_array_equal(found["weight"].asnumpy(), layer.weight.detach().numpy())
    half = torch.tensor([1.5, -2.0], dtype=torch.bfloat16, requires_grad=True)
    assert from_torch_state({"h": half})["h"].asnumpy().astype(np.float32).tolist() == [1.5, -2.0]
