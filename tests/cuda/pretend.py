"""A pretended GPU for machines without one: device memory is host memory that only the GPU room's code may touch.

`install()` puts a stand-in for CuPy (NumPy with the few calls of CuPy that the room makes) where `import cupy` finds
it, lets rendered kernels run through the reference interpreter, and those of attention through the emulator.
Everything else is the product's own: the device table, copies, placement, the kernels' arithmetic, compiled graphs. Run
as a program it does what benchmarks/gpu_check.py does.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pretend_capture
from pretend_capture import Array, Blas, queued


class Device:
    """cupy.cuda.Device."""

    compute_capability = "90"

    def __init__(self, index: int = 0) -> None:
        self.id = index

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


def at(address: int, shape: tuple[int, ...], dtype: str, strides: tuple[int, ...]) -> Array:
    """An array over memory at an address."""
    span = sum((n - 1) * max(s, 0) for n, s in zip(shape, strides, strict=True)) + np.dtype(dtype).itemsize
    below = sum((n - 1) * min(s, 0) for n, s in zip(shape, strides, strict=True))
    if 0 in shape:
        return np.empty(shape, dtype).view(Array)
    raw = (ctypes.c_char * (span - below)).from_address(address + below)
    return np.ndarray(shape, dtype, raw, -below, strides).view(Array)


def _numpy(name: str) -> Any:
    """What NumPy has under this name; its functions return this device's arrays."""
    found = getattr(np, name)
    if isinstance(found, (type, np.ufunc)) or not callable(found):
        return found  # a ufunc keeps the class of its arguments

    def call(*args: Any, **named: Any) -> Any:
        if pretend_capture.here.capturing is not None:
            return pretend_capture.create(name, found, args, named)
        result = found(*args, **named)
        return result.view(Array) if isinstance(result, np.ndarray) else result

    return call


def module() -> ModuleType:
    """The stand-in for cupy."""
    fake = ModuleType("cupy")
    fake.__getattr__ = _numpy  # type: ignore[method-assign]
    fake.__version__ = "pretended"
    fake.is_available = lambda: True  # type: ignore[attr-defined]
    fake.cuda = SimpleNamespace(  # type: ignore[attr-defined]
        Device=Device,
        MemoryPool=pretend_capture.MemoryPool,
        Stream=pretend_capture.Stream,
        alloc=pretend_capture.alloc,
        get_current_stream=lambda: pretend_capture.here.stream,
        get_elapsed_time=pretend_capture.get_elapsed_time,
        using_allocator=pretend_capture.using_allocator,
        runtime=SimpleNamespace(
            getDeviceCount=lambda: 1,
            getDeviceProperties=lambda index: {"name": b"pretended GPU"},
            runtimeGetVersion=lambda: 0,
        ),
    )
    return fake


def view(array: Any) -> np.ndarray:
    """A core array of the device as a NumPy array of its dtype."""
    import ml_dtypes

    name = array._dtype_name
    raw = at(array._ptr, array.shape, "uint16" if name == "bfloat16" else name, array.strides)
    return raw.view(ml_dtypes.bfloat16) if name == "bfloat16" else raw


def launch(tile: Any, register: str, ins: list[Any], outs: list[Any]) -> None:
    """A rendered kernel, by way of the interpreter."""
    from dlcore.graph.interpreter import run_tile

    shape = outs[0].shape
    with np.errstate(all="ignore"):
        given = [np.broadcast_to(np.array(view(a)), shape).astype(register) for a in ins]
        for out, value in zip(outs, run_tile(tile, register, given, shape), strict=True):
            view(out)[...] = value != 0 if out._dtype_name == "bool" else value


def launch_rows(tile: Any, register: str, trailing: int, ins: list[Any], outs: list[Any]) -> None:
    """A row group, by way of the interpreter."""
    from dlcore.graph._rows import of_columns
    from dlcore.graph.interpreter import rows_output, run_tile

    with np.errstate(all="ignore"):
        whole, column = np.broadcast_shapes(*(a.shape for a in ins)), of_columns(tile)
        given = [np.broadcast_to(np.array(view(a)), whole).astype(register) for a in ins]
        for i, value in enumerate(run_tile(tile, register, given, whole, trailing)):
            out = outs[i]
            found = rows_output(value, out.shape, trailing, column[tile.outs[i]])
            view(out)[...] = found != 0 if out._dtype_name == "bool" else found


def launch_each(tile: Any, register: str, ins: list[Any], outs: list[Any]) -> None:
    """The kernel for several sets of arrays, set by set."""
    n_in, n_out = tile.n_in, len(tile.outs)
    for i in range(len(outs) // n_out):
        launch(tile, register, ins[i * n_in : (i + 1) * n_in], outs[i * n_out : (i + 1) * n_out])


def install(libraries: bool = False) -> None:
    """Make `import cupy` and the GPU room use the pretended device. For a process of its own: it cannot be undone.

    libraries   stand-ins for cuBLASLt and cuDNN too, which refuse calls that the libraries would refuse
    """
    sys.modules["cupy"] = module()
    sys.modules["cupyx"] = ModuleType("cupyx")
    sys.modules["cupyx"].empty_pinned = pretend_capture.empty_pinned  # type: ignore[attr-defined]
    if libraries:
        import standin_cudnn

        standin_cudnn.pygraph.execute = queued(standin_cudnn.pygraph.execute)  # type: ignore[method-assign]
        sys.modules["cudnn"] = standin_cudnn
    import emulate

    from dlcore.cuda import _arrays, _backend, _cublaslt, attention, rows, tile

    blas = Blas(standin_cublaslt()) if libraries else None
    _cublaslt._library = lambda: blas  # type: ignore[assignment]

    def wrap(cupy: Any, array: Any) -> Array:
        return at(
            array._ptr, array.shape, "uint16" if array._dtype_name == "bfloat16" else array._dtype_name, array.strides
        )

    _arrays.wrap = _backend.wrap = wrap  # type: ignore[assignment]
    tile.launch = queued(launch)
    rows.launch = queued(launch_rows)
    tile.launch_each = queued(launch_each)
    attention.launch = queued(emulate.launch)


def standin_cublaslt() -> ctypes.CDLL:
    """tests/cuda/standin_cublaslt.c, compiled and loaded; its file is gone when this returns."""
    source = Path(__file__).with_name("standin_cublaslt.c")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "cublaslt.so"
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(built), str(source), "-lm"], check=True)
        return ctypes.CDLL(str(built))


def count_runs() -> list[int]:
    """How often a compiled graph ran on the device, counted from now on in the list's one number."""
    from dlcore.cuda.executable import Executable

    count, run = [0], Executable.run

    def counted(self: Any, inputs: Any) -> Any:
        count[0] += 1
        return run(self, inputs)

    Executable.run = counted  # type: ignore[method-assign]
    return count


if __name__ == "__main__":
    install()
    runs = count_runs()
    try:
        runpy.run_path(str(Path(__file__).resolve().parents[2] / "benchmarks" / "gpu_check.py"), run_name="__main__")
    finally:
        print(f"{runs[0]} runs of compiled graphs on the device")
