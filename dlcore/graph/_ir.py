"""The intermediate representation: values, nodes, graphs, and their readable text.

A graph is a list of operator calls in an order that can be run. Every value is written once; an in-place write of the
traced program shows as a new value together with an entry in `Graph.writes` that says into which captured array it
goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._tile import tile_text

SHORT_DTYPE = {
    "bool": "bool",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "u8",
    "uint16": "u16",
    "uint32": "u32",
    "uint64": "u64",
    "float16": "f16",
    "bfloat16": "bf16",
    "float32": "f32",
    "float64": "f64",
    "complex64": "c64",
    "complex128": "c128",
}
ITEMSIZE = {name: (2 if name == "bfloat16" else np.dtype(name).itemsize) for name in SHORT_DTYPE}
FUSED = "fused"  # the operator name of a node that holds a tile program made by the fusion pass
EACH = "fused_each"  # of a node that runs one such program over several sets of arrays: see `sets`


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Row-major strides in elements.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def numel(shape: Iterable[int]) -> int:
    """Number of elements of an array of `shape`."""
    return math.prod(shape)


def is_dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """True when every element of the span is there exactly once, in whatever order of the axes.

    >>> is_dense((2, 3), (1, 2)), is_dense((2, 3), (3, 0)), is_dense((2, 3), (4, 1))
    (True, False, False)
    """
    if 0 in shape:
        return True
    expected = 1
    for stride, size in sorted(zip(strides, shape, strict=True)):
        if size == 1:
            continue
        if stride != expected:
            return False
        expected *= size
    return True


def same_layout(shape: tuple[int, ...], a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether strides `a` and `b` put every element of `shape` at the same place (axes of one element do not count)."""
    return 0 in shape or all(x == y or size == 1 for size, x, y in zip(shape, a, b, strict=True))


@dataclass(eq=False, slots=True)
class Value:
    """One array of the program: what is known of it before it exists.

    dtype     name, such as "float32";  shape: sizes;  strides: in elements
    weak      made from a Python number: takes no part in promotion of its own kind
    node      the node that makes it, None for inputs, states and constants;  index: which of its outputs
    base      the value whose memory this is a view of, else None;  offset: elements from the first element of `base`
    const     the number or NumPy array of a constant, else None
    kind      "input" (argument), "state" (captured array), "const" or "node"

    >>> value = Value("float32", (64, 32), (1, 64), kind="input", name="x")
    >>> value.type_text(), value.nbytes
    ('f32[64,32]{1,64}', 8192)
    """

    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    weak: bool = False
    node: Node | None = field(default=None, repr=False)  # which knows its values: a text of all would never end
    index: int = 0
    base: Value | None = None
    offset: int = 0
    const: Any = None
    kind: str = "node"
    name: str = ""

    @property
    def size(self) -> int:
        return numel(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of a dense array of this shape and dtype."""
        return numel(self.shape) * ITEMSIZE[self.dtype]

    @property
    def root(self) -> Value:
        """The value that owns the memory: itself unless this is a view."""
        value = self
        while value.base is not None:
            value = value.base
        return value

    @property
    def root_offset(self) -> int:
        """Elements from the first element of `root` to the first element of this value."""
        value, offset = self, 0
        while value.base is not None:
            offset += value.offset
            value = value.base
        return offset

    def meta(self) -> tuple:
        """What `_core.infer` wants to know of an input."""
        return (self.dtype, self.shape, self.strides, self.weak)

    def type_text(self) -> str:
        """Short text of dtype, shape and any unusual layout, such as ``f32[64,32,28,28]{1,896,32...}``."""
        text = f"{SHORT_DTYPE[self.dtype]}[{','.join(map(str, self.shape))}]"
        if not same_layout(self.shape, self.strides, contiguous_strides(self.shape)):
            text += f"{{{','.join(map(str, self.strides))}}}"
        return text


@dataclass(eq=False, slots=True)
class Node:
    """One operator call.

    inputs    values, None for an absent optional input;  attrs: in the order of the operator's record
    scope     layer path, such as "net/0.conv";  src: "file:line" of the user's program where known
    rng       first random block relative to the start of the run, -1 unless the operator draws random numbers
    tile      (fused nodes) the tile program;  register: the type its registers have
    rows      (fused nodes) over how many trailing axes its reductions go, 0 where it has none: see `_rows`
    paused    recorded while no gradients were being recorded: none flow through it
    scopes    (fused nodes) the layer paths of all its members
    recorded  recorded while gradients were: a forward call of a step that also takes gradients

    >>> Node("relu", [None], scope="net/0.conv", src="train.py:7").place()
    'net/0.conv at train.py:7'
    """

    op: str
    inputs: list[Value | None]
    attrs: tuple = ()
    outputs: list[Value] = field(default_factory=list)
    scope: str = ""
    src: str = ""
    rng: int = -1
    tile: Any = None
    register: str = ""
    paused: bool = False
    scopes: tuple[str, ...] = ()
    recorded: bool = False
    rows: int = 0

    def place(self) -> str:
        """Where this call came from, for error texts."""
        return " at ".join(part for part in (self.scope, self.src) if part)


@dataclass(eq=False, slots=True)
class State:
    """A captured array: `value` is what it holds when the run starts, `new` what it holds afterwards.

    made   which output of the graph's `kept` it holds, -1 for an array of the user's
    last   written when all else of a run is done, so that a run that fails leaves it
    taped  written while gradients were being recorded: what follows from it afterwards has them too

    >>> State(Value("float32", (3,), (1,), kind="state"), array=None).new is None
    True
    """

    value: Value
    array: Any
    new: Value | None = None
    made: int = -1
    last: bool = False
    taped: bool = False


@dataclass(eq=False, slots=True)
class Graph:
    """A traced program: inputs, captured states, operator calls in running order, outputs.

    steady   captured arrays are expected to stay as they are from run to run, unless the program writes them
    kept     what is computed from them alone, to be run when one has changed; its outputs are states (`State.made`)

    >>> x = Value("float32", (2, 3), (3, 1), kind="input")
    >>> graph = Graph(inputs=[x], outputs=[x], name="nothing")
    >>> print(graph)
    graph nothing (0 nodes, 0 states, 0 random blocks)
      $in0: f32[2,3]
      return $in0
    """

    inputs: list[Value] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    rng_blocks: int = 0
    name: str = "graph"
    steady: bool = True
    kept: Graph | None = None

    @property
    def writes(self) -> list[State]:
        """The states that the program changes."""
        return [state for state in self.states if state.new is not None]

    def results(self) -> Iterator[Value]:
        """Every value that must exist at the end: outputs and new values of states."""
        yield from self.outputs
        for state in self.writes:
            assert state.new is not None
            yield state.new

    def sources(self) -> Iterator[Value]:
        """Values that exist before the first node: inputs and states."""
        yield from self.inputs
        for state in self.states:
            yield state.value

    def consts(self) -> list[Value]:
        """The constants that nodes or results use, each once."""
        found: dict[int, Value] = {}
        for value in self.all_uses():
            if value.kind == "const":
                found.setdefault(id(value), value)
        return list(found.values())

    def all_uses(self) -> Iterator[Value]:
        """Every use of a value by a node or as a result, in order."""
        for node in self.nodes:
            for value in node.inputs:
                if value is not None:
                    yield value
        yield from self.results()

    def users(self) -> dict[Value, list[Node]]:
        """For each value the nodes that read it (once per reading operand)."""
        found: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for value in node.inputs:
                if value is not None:
                    found.setdefault(value, []).append(node)
        return found

    def clone(self) -> tuple[Graph, dict[Value, Value]]:
        """A deep copy (arrays of states and constants are shared) and the map from old to new values."""
        copies: dict[Value, Value] = {}
        for value in self.sources():
            copies[value] = _copy_value(value, copies)
        nodes = []
        for node in self.nodes:
            inputs = [None if v is None else _copy_value(v, copies) for v in node.inputs]
            twin = Node(
                node.op, inputs, node.attrs, [], node.scope, node.src, node.rng, node.tile, node.register, node.paused,
                node.scopes, node.recorded, node.rows,
            )  # fmt: skip
            for out in node.outputs:
                copy = _copy_value(out, copies)
                copy.node = twin
                twin.outputs.append(copy)
            nodes.append(twin)
        twin_graph = Graph(
            [copies[v] for v in self.inputs],
            [
                State(copies[s.value], s.array, s.new and _copy_value(s.new, copies), s.made, s.last, s.taped)
                for s in self.states
            ],
            nodes,
            [_copy_value(v, copies) for v in self.outputs], self.rng_blocks, self.name, self.steady, self.kept,
        )  # fmt: skip
        return twin_graph, copies

    def replace(self, changes: dict[Value, Value]) -> None:
        """Redirects every use of a key of `changes` to its value (chains are followed) and fixes the views on it."""

        def final(value: Value) -> Value:
            while value in changes:
                value = changes[value]
            return value

        if not changes:
            return
        for node in self.nodes:
            node.inputs = [None if v is None else final(v) for v in node.inputs]
            for out in node.outputs:
                if out.base is not None:
                    out.base = final(out.base)
        self.outputs = [final(v) for v in self.outputs]
        for state in self.states:
            if state.new is not None:
                state.new = final(state.new)
                if state.new is state.value:
                    state.new = None

    def names(self) -> dict[Value, str]:
        """Readable names: %0, %1 ... for computed values, $name for arguments and states, numbers for constants."""
        names: dict[Value, str] = {}
        for i, value in enumerate(self.inputs):
            names[value] = f"$in{i}"
        for i, state in enumerate(self.states):
            names[state.value] = f"$state{i}"
        for node in self.nodes:
            for value in node.outputs:
                names[value] = f"%{len(names)}"
        for value in self.consts():
            names[value] = _const_text(value)
        return names

    def __str__(self) -> str:
        names = self.names()
        sizes = f"{len(self.nodes)} nodes, {len(self.states)} states, {self.rng_blocks} random blocks"
        lines = [f"graph {self.name} ({sizes})"]
        lines += [f"  {names[v]}: {v.type_text()} {v.name}".rstrip() for v in self.sources()]
        for node in self.nodes:
            lines.append("  " + self.node_text(node, names))
            for what, body in bodies_of(node).items():
                first, *rest = str(body).split("\n")
                lines += [f"    {what}: {first}", *("    " + line for line in rest)]
        lines += [f"  write {names[s.value]} <- {names[s.new]}" for s in self.writes if s.new is not None]
        lines.append("  return " + ", ".join(names[v] for v in self.outputs))
        if self.kept is not None:
            lines.append(f"  kept: {self.kept}".replace("\n", "\n    "))
        return "\n".join(lines)

    def node_text(self, node: Node, names: dict[Value, str] | None = None) -> str:
        """One line: outputs with types, operator, operands, attributes, and the layer they came from."""
        names = names or self.names()
        left = ", ".join(f"{names[v]}: {v.type_text()}" for v in node.outputs)
        right = ", ".join("-" if v is None else names.get(v, "?") for v in node.inputs)
        text = f"{left} = {node.op}({right})"
        if node.attrs:
            text += f" {{{', '.join(map(str, node.attrs))}}}"
        if node.tile is not None:
            text += f" <{tile_text(node.tile)}>" + (f" over {node.rows} axes" if node.rows else "")
        if node.rng >= 0:
            text += f" rng+{node.rng}"
        for out in node.outputs:
            if out.base is not None:
                text += f" view of {names.get(out.base, '?')}"
        return text + (f"   # {node.place()}" if node.place() else "")


def sets(node: Node) -> Iterator[tuple[list[Value], list[Value]]]:
    """The operands and results of each set of arrays that a node with a tile program runs over: one, or several."""
    n_in, n_out = node.tile.n_in, len(node.tile.outs)
    for i in range(len(node.outputs) // n_out):
        operands = [v for v in node.inputs[i * n_in : (i + 1) * n_in] if v is not None]
        yield operands, node.outputs[i * n_out : (i + 1) * n_out]


def bodies_of(node: Node) -> dict[str, Graph]:
    """The graphs inside a branch or a loop, by what they are; nothing for other nodes."""
    return getattr(node.attrs[0], "bodies", {}) if node.attrs else {}


def _copy_value(value: Value, copies: dict[Value, Value]) -> Value:
    twin = copies.get(value)
    if twin is None:
        base = None if value.base is None else _copy_value(value.base, copies)
        about = value.dtype, value.shape, value.strides, value.weak, None, value.index
        twin = copies[value] = Value(*about, base, value.offset, value.const, value.kind, value.name)
    return twin


def _const_text(value: Value) -> str:
    if isinstance(value.const, np.ndarray) and value.const.size > 4:
        return f"const{list(value.shape)}"
    return str(value.const.tolist() if isinstance(value.const, np.ndarray) else value.const)


def constant(value: Any, dtype: str, weak: bool = False) -> Value:
    """A constant: a Python number (0-d) or a NumPy array (then contiguous)."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = np.ascontiguousarray(value)
        return Value(dtype, value.shape, contiguous_strides(value.shape), False, const=value, kind="const")
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.item()
    return Value(dtype, (), (), weak, const=value, kind="const")
