"""A compiled program as a CUDA graph: captured once after it has run twice, then replayed by one launch.

A graph reads and writes the addresses that it was captured with. Arrays that come at the same address every time, as
states do, are bound; others are copied into a buffer before each replay, results out of one behind it. Random offsets
and other knobs lie in device memory too, so that a replay sees them as they are.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dlcore import _core

from ._arrays import GPU
from ._recording import Recording, recording

if TYPE_CHECKING:
    from .executable import Executable

SWITCH = "DLCORE_CUDA_GRAPH"
PATIENCE = 8  # captures of a program before it is left alone
KERNEL_BYTES = 4 << 20  # 8 us, of which Python takes the most, at 500 GB/s


class Capture:
    """One program's way to a graph: a run as it comes, a run over fixed addresses, the capture, replays."""

    def __init__(self, why: str) -> None:
        """`why`: what is known to be in the way, or nothing."""
        self._why = f"{SWITCH}=0" if os.environ.get(SWITCH) == "0" else why
        self._pointers: list[int] | None = None  # of the arrays of the last run
        self._copied: set[int] = set()  # inputs that come at another address from run to run
        self._fixed: _Fixed | None = None
        self._made = 0

    @property
    def note(self) -> str:
        """Whether runs are replays, and why not."""
        if self._why:
            return f"not captured: {self._why}"
        return "captured" if self._fixed is not None and self._fixed.graph is not None else "captured at the third run"

    def run(self, program: Executable, inputs: Sequence[Any], seed: int, counter: int) -> list[Any]:
        """The outputs of a run over these arrays, some of which may be on the host."""
        stream = program.cupy.cuda.get_current_stream()
        if self._why or (stream.ptr not in (0, 1) and stream.is_capturing()):  # as part of somebody else's graph
            return program.run_once(inputs, seed, counter)
        before, self._pointers = self._pointers, [a._ptr if a._device == program.device else 0 for a in inputs]
        if before is None:
            return program.run_once(inputs, seed, counter)
        pairs = enumerate(zip(before, self._pointers, strict=True))
        self._copied |= {i for i, (old, new) in pairs if old != new or not new}
        fixed = self._fixed
        if fixed is None or not fixed.fits(inputs, self._copied, seed, stream):
            self._fixed = None
            self._why = self._better_without(program, inputs)
            if self._why:
                return program.run_once(inputs, seed, counter)
            self._made += 1
            self._fixed = fixed = _Fixed(program, inputs, frozenset(self._copied), seed, stream)
            return fixed.first(program, inputs, counter)
        if fixed.graph is None:
            self._why = fixed.capture(program)
            if self._why:
                self._fixed = None
                return program.run_once(inputs, seed, counter)
        return fixed.replay(program, inputs, counter)

    def _better_without(self, program: Executable, inputs: Sequence[Any]) -> str:
        """Why kernel by kernel is the better way to run; nothing where it is not."""
        if self._made == PATIENCE:
            return "its arrays, its stream or the seed change too often"
        moving = [inputs[i] for i in self._copied if inputs[i].size > 1] + program.new_outputs()
        nbytes, kernels = sum(a.nbytes for a in moving), len(program)
        if pays(kernels, len(moving), nbytes):
            return ""
        return (
            f"copying {len(moving)} arrays of {nbytes} bytes to and fro takes longer than launching {kernels} kernels"
        )


def pays(kernels: int, copies: int, nbytes: int) -> bool:
    """Whether launches saved outweigh copies made: a launch takes about as long as a copy of so many bytes."""
    return nbytes <= (kernels - copies) * KERNEL_BYTES


class _Fixed:
    """A program over arrays whose addresses stay, and the graph once there is one."""

    def __init__(
        self, program: Executable, given: Sequence[Any], copied: frozenset[int], seed: int, stream: Any
    ) -> None:
        self._cuda, self._copied, self._seed, self._stream = program.cupy.cuda, copied, seed, stream
        self._pool = self._cuda.MemoryPool()
        self._side = _side(program.index, stream.ptr)
        self.graph: Any = None
        with self._cuda.using_allocator(self._pool.malloc):
            self._recording = Recording(program.cupy)
            self._counter = program.cupy.zeros((), "uint64")
            self._inputs = [_twin(a, program.device) if i in copied else a for i, a in enumerate(given)]
            self._outputs = program.new_outputs()
        self._views = program.views(self._inputs, self._outputs)
        self._numbers: dict[int, str] = {}  # of inputs on the host, as they were sent last

    def fits(self, given: Sequence[Any], copied: set[int], seed: int, stream: Any) -> bool:
        """Whether a run over these arrays is one over the same addresses."""
        bound = (a._ptr == b._ptr for i, (a, b) in enumerate(zip(given, self._inputs, strict=True)) if i not in copied)
        return copied == self._copied and seed == self._seed and stream.ptr == self._stream.ptr and all(bound)

    def first(self, program: Executable, given: Sequence[Any], counter: int) -> list[Any]:
        """A run on the stream that will be captured, so that everything is compiled and memory is at hand then."""
        self._load(program, given, counter)
        side = self._side
        with side.lock:
            side.stream.wait_event(self._stream.record())
            try:
                with side.stream, self._cuda.using_allocator(self._pool.malloc), recording(self._recording):
                    for i in range(len(program)):
                        program.step(i, self._views, self._seed, self._counter)
            finally:
                self._stream.wait_event(side.stream.record())
        outputs = self._results(program, given)
        program.backend.synchronize()  # which raises what the run had to complain of
        return outputs

    def capture(self, program: Executable) -> str:
        """Make the graph; says why where it cannot be."""
        at, why, stream = 0, "", self._side.stream
        with self._side.lock, stream, self._cuda.using_allocator(self._pool.malloc), recording(self._recording, True):
            try:
                stream.begin_capture()
            except Exception as error:
                return _first_line(error)
            try:
                for at in range(len(program)):
                    program.step(at, self._views, self._seed, self._counter)
            except Exception as error:
                why = f"{program.name(at)}: {_first_line(error)}"
            finally:
                try:
                    graph = stream.end_capture()
                except Exception as error:
                    why = why or _first_line(error)
        if not why:
            self.graph = graph
        return why

    def replay(self, program: Executable, given: Sequence[Any], counter: int) -> list[Any]:
        """The outputs of a run by the graph."""
        self._recording.look()
        self._load(program, given, counter)
        self.graph.launch(self._stream)
        return self._results(program, given)

    def _load(self, program: Executable, given: Sequence[Any], counter: int) -> None:
        """Queue what a run reads: arrays from elsewhere, the random offset."""
        for i in self._copied:
            if given[i].size == 1 and given[i]._device.startswith("cpu") and i not in program.written:
                number = repr(given[i].item())  # which tells -0 from 0, too
                if self._numbers.get(i) == number:
                    continue
                self._numbers[i] = number
            _core.assign(self._inputs[i], given[i])
        if program.rng_blocks:
            self._counter.fill(counter % 2**64)

    def _results(self, program: Executable, given: Sequence[Any]) -> list[Any]:
        """Copies of the outputs, behind the run; what is written of copied arrays goes back to them."""
        outputs = program.new_outputs()
        for output, found in zip(outputs, self._outputs, strict=True):
            _core.assign(output, found)
        for i in self._copied & program.written:
            _core.assign(given[i], self._inputs[i])
        if self._recording.fetch():
            program.backend.expect(self._recording)
        return outputs


class _Side(NamedTuple):
    """A stream to capture on, which one thread may use at a time: what another queues would be captured too."""

    stream: Any
    lock: Any


@cache
def _side(device: int, stream: int) -> _Side:
    """Where programs of another stream are captured; what is kept for it serves that one's graphs only."""
    import cupy

    return _Side(cupy.cuda.Stream(non_blocking=True), threading.Lock())


def _twin(array: Any, device: str) -> Any:
    """An array of the same layout in memory of its own, on a device."""
    below, above = (
        sum((n - 1) * s for n, s in zip(array.shape, array._strides, strict=True) if n and (s < 0) == negative)
        for negative in (True, False)
    )
    flat = _core.empty((above - below + 1,), array._dtype_name, device)
    start = flat._ptr - below * array.dtype.itemsize
    index = int(device[4:-1])
    return _core._from_pointer(start, array.shape, array._strides, array._dtype_name, GPU, index, flat)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
