"""The table of layers that `Block.summary` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcore import _core

from ._count import numbers_of, unique
from ._mode import plain
from ._places import device_name

if TYPE_CHECKING:
    from ._block import Block


@dataclass
class Layer:
    """One row: path, kind, output shape, and the parameters that no row above has counted."""

    path: str
    kind: str
    output: str
    params: int
    trainable: int
    shared: int
    depth: int


def layers(net: Block, *inputs: Any) -> list[Layer]:
    """One row for every block in the order they are called, from a forward pass (not in training) on `inputs`."""
    rows: list[Layer] = []
    seen: set[int] = set()
    handles: list[Any] = []

    def watch(block: Block, path: str, depth: int) -> None:
        def note(_: Block, __: Any, output: Any) -> None:
            rows.append(_row(block, path, depth, output, seen))

        handles.append(block.register_forward_hook(note))
        for key, child in block._children.items():
            watch(child, f"{path}.{key}" if path else key, depth + 1)

    watch(net, "", 0)
    recording, training = _core.set_recording(False), _core.set_training(False)
    plain.on = True
    try:
        net(*[_array(x, net) for x in inputs])
    finally:
        plain.on = False
        _core.set_recording(recording)
        _core.set_training(training)
        for handle in handles:
            handle.detach()
    return rows


def _array(x: Any, net: Block) -> Any:
    if not (isinstance(x, tuple) and all(isinstance(length, int) for length in x)):
        return x
    devices = [p._data._device for p in net.collect_params().values() if p._data is not None]
    array = _core.empty(x, "float32", devices[0] if devices else device_name(None))
    _core.assign(array, _core.from_numpy(np.zeros((), np.float32)))
    return array


def _row(block: Block, path: str, depth: int, output: Any, seen: set[int]) -> Layer:
    own = unique(block.own_params().values())
    fresh = [p for p in own if id(p) not in seen]
    shared = [p for p in own if id(p) in seen]
    seen.update(id(p) for p in own)
    return Layer(
        path or block.name,
        type(block).__name__,
        _shapes(output),
        _count(fresh),
        _count([p for p in fresh if p.grad_req != "null"]),
        _count(shared),
        depth,
    )


def _count(parameters: list[Any]) -> int:
    return sum(numbers_of(p) or 0 for p in parameters)


def _shapes(output: Any) -> str:
    if isinstance(output, (list, tuple)):
        return "[" + ", ".join(_shapes(part) for part in output) + "]"
    return str(tuple(output.shape)) if hasattr(output, "shape") else type(output).__name__


def table(rows: list[Layer]) -> str:
    """The rows as text, with totals below."""
    cells = [(f"{row.path} ({row.kind})", row.output, f"{row.params:,}") for row in rows]
    head = ("Layer (type)", "Output shape", "Parameters")
    widths = [max(len(line[i]) for line in (head, *cells)) for i in range(3)]
    rule = "-" * (sum(widths) + 4)

    def line(cell: tuple[str, str, str]) -> str:
        return f"{cell[0]:<{widths[0]}}  {cell[1]:<{widths[1]}}  {cell[2]:>{widths[2]}}"

    total, trainable = sum(row.params for row in rows), sum(row.trainable for row in rows)
    shared = sum(row.shared for row in rows)
    lines = [
        rule,
        line(head),
        rule,
        *map(line, cells),
        rule,
        f"Parameters: {total:,}, of which trainable: {trainable:,}",
    ]
    if shared:
        lines.append(f"Shared with a layer above, counted there: {shared:,}")
    return "\n".join(lines)
