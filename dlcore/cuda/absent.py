"""What is said where a GPU is asked for and cannot be had: one sentence that names what is missing."""

from __future__ import annotations

from typing import Any


class GPUUnavailable(RuntimeError):
    """A GPU was asked for and there is none to use."""


def load_cupy() -> Any:
    """CuPy with at least one usable device. Raises `GPUUnavailable` saying which of the two is missing."""
    try:
        import cupy
    except ImportError:
        raise GPUUnavailable(
            "gpu: CuPy is not installed, so no GPU can be used; pip install 'dlcore[gpu]', or use cpu()"
        ) from None
    if not cupy.is_available():
        raise GPUUnavailable("gpu: no NVIDIA GPU or driver was found on this machine; use cpu()")
    return cupy
