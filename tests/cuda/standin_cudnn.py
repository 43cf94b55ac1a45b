"""cuDNN's Python front end on host memory for the tests: the calls that dlcore/cuda/_cudnn.py makes, with the checks
of NVIDIA's documentation, and the convolution computed from nothing but what the graph's tensors say."""

from __future__ import annotations

import ctypes
import enum
from typing import Any

import ml_dtypes
import numpy as np

runs = {"fprop": 0, "dgrad": 0, "wgrad": 0, "half": 0}


class data_type(enum.Enum):  # noqa: N801 - the front end's name
    FLOAT = np.float32
    HALF = np.float16
    BFLOAT16 = ml_dtypes.bfloat16
    DOUBLE = np.float64


class heur_mode(enum.Enum):  # noqa: N801
    A = 0
    FALLBACK = 1


class cudnnGraphNotSupportedError(RuntimeError):  # noqa: N801, N818
    pass


class Handle:
    stream: int | None = None


def create_handle() -> Handle:
    return Handle()


def set_stream(*, handle: Handle, stream: int) -> None:
    assert handle.stream in (None, stream), "a handle is driven from two streams"
    handle.stream = stream


class Tensor:
    def __init__(self, kind: data_type, dim: list[int], stride: list[int]) -> None:
        self.kind, self.dim, self.stride, self.output = kind, dim, stride, False

    def set_output(self, on: bool) -> Tensor:
        self.output = on
        return self

    def set_dim(self, dim: list[int]) -> Tensor:
        self.dim = dim
        return self

    def set_stride(self, stride: list[int]) -> Tensor:
        self.stride = stride
        return self

    def set_data_type(self, kind: data_type) -> Tensor:
        self.kind = kind
        return self

    def over(self, address: int) -> np.ndarray:
        assert address % 16 == 0, "cuDNN reads 16 bytes at a time"
        dtype = np.dtype(self.kind.value)
        span = sum((n - 1) * s for n, s in zip(self.dim, self.stride, strict=True)) + 1
        raw = (ctypes.c_char * (span * dtype.itemsize)).from_address(address)
        flat = np.frombuffer(raw, dtype)
        return np.lib.stride_tricks.as_strided(flat, self.dim, [s * dtype.itemsize for s in self.stride])


class pygraph:  # noqa: N801
    def __init__(self, io_data_type: Any, intermediate_data_type: Any, compute_data_type: Any, handle: Handle) -> None:
        self.io, self.compute, self.handle = io_data_type, compute_data_type, handle
        self.built = False

    def tensor(self, name: str, dim: list[int], stride: list[int], data_type: data_type) -> Tensor:
        assert len(dim) == len(stride) == 4 and all(type(n) is int and n > 0 for n in (*dim, *stride)), (name, stride)
        return Tensor(data_type, dim, stride)

    def _node(self, what: str, first: Tensor, second: Tensor, padding: list, stride: list, dilation: list) -> Tensor:
        self.what, self.first, self.second = what, first, second
        self.padding, self.stride, self.dilation = padding, stride, dilation
        self.y = Tensor(self.io, [], [])
        return self.y

    def conv_fprop(self, *, image: Tensor, weight: Tensor, **options: Any) -> Tensor:
        return self._node("fprop", image, weight, **options)

    def conv_dgrad(self, *, loss: Tensor, filter: Tensor, **options: Any) -> Tensor:
        return self._node("dgrad", loss, filter, **options)

    def conv_wgrad(self, *, loss: Tensor, image: Tensor, **options: Any) -> Tensor:
        return self._node("wgrad", loss, image, **options)

    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """Image, weight and result of the convolution that this node belongs to."""
        return {
            "fprop": (self.first, self.second, self.y),
            "dgrad": (self.y, self.second, self.first),
            "wgrad": (self.second, self.y, self.first),
        }[self.what]

    def build(self, modes: list[heur_mode]) -> None:
        x, w, y = self.parts()
        assert self.y.output and modes and self.handle.stream is not None
        assert x.kind is w.kind is y.kind, "engines take one type"
        wide = data_type.DOUBLE if x.kind is data_type.DOUBLE else data_type.FLOAT
        assert self.compute is wide, "sums are kept in FLOAT, or DOUBLE for DOUBLE"
        assert x.dim[0] == y.dim[0] and w.dim[0] == y.dim[1] and x.dim[1] % w.dim[1] == 0, (x.dim, w.dim, y.dim)
        for i in range(2):
            reach = (w.dim[2 + i] - 1) * self.dilation[i] + 1
            places = (x.dim[2 + i] + 2 * self.padding[i] - reach) // self.stride[i] + 1
            assert places == y.dim[2 + i], f"{places} places on axis {2 + i}, the tensor has {y.dim[2 + i]}"
        if max(self.dilation) > 2:
            raise cudnnGraphNotSupportedError("a call that no engine takes, so that the caller's own path is tried")
        self.built = True

    def get_workspace_size(self) -> int:
        return 0

    def execute(self, pointers: dict[Tensor, int], workspace: int, handle: Handle) -> None:
        assert all(type(p) is int for p in (*pointers.values(), workspace)), "anything else is asked for its DLPack"
        assert self.built and set(pointers) == {self.first, self.second, self.y} and workspace and handle is self.handle
        runs[self.what] += 1
        runs["half"] += self.y.kind is data_type.BFLOAT16
        arrays = {t: t.over(p) for t, p in pointers.items()}
        x, w, y = (arrays[t] for t in self.parts())
        result = arrays[self.y]
        total = np.zeros(result.shape, np.float64)
        groups = x.shape[1] // w.shape[1]
        per = w.shape[0] // groups
        ph, pw = self.padding
        padded = np.zeros((*x.shape[:2], x.shape[2] + 2 * ph, x.shape[3] + 2 * pw))
        inside = (..., slice(ph, ph + x.shape[2]), slice(pw, pw + x.shape[3]))
        if self.what != "dgrad":
            padded[inside] = x
        spread = np.zeros_like(padded)
        for g in range(groups):
            cs, os = slice(g * w.shape[1], (g + 1) * w.shape[1]), slice(g * per, (g + 1) * per)
            for i in range(w.shape[2]):
                for j in range(w.shape[3]):
                    top, left = i * self.dilation[0], j * self.dilation[1]
                    rows = slice(top, top + (y.shape[2] - 1) * self.stride[0] + 1, self.stride[0])
                    cols = slice(left, left + (y.shape[3] - 1) * self.stride[1] + 1, self.stride[1])
                    window = padded[:, cs, rows, cols]
                    if self.what == "fprop":
                        total[:, os] += np.einsum("ncij,oc->noij", window, w[os, :, i, j].astype(float))
                    elif self.what == "dgrad":
                        back = np.einsum("noij,oc->ncij", y[:, os].astype(float), w[os, :, i, j].astype(float))
                        spread[:, cs, rows, cols] += back
                    else:
                        total[os, :, i, j] = np.einsum("ncij,noij->oc", window, y[:, os].astype(float))
        result[...] = spread[inside] if self.what == "dgrad" else total
