"""Where there is no GPU: one clear error, from every way of asking."""

from __future__ import annotations

import pytest

import dlcore as dl
from dlcore import gluon

pytestmark = pytest.mark.skipif(dl.num_gpus() > 0, reason="this machine has a GPU")


def test_naming_a_gpu_is_free() -> None:
    assert repr(dl.gpu(0)) == "gpu(0)"
    assert dl.num_gpus() == 0


def test_an_array_on_a_gpu_says_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match="gpu.*(CuPy is not installed|no NVIDIA GPU)"):
        dl.np.zeros((2,), ctx=dl.gpu(0))


def test_initialize_on_a_gpu_says_what_is_missing() -> None:
    net = gluon.nn.Dense(2, in_units=3)
    with pytest.raises(RuntimeError, match="gpu.*(CuPy is not installed|no NVIDIA GPU)"):
        net.initialize(ctx=dl.gpu(0))
    net.initialize(ctx=dl.cpu())  # and the network is still usable
    assert net(dl.np.ones((1, 3))).shape == (1, 2)
