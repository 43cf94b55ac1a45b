"""The GPU in the core's device table: memory from CuPy, one callback per operator, copies between devices."""

from __future__ import annotations

import weakref
from functools import cache
from typing import Any

from dlcore import _core
from dlcore._fault import own_fault
from dlcore.ops._record import RECORDS

from . import (  # noqa: F401 - their kernels
    attention,
    concat,
    conv,
    copy,
    host,
    index,
    matmul,
    norm,
    on_host,
    outside,
    pooling,
    random,
    random_sample,
    recurrent,
    reduce,
    resize,
    softmax,
    sparse,
    tile,
    tile_complex,
)
from ._arrays import GPU, narrowed, widened, wrap
from ._call import KERNELS, TAKES_BITS, Call
from ._recording import Guarded, Recording, current, from_host
from .absent import load_cupy


class Backend:
    """What the core calls for arrays on a GPU."""

    def __init__(self, cupy: Any) -> None:
        self.cupy = cupy
        self._expected: weakref.WeakSet[Recording] = weakref.WeakSet()  # of replays whose notes were not read yet
        _core.set_backend(GPU, self.allocate, self.invoke, self.copy)

    def num_gpus(self) -> int:
        """How many devices CuPy can use."""
        return int(self.cupy.cuda.runtime.getDeviceCount())

    def device_name(self, device: int) -> str:
        """The model of a device."""
        return str(self.cupy.cuda.runtime.getDeviceProperties(device)["name"].decode())

    def allocate(self, nbytes: int, device: int) -> tuple[int, Any]:
        """Memory from CuPy's pool: its address and its owner."""
        with self.cupy.cuda.Device(device):
            memory = self.cupy.cuda.alloc(max(nbytes, 1))
        return memory.ptr, memory

    def invoke(self, op: str, ins: list[Any], outs: list[Any], attrs: tuple, seed: int, counter: Any) -> None:
        """Run one operator on core arrays that are all on one device."""
        record = RECORDS[op]
        with self.cupy.cuda.Device(int(outs[0]._device[4:-1])):
            if record.tile is not None:
                self.elementwise(record.tile, register_of(ins, outs), ins, outs)
            else:
                named = dict(zip((a.name for a in record.attrs), attrs, strict=True))
                self.run(record.kernel, op, ins, outs, named, seed, counter)

    def elementwise(self, program: Any, register: str, ins: list[Any], outs: list[Any]) -> None:
        """Run a tile program on core arrays: rendered, or array by array where the numbers are complex."""
        if not register.startswith("complex"):
            tile.launch(program, register, ins, outs)
            return
        given = [wrap(self.cupy, a) for a in ins]
        given = [widened(self.cupy, g) if a._dtype_name == "bfloat16" else g for a, g in zip(ins, given, strict=True)]
        tile_complex.run(self.cupy, program, register, given, [wrap(self.cupy, a) for a in outs])

    def run(
        self, stem: str, op: str, ins: list[Any], outs: list[Any], attrs: dict, seed: int = 0, counter: Any = 0
    ) -> None:
        """Run the kernel `stem` on core arrays; bfloat16 is computed in float32 where a kernel does not take it."""
        cupy: Any = self.cupy if current() is None else Guarded(self.cupy)
        if stem not in KERNELS:
            raise own_fault(f"{op}: no GPU kernel is called {stem!r}")
        given = [None if a is None else wrap(cupy, a) for a in ins]
        made = [wrap(cupy, a) for a in outs]
        beside = TAKES_BITS.get(stem)
        if beside is not None and all(
            a is None or a._dtype_name == "bfloat16" or i in beside for i, a in enumerate([*ins, *outs])
        ):
            call = Call(op, cupy, given, made, attrs, seed, counter, bits=True)
            if KERNELS[stem](call):
                return self._then(call, ins, outs)
        given = [
            widened(cupy, g) if a is not None and a._dtype_name == "bfloat16" else g
            for a, g in zip(ins, given, strict=True)
        ]
        half = [a._dtype_name == "bfloat16" for a in outs]
        wide = [cupy.empty(m.shape, "float32") if h else m for m, h in zip(made, half, strict=True)]
        call = Call(op, cupy, given, wide, attrs, seed, counter)
        KERNELS[stem](call)
        for m, w, h in zip(made, wide, half, strict=True):
            if h:
                m[...] = narrowed(cupy, w)
        self._then(call, ins, outs)

    def _then(self, call: Call, ins: list[Any], outs: list[Any]) -> None:
        """The elementwise operators that a kernel leaves to be run over its first result."""
        for step, others in call.then:
            self.invoke(step, [outs[0], *(ins[i] for i in others)], outs[:1], (), call.seed, call.counter)

    def copy(self, dst: Any, src: Any) -> None:
        """dst[...] = src for arrays of one shape and dtype, one or both of them on a GPU."""
        cupy = self.cupy
        if dst._device.startswith("cpu"):
            host = dst._numpy_view()
            values = wrap(cupy, src).get()
            host[...] = values.view(host.dtype) if host.dtype != values.dtype else values
            self.look()
            return
        with cupy.cuda.Device(int(dst._device[4:-1])):
            target = wrap(cupy, dst)
            if src._device.startswith("cpu"):
                values = src._numpy_view()
                values = values.view("uint16") if target.dtype != values.dtype else values
                if values.size == 1:  # a number goes along with the kernel that writes it
                    target.fill(values.item())
                else:
                    from_host("an array")
                    target[...] = cupy.asarray(values)
            else:
                target[...] = wrap(cupy, src)

    def synchronize(self) -> None:
        """Wait until everything queued on the current device is done."""
        self.cupy.cuda.get_current_stream().synchronize()
        self.look()

    def expect(self, notes: Recording) -> None:
        """These notes are on their way."""
        self._expected.add(notes)

    def look(self) -> None:
        """Raises what a replay had to complain of, as far as it is known by now."""
        for notes in list(self._expected):
            notes.look()


def register_of(ins: list[Any], outs: list[Any]) -> str:
    """The type a tile program computes in: that of the inputs together, and of the floating outputs."""
    from dlcore.graph._types import promote

    names = [a._dtype_name for a in ins] or [a._dtype_name for a in outs]
    names += [a._dtype_name for a in outs if a._dtype_name.startswith(("float", "bfloat", "complex"))]
    common = names[0]
    for name in names[1:]:
        common = promote(common, name)
    if common in ("float64", "uint64", "complex64", "complex128"):
        return common
    if common.startswith(("float", "bfloat")):
        return "float32"
    return "int64" if common in ("int64", "uint32") else "int32"


@cache
def backend() -> Backend:
    """The backend, made and registered at the first call. Raises `GPUUnavailable` where there is no GPU."""
    return Backend(load_cupy())
