"""How a hybrid block is written as a file of operators and one of values."""

from __future__ import annotations

import os
from typing import Any

from dlcore import _core
from dlcore.graph import trace
from dlcore.graph._tree import flatten
from dlcore.symbol._from_graph import from_graph

from . import _saving
from ._block import Block


def export(block: Block, path: str | os.PathLike[str], epoch: int, signature: Any) -> tuple[str, str]:
    """Writes the two files; see `HybridBlock.export`."""
    arrays = [_core.empty(shape, dtype, "cpu(0)") for shape, dtype in signature]
    parameters = {name: p.held() for name, p in block.collect_params().items()}

    def walk(stand_ins: list[Any]) -> tuple[None, list[Any]]:
        outputs: list[Any] = []
        flatten(block.forward(*stand_ins), outputs)
        return None, outputs

    recording, training = _core.set_recording(False), _core.set_training(False)
    try:
        graph = trace(walk, arrays, block.name).graph
    finally:
        _core.set_recording(recording)
        _core.set_training(training)
    inputs = ["data"] if len(arrays) == 1 else [f"data{k}" for k in range(len(arrays))]
    symbol, held = from_graph(graph, inputs, parameters)
    names = f"{os.fspath(path)}-symbol.json", f"{os.fspath(path)}-{epoch:04d}.{_saving.endings()[0]}"
    _saving.write(names[1], {f"arg:{n}": a.asnumpy() for n, a in held.items()}, "dlcore.export")
    symbol.save(names[0])
    return names
