"""Rendered kernels in tests: NVRTC compiles them for sm_90 (no GPU needed), g++ and a shim run them on the CPU."""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np

from dlcore.graph._cuda_prelude import PRELUDE
from dlcore.graph.cuda_render import CudaKernel

SHIM = Path(__file__).parent / "cuda_shim"


@functools.cache
def nvrtc() -> ctypes.CDLL:
    """NVIDIA's run-time compiler from its Python wheel."""
    spec = importlib.util.find_spec("nvidia")
    assert spec is not None and spec.submodule_search_locations, "the test extra brings nvidia-cuda-nvrtc"
    for folder in spec.submodule_search_locations:
        for path in sorted(Path(folder).rglob("libnvrtc.so*")):
            for builtins in path.parent.glob("libnvrtc-builtins.so*"):
                ctypes.CDLL(str(builtins), ctypes.RTLD_GLOBAL)  # which the compiler then finds by its name
            return ctypes.CDLL(str(path))
    raise AssertionError("libnvrtc was not found in the nvidia packages")


def compile_for_hopper(kernel: CudaKernel) -> bytes:
    """The machine code of a kernel for sm_90; AssertionError with the compiler's log when it does not compile."""
    library, program = nvrtc(), ctypes.c_void_p()
    source = ctypes.c_char_p(kernel.source.encode())
    assert library.nvrtcCreateProgram(ctypes.byref(program), source, kernel.name.encode(), 0, None, None) == 0
    options = [b"-arch=sm_90", b"--std=c++17"]
    failed = library.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    assert not failed, f"{kernel.name}: {log.value.decode()}\n{kernel.body}"
    library.nvrtcGetCUBINSize(program, ctypes.byref(size))
    code = ctypes.create_string_buffer(size.value)
    library.nvrtcGetCUBIN(program, code)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return code.raw


def build_for_cpu(kernels: list[CudaKernel], folder: Path) -> ctypes.CDLL:
    """One shared library with `run_<name>(pointers, grid, block)` for each kernel."""
    compiler = shutil.which("g++") or shutil.which("c++")
    assert compiler, "running rendered kernels on the CPU takes a C++ compiler"
    parts = []
    for kernel in kernels:
        signature = kernel.body.split("(", 1)[1].split(")", 1)[0]
        types = [p.rsplit(" ", 1)[0] for p in signature.split(", ")]
        call = ", ".join(f"({t})p[{i}]" for i, t in enumerate(types))
        parts.append(
            f"{kernel.body}\n"
            f'extern "C" void run_{kernel.name}(void** p, unsigned grid, unsigned block) {{\n'
            f"  emulate(grid, block, [&] {{ {kernel.name}({call}); }});\n}}\n"
        )
    number = len(list(folder.glob("*.so")))  # a library that is loaded already would be found again under its old name
    source, library = folder / f"kernels{number}.cpp", folder / f"kernels{number}.so"
    source.write_text('#include "cuda_shim.h"\n' + PRELUDE + "\n".join(parts))
    command = [compiler, "-std=c++17", "-O1", "-ffp-contract=off", "-w", "-shared", "-fPIC", f"-I{SHIM}"]
    done = subprocess.run([*command, str(source), "-o", str(library)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


def run_on_cpu(
    library: ctypes.CDLL, kernel: CudaKernel, arrays: list[np.ndarray], grid: int = 0, block: int = 32
) -> None:
    """Runs a kernel over arrays whose memory it reads and writes; a small grid makes every thread stride."""
    pointers = (ctypes.c_void_p * len(arrays))(*[a.ctypes.data for a in arrays])
    getattr(library, f"run_{kernel.name}")(pointers, grid or min(kernel.grid, 3), block)
