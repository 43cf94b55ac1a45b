"""`explain`: what a compiled function became, kernel by kernel, with times held against what the machine can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcore import _core
from dlcore.array._copies import copy_on

from . import _cost, _ops, _tree
from ._compiled import Compiled
from ._explain_html import page
from ._function import GraphFunction
from ._ir import Node, Value, bodies_of, sets
from ._jit import Jit
from ._lifetimes import naive_bytes
from ._limits import Limits, limits, seen
from ._rebuild import named_attrs

PRODUCTS = ("matmul", "dense", "_product")  # these do all the operations that their shapes ask for
RUNS, ENOUGH = 20, 0.3  # how often the program is run for its times, and after how many seconds that is enough


@dataclass(frozen=True)
class Kernel:
    """One instruction of a compiled function.

    operators   what it computes, such as "matmul" or "multiply+add+relu"
    scopes      the layers it works for;  source: the user's line, where known
    seconds     the least of several runs;  share: of the time of all kernels
    nbytes      read and written at least;  operations: additions, multiplications ... at least
    bound       which limit of the machine is nearer, "memory" or "arithmetic"
    reach       the time that limit allows over the time taken; above 1 where data lay in a nearer cache, or where a
                convolution needed fewer operations than its definition
    text        the instruction as the graph prints it
    """

    operators: str
    scopes: tuple[str, ...]
    source: str
    seconds: float
    share: float
    nbytes: int
    operations: int
    bound: str
    reach: float
    text: str


class Explanation(str):
    """The text of `explain`, with its figures as attributes; a notebook shows it as a table.

    kernels  instructions run by one call;  arena_bytes: shared memory of intermediate results
    naive_bytes  every output of the traced forward part once, twice where gradients are taken: memory without a plan
    compile_seconds  time of the passes and the plan
    table  a Kernel for each instruction;  seconds: of all of them;  limits: of the machine
    cuda_graph  on a GPU whether runs replay a captured CUDA graph, and why not; "" elsewhere
    backward  the same for the backward part of a function whose gradients were recorded, else None

    >>> import dlcore as dl
    >>> about = dl.explain(dl.jit(lambda x: (x * 2).sum()), dl.np.ones((4, 4)))
    >>> about.kernels, about.arena_bytes, about.naive_bytes
    (1, 0, 68)
    """

    kernels: int
    arena_bytes: int
    naive_bytes: int
    compile_seconds: float
    name: str
    table: list[Kernel]
    limits: Limits
    cuda_graph: str
    backward: Explanation | None = None

    @property
    def seconds(self) -> float:
        """The time of all kernels together."""
        return sum(kernel.seconds for kernel in self.table)

    def layer(self, path: str) -> list[Kernel]:
        """The kernels that work for a layer, such as "net.conv1", or for a part of it."""
        return [k for k in self.table if any(s == path or s.startswith(f"{path}.") for s in k.scopes)]

    def _repr_html_(self) -> str:
        parts = [self] if self.backward is None else [self, self.backward]
        return "".join(page(part) for part in parts)


def explain(compiled: Any, *args: Any, **kwargs: Any) -> Explanation:
    """Describes the program behind a compiled function: its kernels, their times, memory, and the time to compile it.

    compiled   a function made by `jit` or a hybridized network. With arguments it is called with them first, and the
               program for them is described; without, the newest one, with made-up numbers where it takes arrays.

    Each kernel is timed (arrays that the program changes are put back afterwards) and held against what this machine,
    or the GPU that it runs on, can do, which is measured once: operations a second in products of matrices, and bytes a
    second from memory and caches. What a kernel needs at least is computed from its shapes.

    Errors: ValueError when it has not been called yet (there is no program then), TypeError for anything else.

    >>> import dlcore as dl
    >>> f = dl.jit(lambda x: (x * 2 + 1).sum())
    >>> about = dl.explain(f, dl.np.ones((4, 4)))
    >>> about.kernels, [kernel.operators for kernel in about.table]
    (1, ['multiply+add+sum'])
    """
    if isinstance(compiled, (Compiled, GraphFunction)):
        return _describe(compiled, None)
    if (args or kwargs) and callable(compiled):
        compiled(*args, **kwargs)
    function = compiled if isinstance(compiled, Jit) else getattr(compiled, "_compiled", None)
    if not isinstance(function, Jit):
        hint = "; call hybridize() on it first" if hasattr(compiled, "hybridize") else ""
        raise TypeError(f"explain: expected a compiled function, got {type(compiled).__name__}{hint}")
    if not function.entries():
        raise ValueError("explain: this function was not called yet, so there is no graph; pass it example arguments")
    if not args and not kwargs:
        return _describe(function.entries()[-1], None)
    arrays: list[Any] = []
    _tree.flatten((args, kwargs), arrays)
    return _describe(function.program(*args, **kwargs), arrays)


def _describe(program: Compiled | GraphFunction, arrays: list[Any] | None) -> Explanation:
    if isinstance(program, Compiled):
        return _explained(program, arrays)
    pair = program.newest_pair()
    if pair is None or program.plain.is_ready:
        return _explained(program.plain, arrays)
    found = _explained(pair.forward, arrays)
    found.backward = _explained(pair.backward, None)
    return found


def _explained(compiled: Compiled, arrays: list[Any] | None) -> Explanation:
    graph, memory, lowered = compiled.graph, compiled.plan, compiled.lowered
    times = _times(compiled, arrays)
    for node, seconds in zip(lowered.nodes, times, strict=True):
        if node.op in PRODUCTS and seconds:
            seen(_dtype(node), _operations(node) / seconds, compiled.device)
    machine = limits(compiled.device)
    whole = sum(times) or 1.0
    names = graph.names()
    table = []
    for node, seconds in zip(lowered.nodes, times, strict=True):
        nbytes, operations = _cost.traffic(node), _operations(node)
        least, bound = machine.seconds(operations, nbytes, _dtype(node))
        table.append(
            Kernel(
                operators(node), tuple(s for s in node.scopes or (node.scope,) if s), node.src, seconds,
                seconds / whole, nbytes, operations, bound, least / seconds if seconds else 0.0,
                graph.node_text(node, names),
            )
        )  # fmt: skip
    fused = sum(_ops.is_fused(node) for node in lowered.nodes)
    arena, naive = lowered.all_arena_bytes, naive_bytes(compiled.traced)
    cuda_graph = getattr(lowered.executable, "capture_note", "")
    lines = [
        f"{graph.name}: {len(compiled.traced.nodes)} traced calls became {len(lowered.nodes)} kernels "
        f"({fused} fused groups)",
        f"kernels: {len(lowered.nodes)}",
        f"arena_bytes: {arena}",
        f"naive_bytes: {naive}",
        f"compile_seconds: {compiled.compile_seconds:.3f}",
        f"state arrays: {len(graph.states)}, written {len(graph.writes)}, {len(memory.copies)} of them by a last copy",
        *([f"cuda graph: {cuda_graph}"] if cuda_graph else []),
        f"kernels take {1e6 * sum(times):.1f} us",
        "       us   share  of limit",
    ]
    lines += [f"{1e6 * k.seconds:9.1f}  {k.share:5.1%}  {k.reach:4.0%} {k.bound:<10}  {k.text}" for k in table]
    text = Explanation("\n".join(lines))
    text.name, text.table, text.limits = graph.name, table, machine
    text.kernels, text.arena_bytes, text.naive_bytes = len(table), arena, naive
    text.compile_seconds, text.cuda_graph = compiled.compile_seconds, cuda_graph
    return text


def _times(compiled: Compiled, arrays: list[Any] | None) -> list[float]:
    """The least time of each instruction; what the program changes is put back."""
    given = [_made_up(value) for value in compiled.graph.inputs] if arrays is None else arrays
    changed = [state.array for state in compiled.graph.writes]
    before, rng = [copy_on(array, array._device) for array in changed], _core.rng_state()
    recording = _core.set_recording(False)
    try:
        best: list[float] = []
        spent = 0.0
        for _ in range(RUNS):
            seconds = [taken for _, taken in compiled.profile(given)]
            best = [min(pair) for pair in zip(best, seconds, strict=True)] if best else seconds
            spent += sum(seconds)
            if spent > ENOUGH:
                break
        return best
    finally:
        for array, old in zip(changed, before, strict=True):
            _core.assign(array, old)
        _core.set_rng_state(rng)
        _core.set_recording(recording)


def _made_up(value: Value) -> Any:
    """Zeros, which are indices as well, in the place of an argument."""
    array = _core.empty(value.shape, value.dtype)
    _core.assign(array, 0)
    return array


def operators(node: Node) -> str:
    """What a call computes, in short: for how many sets of arrays; of a loop or a branch how often, and what inside."""
    if _ops.is_fused(node):
        label, count = str(node.attrs[0]) if node.attrs else node.op, len(list(sets(node)))
        return label if count == 1 else f"{label} of {count}"
    if node.op == "_product":  # and what was drawn into it
        return "+".join(filter(None, ("product", named_attrs(node)["then"])))
    if not _ops.is_control(node):
        return node.op.removeprefix("_")
    inside = {
        str(inner.attrs[0]) if _ops.is_fused(inner) else inner.op for g in bodies_of(node).values() for inner in g.nodes
    }
    return f"{node.attrs[0]}: {', '.join(sorted(inside))}"


def _operations(node: Node) -> int:
    """Operations of a call; of a loop those of all its steps, of a branch those of the longer body."""
    inside = [sum(map(_operations, body.nodes)) for body in bodies_of(node).values()]
    if not inside:
        return _cost.operations(node)
    return sum(inside) * node.attrs[0].length if hasattr(node.attrs[0], "length") else max(inside)


def _dtype(node: Node) -> str:
    return next((v.dtype for v in node.inputs if v is not None and v.shape), node.outputs[0].dtype)
