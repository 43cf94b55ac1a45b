"""From a traced graph to a Symbol: the same operators, one call for each node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._fault import own_fault
from dlcore.graph import Graph, Node, Value
from dlcore.graph._trace import window
from dlcore.ops import RECORDS

from ._build import plain
from ._call import Call, Entry
from ._operators import EXACT, exact
from ._symbol import Symbol


def from_graph(graph: Graph, inputs: list[str], named: Mapping[str, Any]) -> tuple[Symbol, dict[str, Any]]:
    """The symbol of a graph that changes nothing, and the arrays it needs by name.

    inputs   names of the graph's inputs in order;  named: arrays by name, others become const0, ...
    Errors: ValueError for a graph that writes into arrays or draws random numbers from a place it was traced at, and
    TypeError for an argument that no file can hold, naming the operator.
    """
    if graph.writes:
        raise ValueError(f"{graph.name}: it changes arrays while it runs, which a file of operators cannot say")
    found: dict[Value, Entry] = {}
    arrays: dict[str, Any] = {}
    known = {window(array): name for name, array in reversed(list(named.items()))}

    def variable(name: str, value: Value) -> Call:
        return Call("", name, notes={"__shape__": tuple(value.shape), "__dtype__": value.dtype})

    for name, value in zip(inputs, graph.inputs, strict=True):
        found[value] = (Call("", name, notes={"__dtype__": value.dtype}), 0)
    for state in graph.states:
        name = known.get(window(state.array), f"const{len(arrays)}")
        found[state.value] = (variable(name, state.value), 0)
        arrays[name] = state.array
    for value in graph.consts():
        if not value.weak:
            name = f"const{len(arrays)}"
            arrays[name] = _core.from_numpy(np.ascontiguousarray(np.asarray(value.const)))
            found[value] = (variable(name, value), 0)
    for number, node in enumerate(graph.nodes):
        call = _call(node, number, found)
        found.update({value: (call, k) for k, value in enumerate(node.outputs)})
    return Symbol([_output(value, found) for value in graph.outputs]), arrays


def _output(value: Value, found: dict[Value, Entry]) -> Entry:
    if value in found:
        return found[value]
    raise own_fault(f"export: the output {value.type_text()} is a plain number")


def _call(node: Node, number: int, found: dict[Value, Entry]) -> Call:
    record = RECORDS[node.op]
    if exact(EXACT + node.op) is None:
        raise ValueError(f"{node.op} changes weights, which a file of operators cannot say")
    call = Call(EXACT + node.op, f"{node.scope or 'net'}.{node.op}{number}".replace("/", "."))
    slots = [slot.name for slot in record.inputs]
    if record.inputs and record.inputs[-1].variadic:
        more = len(node.inputs) - len(slots) + 1
        slots = slots[:-1] + [f"*{slots[-1]}"] * more
    for slot, value in zip(slots, node.inputs, strict=True):
        if value is None:
            continue
        if value in found:
            call.inputs.append(found[value])
            call.slots.append(slot)
        elif slot.startswith("*"):
            raise own_fault(f"export: a plain number stands among the arrays of {call.name}")
        else:
            call.attrs[slot] = np.asarray(value.const).item()
    for attr, given in zip(record.attrs, node.attrs, strict=True):
        call.attrs[attr.name] = plain(given, f"{call.name}: {attr.name}")
    if len(node.outputs) != record.n_out:
        call.notes["__outputs__"] = len(node.outputs)
    return call
