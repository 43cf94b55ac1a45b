"""Branches and loops of a compiled graph on a GPU: the host reads the number that decides, and queues what it chose.

A loop without a condition never waits for the device; a branch and a condition wait for one number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore import _core

from ._arrays import GPU


class Control:
    """What the instruction of a branch or a loop runs; the arguments are those of `_core.Control`."""

    def __init__(
        self,
        bodies: Sequence[Any],
        loop: bool,
        counted: bool = False,
        reverse: bool = False,
        carried: int = 0,
        scanned: int = 0,
        length: int = 0,
    ) -> None:
        self._bodies, self._loop, self._counted, self._reverse = list(bodies), loop, counted, reverse
        self._carried, self._scanned, self._length = carried, scanned, length

    def run(self, ins: list[Any], outs: list[Any], seed: int, counter: int) -> None:
        """Fill `outs` from `ins`, arrays of the device; `counter` is the first random block."""
        if not self._loop:
            which = 0 if bool(ins[0].asnumpy()) else 1
            found = _called(self._bodies, which, ins[1:], seed, counter)
        else:
            found = self._steps(ins, outs, seed, counter)
        for out, result in zip(outs, found, strict=False):
            _core.assign(out, result)

    def _steps(self, ins: list[Any], outs: list[Any], seed: int, counter: int) -> list[Any]:
        """Run a loop; its stacks are filled, its carried arrays returned."""
        most = self._length
        if self._counted:
            most, ins = min(max(int(ins[0].asnumpy()), 0), most), ins[1:]
        c, s = self._carried, self._scanned
        carried, scanned, read = ins[:c], ins[c : c + s], ins[c + s :]
        conditional = len(self._bodies) > 1
        stacks = outs[c : len(outs) - conditional]
        done = 0
        while done < most:
            if conditional and not bool(_called(self._bodies, 1, [*carried, *read], seed, counter)[0].asnumpy()):
                break
            at = most - 1 - done if self._reverse else done
            given = [*carried, *[_row(a, at) for a in scanned], *read]
            results = _called(self._bodies, 0, given, seed, counter + done * self._bodies[0].rng_blocks)
            carried = results[:c]
            for stack, result in zip(stacks, results[c:], strict=True):
                _core.assign(_row(stack, at), result)
            done += 1
        for stack in stacks:
            for at in range(done, self._length):
                _core.assign(_row(stack, at), 0)
        if conditional:
            _core.assign(outs[-1], done)
        return carried


def _called(bodies: Sequence[Any], which: int, given: list[Any], seed: int, counter: int) -> list[Any]:
    body = bodies[which]
    where = "other body " if which else "body "
    return body.run_inside([body.fitted(i, a) for i, a in enumerate(given)], seed, counter, where)


def _row(array: Any, at: int) -> Any:
    """Row `at` of an array in device memory, without a kernel."""
    step = at * array._strides[0] * array.dtype.itemsize
    index = int(array._device[4:-1])
    return _core._from_pointer(
        array._ptr + step, array.shape[1:], array._strides[1:], array._dtype_name, GPU, index, array
    )
