"""Where there is no GPU: one clear error, from every way of asking."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon
from dlcore.cuda import _cublaslt
from dlcore.cuda._recording import CHECKS, NotCapturable, Recording, from_host, recording
from dlcore.cuda.absent import GPUUnavailable, load_cupy
from dlcore.cuda.executable import Executable

pytestmark = pytest.mark.skipif(dl.num_gpus() > 0, reason="this machine has a GPU")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(GPUUnavailable, match="gpu: CuPy is not installed"):
        load_cupy()


def test_a_status_of_a_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cublaslt, "_library", lambda: SimpleNamespace(cublasLtCreate=lambda *given: 7))
    with pytest.raises(_cublaslt.CublasLtError, match="cublasLtCreate returned status 7"):
        _cublaslt._call("cublasLtCreate")


def test_a_program_counts_its_arrays_and_takes_none_from_the_host() -> None:
    with pytest.raises(TypeError, match="compiled graph: takes 2 arrays, got 0"):
        Executable.run(SimpleNamespace(_n_inputs=2), [])  # type: ignore[arg-type]
    with pytest.raises(NotCapturable, match="a table would have to come from the host"):
        with recording(Recording(np), True):
            from_host("a table")


def test_checks_of_a_captured_run_are_counted() -> None:
    notes, wrong = Recording(np), np.array([False, True])
    for _ in range(CHECKS):
        notes.note(wrong, np.array([3, 5]), lambda value, place: IndexError(f"index {value} at {place}"))
    with pytest.raises(IndexError, match="index 5 at 1"):
        notes.note(wrong, np.array([3, 5]), lambda value, place: IndexError(f"index {value} at {place}"))
    notes._done, notes._host = SimpleNamespace(done=True), notes._notes
    with pytest.raises(IndexError, match="index 5 at 1; the run was a CUDA graph and went on, so what was computed"):
        notes.look()
    notes.capturing = True
    with pytest.raises(NotCapturable, match="more than 64 checks of indices"):
        notes.note(wrong, np.array([3, 5]), lambda value, place: IndexError("never"))


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
