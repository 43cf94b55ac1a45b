"""The GPU room's own kernels without a GPU: their CUDA C, compiled by a C++ compiler through the shim and run here."""

from __future__ import annotations

import ctypes
import functools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graph.cuda_tools import build_for_cpu  # noqa: E402

from dlcore.graph.cuda_render import CudaKernel  # noqa: E402

_folder = tempfile.TemporaryDirectory()


@functools.cache
def _built(kernel: CudaKernel) -> Any:
    return getattr(build_for_cpu([kernel], Path(_folder.name)), f"run_{kernel.name}")


def launch(kernel: CudaKernel, blocks: int, arguments: Sequence[np.ndarray], most: int = 3) -> None:
    """In the place of a launch on a device; a few blocks do the work of all."""
    pointers = (ctypes.c_void_p * len(arguments))(*[a.ctypes.data for a in arguments])
    _built(kernel)(pointers, min(blocks, most), kernel.block)
