"""What DLPack asks of arrays on a GPU: streams that wait for each other, devices, copies home. On a pretended GPU
(tests/cuda/pretend.py) whose streams write down what they are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = r"""
import sys
sys.path[:0] = sys.argv[1:]
import pretend
pretend.install()
import cupy
from types import SimpleNamespace
import numpy as np, pytest
import dlcore as dl
from dlcore import _core, np as dnp

told = []
class Stream:
    def __init__(self, ptr): self.ptr = ptr
    def synchronize(self): told.append(("synchronize", self.ptr))
    def record(self): told.append(("record", self.ptr)); return ("event", self.ptr)
    def wait_event(self, event): told.append(("wait", self.ptr, event))
ours = Stream(0)
cupy.cuda.get_current_stream = lambda: ours
cupy.cuda.ExternalStream = Stream

x = dnp.arange(6.0, device="gpu(0)").reshape(2, 3) * 2
assert x.__dlpack_device__() == (2, 0) and x._device == "gpu(0)"
ours.ptr = 77

# -- giving: the consumer's stream waits for ours
for stream, want in ((None, 1), (1, 1), (2, 2), (1234, 1234)):
    told.clear()
    x.__dlpack__(stream=stream, max_version=(1, 0))
    assert told == [("record", 77), ("wait", want, ("event", 77))], (stream, told)
for stream in (-1, 77):
    told.clear()
    x.__dlpack__(stream=stream, max_version=(1, 0))
    assert told == [], told  # not asked to wait, or the same stream
ours.ptr = 0
told.clear()
x.__dlpack__(stream=None)
assert told == [], told  # CUDA's default stream is both
for wrong in (0, -2, "one"):
    with pytest.raises(ValueError, match="stream must be None, -1 or a CUDA stream"):
        x.__dlpack__(stream=wrong)

# -- devices and copies
with pytest.raises(BufferError, match=r"on gpu\(0\).*asked for on \(2, 1\)"):
    x.__dlpack__(dl_device=(2, 1))
with pytest.raises(BufferError, match="copy=False, but the array on gpu"):
    x.__dlpack__(dl_device=(1, 0), copy=False)
home = dnp.from_dlpack(x.__dlpack__(dl_device=(1, 0), max_version=(1, 0)))
assert home._device == "cpu(0)" and home.tolist() == [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]
shared = dnp.from_dlpack(x.__dlpack__(max_version=(1, 0)))
assert shared._device == "gpu(0)" and shared._ptr == x._ptr
from dlcore.cuda import _backend
backend, run = _backend.backend(), _backend.Backend.run
_backend.Backend.run = lambda self, stem, *rest: told.append(stem) or run(self, stem, *rest)
told.clear()
x.__dlpack__(stream=77, max_version=(1, 0), copy=True)
assert told == ["copy", ("record", 0), ("wait", 77, ("event", 0))], "the consumer waits for the copy, too"
_backend.Backend.run = run
with pytest.raises(ValueError, match="stream must be None, -1 or a CUDA stream"):
    x.__dlpack__(stream=0, copy=True)
copied = dnp.from_dlpack(x.__dlpack__(max_version=(1, 0), copy=True))
assert copied._device == "gpu(0)" and copied._ptr != x._ptr and copied.tolist() == x.tolist()

# -- taking: the producer is told our stream
class Producer:
    asked = []
    def __dlpack_device__(self): return (2, 0)
    def __dlpack__(self, *, stream=None, max_version=None):
        self.asked.append(stream)
        return x.__dlpack__(stream=-1, max_version=max_version)
for ptr, want in ((0, 1), (55, 55)):
    ours.ptr = ptr
    y = dnp.from_dlpack(Producer())
    assert y._ptr == x._ptr and Producer.asked[-1] == want, Producer.asked
assert dnp.asarray(Producer())._ptr == x._ptr and Producer.asked[-1] == 55
there = dnp.from_dlpack(Producer(), device="cpu(0)")
assert there._device == "cpu(0)" and there.tolist() == x.tolist()
with pytest.raises(BufferError, match="copy=False, but the array is on gpu"):
    dnp.from_dlpack(Producer(), device="cpu(0)", copy=False)
ours.ptr = 0

# -- as CuPy 14 asks and answers
from capsules import CupyArray, take_as_cupy
for stream in (0, 77):
    told.clear()
    shape, address, flags = take_as_cupy(x, stream)
    assert (shape, address, flags) == ((2, 3), x._ptr, 0)
    assert told == ([("record", 0), ("wait", 77, ("event", 0))] if stream else []), told
assert take_as_cupy(x, copy=True)[2] == 2 and take_as_cupy(x, copy=False)[1:] == (x._ptr, 0)
with pytest.raises(TypeError, match="CPU arrays cannot be directly imported"):
    take_as_cupy(dnp.ones(3))
for kind in (2, 13):  # CUDA's own memory, and memory that both sides reach
    theirs = CupyArray(np.arange(6.0).reshape(2, 3).T, kind)
    for ptr, want in ((0, 1), (55, 55)):
        ours.ptr = ptr
        y = dnp.from_dlpack(theirs)
        assert y._device == "gpu(0)" and y._ptr == theirs.values.ctypes.data and y.shape == (3, 2)
        assert theirs.asked[-1] == {"stream": want, "max_version": (1, 0), "dl_device": None, "copy": None}
        y[0] = 7.0
        assert theirs.values[0].tolist() == [7.0, 7.0], "CuPy's memory may be written"
    dnp.from_dlpack(theirs, copy=False)
    assert theirs.asked[-1]["copy"] is False
    del y
    assert theirs.deleted == 3
ours.ptr = 0

# -- as PyTorch asks and answers on CUDA
from capsules import TorchTensor, take_as_torch
for stream in (0, 77):
    told.clear()
    values, address, flags = take_as_torch(x, stream=stream)
    assert address == x._ptr and flags == 0 and values.tolist() == x.tolist()
    assert told == ([("record", 0), ("wait", 77, ("event", 0))] if stream else []), told
assert take_as_torch(x, copy=True)[2] == 2
theirs = TorchTensor(np.arange(6.0).reshape(2, 3).T, kind=2)
for ptr, want in ((0, 1), (55, 55)):
    ours.ptr = ptr
    y = dnp.from_dlpack(theirs)
    assert y._device == "gpu(0)" and y._ptr == theirs.values.ctypes.data and y.shape == (3, 2)
    assert theirs.asked[-1] == {"stream": want, "max_version": (1, 0), "dl_device": None, "copy": None}
ours.ptr = 0
with pytest.raises(BufferError, match="require gradient"):
    dnp.from_dlpack(TorchTensor(np.ones(2), requires_grad=True, kind=2))

# -- memory that nobody says whether it may be written stays as it is
class Old:
    def __dlpack_device__(self): return (2, 0)
    def __dlpack__(self, *, stream): return x.__dlpack__(stream=-1)  # before DLPack 1: takes no version
z = dnp.from_dlpack(Old())
assert z._ptr == x._ptr
with pytest.raises(ValueError, match="read-only"):
    z[0] = 1.0

# -- NumPy and Python cannot look at its memory: a copy, or an error
assert np.array(x).tolist() == np.asarray(x).tolist() == x.tolist()
for call, kind in ((lambda: memoryview(x), BufferError), (lambda: x.__array__(copy=False), ValueError)):
    with pytest.raises(kind, match="CPU|copy=False"):
        call()
with pytest.raises(TypeError, match=r"numpy.fabs is not available for NDArray on gpu\(0\)"):
    np.fabs(x)
import copy, pickle
back = pickle.loads(pickle.dumps(x))
assert back._device == "gpu(0)" and back.tolist() == x.tolist() and copy.deepcopy(x)._device == "gpu(0)"
assert repr(x).endswith("device=gpu(0))") and "gpu(0)" in x._repr_html_()
big = dnp.ones((300, 40), device="gpu(0)")
assert "<img" in big._repr_html_() and repr(big).endswith("shape=(300, 40), device=gpu(0))")

# -- anomaly mode and recomputation work there too
from dlcore import autograd
with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match="log of .* made NaN in 1 of 2"):
    dnp.log(dnp.array([1.0, -1.0], device="gpu(0)"))
x.attach_grad()
with autograd.record():
    autograd.checkpoint(lambda v: v * v * v)(x).sum().backward()
np.testing.assert_allclose(x.grad.asnumpy(), 3 * x.asnumpy() ** 2)
print("all of it")
"""


def test_on_a_pretended_gpu() -> None:
    folder = Path(__file__).resolve().parents[1] / "cuda"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(folder.parent)], capture_output=True, text=True, timeout=200
    )
    assert done.stdout.strip() == "all of it", done.stdout + done.stderr
