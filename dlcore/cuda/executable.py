"""A compiled graph on a GPU: the same flat list of instructions as the CPU's, over one arena in device memory.

A run queues one kernel after another on CuPy's current stream, until `capture` has made a graph of them; nothing is
waited for. Random offsets, learning rates and other knobs are read from memory, as on the CPU.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.graph._ir import EACH
from dlcore.ops._record import RECORDS

from . import host, on_host, rows, tile
from ._arrays import GPU
from ._backend import backend
from .capture import Capture
from .control import Control


class Executable:
    """Like `_core.Executable`, with the same first arguments; `tiles[i]` is the tile program of a fused instruction."""

    def __init__(
        self,
        values: Sequence[tuple],
        instrs: Sequence[tuple],
        n_inputs: int,
        n_outputs: int,
        arena_bytes: int,
        consts: Sequence[Any],
        rng_blocks: int = 0,
        *,
        tiles: dict[int, Any],
        device: str,
    ) -> None:
        self._values, self._instrs, self._tiles = list(values), list(instrs), tiles
        self._n_inputs, self.device = n_inputs, device
        self._backend = backend()
        self._names = _core.op_names()
        self._arena = _core.empty((max(arena_bytes, 1),), "uint8", device)
        self._consts = [self._moved(c) for c in consts]
        self._rng_blocks = rng_blocks
        self._outputs = [-1] * n_outputs
        for number, (_, _, _, kind, where, _) in enumerate(values):
            if kind == "output" and self._outputs[where] < 0:
                self._outputs[where] = number
        self.cupy, self.index = self._backend.cupy, int(device[4:-1])
        #: Numbers of the inputs that instructions write.
        self.written = {values[n][4] for _, _, out_ids, _, _ in instrs for n in out_ids if values[n][3] == "input"}
        self._lock = threading.Lock()  # of the arena
        self._fixed = {
            n: self._view(n, self._buffer(n)) for n, v in enumerate(self._values) if v[3] in ("arena", "const")
        }
        self._capture = Capture(self.waits_for_host())

    def _moved(self, array: Any) -> Any:
        target = _core.empty(array.shape, array.dtype, self.device)
        _core.assign(target, array)
        return target

    def _buffer(self, number: int) -> Any:
        kind, where = self._values[number][3:5]
        return self._arena if kind == "arena" else self._consts[where]

    def _view(self, number: int, buffer: Any) -> Any:
        dtype, shape, strides, _, _, offset = self._values[number]
        return _core._from_pointer(buffer._ptr + offset, shape, strides, dtype, GPU, self.index, buffer)

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Queue one run; returns the output arrays. State among the inputs is written in place."""
        if len(inputs) != self._n_inputs:
            raise TypeError(f"compiled graph: takes {self._n_inputs} arrays, got {len(inputs)}")
        seed, counter = _core.rng_state()
        if self._rng_blocks:
            _core.set_rng_state((seed, counter + self._rng_blocks))
        with self._lock, self.cupy.cuda.Device(self.index):
            return self._capture.run(self, inputs, seed, counter)

    def run_once(self, inputs: Sequence[Any], seed: int, counter: int) -> list[Any]:
        """The outputs, kernel by kernel; arrays on the host are brought over, and back where the program wrote them."""
        given = [a if a._device == self.device else self._moved(a) for a in inputs]
        outputs = self.run_inside(given, seed, counter)
        for i in self.written:
            if given[i] is not inputs[i]:  # a knob kept on the CPU that the graph may have changed
                _core.assign(inputs[i], given[i])
        return outputs

    def run_inside(self, given: Sequence[Any], seed: int, counter: int, where: str = "") -> list[Any]:
        """The outputs for arrays of this device, with random numbers from block `counter` on.

        where   what its instructions are called in errors, for a program inside another ("body ")
        """
        outputs = self.new_outputs()
        views = self.views(given, outputs)
        with self.cupy.cuda.Device(self.index):
            for i in range(len(self)):
                try:
                    self.step(i, views, seed, counter)
                except (IndexError, ValueError, TypeError) as error:  # the graph knows the layer and the line
                    raise type(error)(f"{error} [{where}instruction {i}]") from error
        return outputs

    def new_outputs(self) -> list[Any]:
        """Arrays for the results of a run."""
        layouts = (self._values[number][:3] for number in self._outputs)
        return [_empty_strided(shape, strides, dtype, self.device) for dtype, shape, strides in layouts]

    def views(self, given: Sequence[Any], outputs: Sequence[Any]) -> dict[int, Any]:
        """Every value of a run over these arrays."""
        views = dict(self._fixed)
        for number, (_, _, _, kind, where, _) in enumerate(self._values):
            if kind == "input":
                views[number] = self._view(number, given[where])
            elif kind == "output":
                views[number] = self._view(number, outputs[where])
        return views

    def profile(self, inputs: Sequence[Any]) -> list[float]:
        """One run; the seconds that the device took for each instruction."""
        given = [a if a._device == self.device else self._moved(a) for a in inputs]
        views, (seed, counter) = self.views(given, self.new_outputs()), _core.rng_state()
        with self._lock, self.cupy.cuda.Device(self.index):
            stream = self.cupy.cuda.get_current_stream()
            events = [stream.record()]
            for i in range(len(self)):
                self.step(i, views, seed, counter)
                events.append(stream.record())
            self._backend.synchronize()
        elapsed = self.cupy.cuda.get_elapsed_time  # in milliseconds
        return [elapsed(begin, end) / 1e3 for begin, end in zip(events, events[1:], strict=False)]

    @property
    def capture_note(self) -> str:
        """Whether runs replay a CUDA graph, and why not."""
        return self._capture.note

    def name(self, i: int) -> str:
        """What an instruction computes, in short."""
        op = self._instrs[i][0]
        return (op[0] if isinstance(op, tuple) else self._names[op]).lstrip("_")

    def waits_for_host(self) -> str:
        """Why no run can be captured, as far as that is known without trying."""
        for i, (op, *_) in enumerate(self._instrs):
            if isinstance(op, tuple):
                if isinstance(op[1], Control):
                    return "the host decides about a branch or a loop"
            elif RECORDS[self._names[op]].kernel in (*host.STEMS, *on_host.STEMS):
                return f"{self.name(i)} is computed on the host"
        return ""

    @property
    def rng_blocks(self) -> int:
        """How many random blocks a run may use."""
        return self._rng_blocks

    def fitted(self, number: int, array: Any) -> Any:
        """`array` with the strides in which this program reads its input of that number."""
        for _, shape, strides, kind, where, offset in self._values:
            if kind == "input" and where == number and offset == 0 and tuple(shape) == array.shape:
                if any(s > 1 and a != b for s, a, b in zip(shape, array._strides, strides, strict=True)):
                    packed = _empty_strided(shape, strides, array._dtype_name, self.device)
                    _core.assign(packed, array)
                    return packed
                break
        return array

    @property
    def backend(self) -> Any:
        """What runs single operators."""
        return self._backend

    def step(self, i: int, views: dict[int, Any], seed: int, counter: Any) -> None:
        """Queue one instruction; `counter` is a number, or in a run that is captured one on the device."""
        op, in_ids, out_ids, attrs, rng = self._instrs[i]
        first = counter + rng if isinstance(counter, int) else counter + np.uint64(rng)
        ins = [None if n < 0 else views[n] for n in in_ids]
        outs = [views[n] for n in out_ids]
        if isinstance(op, tuple) and isinstance(op[1], Control):
            op[1].run(ins, outs, seed, first)
            return
        if isinstance(op, tuple) and op[0] == "fused_rows":
            rows.launch(self._tiles[i], op[2], op[3], ins, outs)
            return
        if isinstance(op, tuple):
            run = tile.launch_each if op[0] == EACH else tile.launch
            run(self._tiles[i], op[2], ins, outs)
            return
        name = self._names[op]
        record = RECORDS[name]
        if record.tile is not None:
            self._backend.invoke(name, ins, outs, tuple(attrs), seed, first)
        else:
            named = dict(zip((a.name for a in record.attrs), attrs, strict=True))
            self._backend.run(record.kernel, name, ins, outs, named, seed, first)

    def __len__(self) -> int:
        return len(self._instrs)


def _empty_strided(shape: tuple, strides: tuple, dtype: Any, device: str) -> Any:
    """A fresh array with these (dense) strides."""
    flat = _core.empty(shape, dtype, device)
    return _core._from_pointer(flat._ptr, shape, strides, dtype, GPU, int(device[4:-1]), flat)
