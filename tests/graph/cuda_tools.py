"""Rendered kernels in tests: NVRTC compiles them for sm_90 (no GPU needed), g++ and a shim run them on the CPU.

Kernels whose threads meet run on contexts that are switched where they wait, and under ThreadSanitizer on threads.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
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
    number = len(list(folder.glob("*.so")))  # a library that is loaded already would be found again under its old name
    source, library = folder / f"kernels{number}.cpp", folder / f"kernels{number}.so"
    source.write_text(_text(kernels, "cuda_fibers.h"))
    _compile(source, library, "-shared", "-fPIC")
    return ctypes.CDLL(str(library))


def find_races(kernels: list[CudaKernel], sizes: Sequence[Sequence[int | bytes]], folder: Path) -> str:
    """Runs each kernel under ThreadSanitizer over made-up arrays of so many bytes, or over the bytes themselves.

    What it reports, if anything.
    """
    source, program = folder / "races.cpp", folder / "races"
    calls = []
    for kernel, of_kernel in zip(kernels, sizes, strict=True):
        made = [_memory(f"m{i}", content) for i, content in enumerate(of_kernel)]
        calls += [
            "  {",
            *(f"    {line}" for line, _ in made),
            f"    void* p[] = {{{', '.join(at for _, at in made)}}};",
        ]
        calls += [f"    run_{kernel.name}(p, {min(kernel.grid, 2)}, {kernel.block});", "  }"]
    source.write_text(f"{_text(kernels, 'cuda_threads.h')}\nint main() {{\n{chr(10).join(calls)}\n}}\n")
    _compile(source, program, "-fsanitize=thread", "-g")
    # It has a sanitizer of its own: none of a lane's is laid under it or told what to do.
    own = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD" and name != "TSAN_OPTIONS"}
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=300, env=own)
    assert done.returncode in (0, 66), done.stderr  # 66: the sanitizer's own, when it has found something
    return done.stderr if done.returncode else ""


def _memory(name: str, content: int | bytes) -> tuple[str, str]:
    """An array in C++ and its address; what is made up starts at a multiple of 64."""
    if isinstance(content, int):
        address = f"(void*)(((size_t){name}.data() + 63) / 64 * 64)"
        return f"std::vector<char> {name}({content + 64}, 1);", address
    return f"static long long {name}[] = {{{', '.join(map(str, np.frombuffer(content, np.int64)))}}};", name


def _text(kernels: list[CudaKernel], meeting: str) -> str:
    """The text of kernels for a C++ compiler, with the header `meeting` where their threads meet."""
    parts = []
    for kernel in kernels:
        signature = kernel.body.split(f" {kernel.name}(", 1)[1].split(")", 1)[0]
        types = [p.rsplit(" ", 1)[0] for p in signature.split(", ")]
        call = ", ".join(f"({t})p[{i}]" if t.endswith("*") else f"*({t}*)p[{i}]" for i, t in enumerate(types))
        parts.append(
            f"{kernel.body}\n"
            f'extern "C" void run_{kernel.name}(void** p, unsigned grid, unsigned block) {{\n'
            f"  emulate(grid, block, [=] {{ {kernel.name}({call}); }});\n}}\n"
        )
    header = meeting if any("_sync" in kernel.body for kernel in kernels) else "cuda_shim.h"
    return f'#include "{header}"\n' + PRELUDE + "\n".join(parts)


def _compile(source: Path, target: Path, *flags: str) -> None:
    compiler = shutil.which("g++") or shutil.which("c++")
    assert compiler, "running rendered kernels on the CPU takes a C++ compiler"
    command = [compiler, "-std=c++17", "-O1", "-ffp-contract=off", "-w", "-pthread", f"-I{SHIM}", *flags]
    done = subprocess.run([*command, str(source), "-o", str(target)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run_on_cpu(
    library: ctypes.CDLL, kernel: CudaKernel, arrays: list[np.ndarray], grid: int = 0, block: int = 32
) -> None:
    """Runs a kernel over arrays whose memory it reads and writes; a small grid makes every thread stride."""
    pointers = (ctypes.c_void_p * len(arrays))(*[a.ctypes.data for a in arrays])
    getattr(library, f"run_{kernel.name}")(pointers, grid or min(kernel.grid, 3), block)
