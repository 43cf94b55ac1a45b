"""Hooks that see what every operator of a block gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore import _core, autograd

OpHook = Callable[[str, str, _core.NDArray], Any]


def observe(forward: Callable[..., Any], args: tuple[Any, ...], hooks: list[tuple[OpHook, bool]], name: str) -> None:
    """Run `forward` once more, traced and then operator by operator in NumPy, and show the hooks what they ask for.

    hooks: pairs of a hook and whether it wants the inputs of operators as well as their outputs.
    """
    from dlcore.graph import trace
    from dlcore.graph.interpreter import call, convert

    arrays = [x for x in args if isinstance(x, _core.NDArray)]
    rng = _core.rng_state()

    def walk(stand_ins: list[Any]) -> tuple[None, list[Any]]:
        left = iter(stand_ins)
        result = forward(*[next(left) if isinstance(x, _core.NDArray) else x for x in args])
        listed = result if isinstance(result, (list, tuple)) else [result]
        return None, [x for x in listed if isinstance(x, _core.NDArray)]

    with autograd.pause(train_mode=autograd.is_training()):
        graph = trace(walk, arrays, name).graph
    _core.set_rng_state(rng)  # a look draws nothing
    values: dict[Any, np.ndarray] = {state.value: state.array.asnumpy() for state in graph.states}
    values.update(zip(graph.inputs, (x.asnumpy() for x in arrays), strict=True))
    values.update({const: np.asarray(const.const) for const in graph.consts()})
    for number, node in enumerate(graph.nodes):
        operands = [None if v is None else values[v] for v in node.inputs]
        results = call(node, operands, rng)
        for out, result in zip(node.outputs, results, strict=True):
            values[out] = convert(result, out.dtype)
        title = f"{node.scope or name}_{node.op}{number}"
        shown = [(f"{title}_output{k}", values[v], False) for k, v in enumerate(node.outputs)]
        shown += [(f"{title}_input{k}", a, True) for k, a in enumerate(operands) if a is not None]
        for hook, wants_inputs in hooks:
            for label, array, is_input in shown:
                if wants_inputs or not is_input:
                    hook(label, node.op, _core.from_numpy(np.ascontiguousarray(array), True))
