"""Joining arrays along an axis."""

from __future__ import annotations

from ._call import Call, kernel


@kernel("concat")
def concat(call: Call) -> None:
    axis, start = call.axis, 0
    for part in call.ins:
        window = [slice(None)] * call.y.ndim
        window[axis] = slice(start, start + part.shape[axis])
        call.y[tuple(window)] = part
        start += part.shape[axis]


@kernel("stack")
def stack(call: Call) -> None:
    axis = int(call.attrs["axis"]) % call.y.ndim
    for i, part in enumerate(call.ins):
        call.y[(slice(None),) * axis + (i,)] = part
