"""A network as a tree of layers with what flows between them, found by tracing it on a batch: nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dlcore import autograd
from dlcore._core import TraceError
from dlcore.gluon._count import parameter_count
from dlcore.gluon._mode import plain
from dlcore.graph import Graph, trace

from ._blocks import batch_for, blocks, check_network, label_of, path_of

INPUT = "input"


@dataclass
class Layer:
    """One row: `kind` is "network" (it has layers inside), "layer", "operator" (outside the layers) or "input".

    `shape` is that of the output without the batch, None where not known; `parameters` None before the first batch.
    `parent` is a place in the list of layers, -1 at the top.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(2, in_units=4)
    >>> net.initialize()
    >>> layer = structure(net, dl.np.ones((1, 4))).at("")
    >>> layer.label, layer.kind, layer.shape, layer.parameters
    ('Dense(4 -> 2)', 'network', (2,), 10)
    """

    path: str
    name: str
    label: str
    kind: str
    depth: int
    parent: int
    shape: tuple[int, ...] | None = None
    parameters: int | None = 0


@dataclass
class Structure:
    """A network's layers in the order they are called, and the pairs (from, to) of rows between which values flow.

    `note` says what could not be found out and why; `wrong` are those of the edges that bring a layer what it cannot
    take.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.HybridSequential()
    >>> net.add(dl.gluon.nn.Dense(8), dl.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> print(structure(net, dl.np.ones((1, 4))))
    input: input -> 4
    hybridsequential...: HybridSequential -> 2, 58 parameters
      0: Dense(4 -> 8) -> 8, 40 parameters
      1: Dense(8 -> 2) -> 2, 18 parameters
    """

    name: str
    layers: list[Layer] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    note: str = ""
    wrong: list[tuple[int, int]] = field(default_factory=list)

    def at(self, path: str) -> Layer:
        """The row of a path; KeyError where there is none."""
        found = next((layer for layer in self.layers if layer.path == path), None)
        if found is None:
            raise KeyError(f"Structure.at: there is no layer {path!r}; see the rows of print(structure)")
        return found

    def __str__(self) -> str:
        return "\n".join(f"{'  ' * layer.depth}{_line(layer)}" for layer in self.layers)


def _line(layer: Layer) -> str:
    shape = "" if layer.shape is None else " -> " + "x".join(map(str, layer.shape))
    count = f", {layer.parameters:,} parameters" if layer.parameters else ""
    return f"{layer.name}: {layer.label}{shape}{count}"


def structure(net: Any, x: Any = None, name: str | None = None) -> Structure:
    """The layers of `net`; with a batch `x` (n, ...) also their order, output shapes and connections.

    Errors: TypeError where `net` is no network. A forward pass that tracing cannot follow gives the layers without
    connections, and the reason in `note`.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.HybridSequential()
    >>> net.add(dl.gluon.nn.Dense(8, activation="relu"), dl.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> found = structure(net, dl.np.ones((1, 4)))
    >>> [(layer.path, layer.shape) for layer in found.layers]
    [('input', (4,)), ('', (2,)), ('0', (8,)), ('1', (2,))]
    >>> found.edges
    [(0, 2), (2, 3)]
    """
    check_network(net, "structure")
    title = name or net.name
    if x is None:
        return Structure(title, _tree(net, title, {}), [], "connections and shapes are known once there is data")
    calls = _Calls(net)
    try:
        graph = calls.graph(batch_for(net, x))
    except (TraceError, ValueError, TypeError, RuntimeError, IndexError, AttributeError) as error:
        reason = " ".join(str(error).split())
        if "has not been initialized" in reason:
            reason = "the network has no weights yet; call initialize(), or train"
            return Structure(title, _tree(net, title, {}), [], f"the connections could not be traced: {reason}")
        return until_error(net, batch_for(net, x), title, f"the connections could not be traced: {reason}")
    return _wired(net, title, graph, calls)


class _Calls:
    """What a traced forward pass told: in which order blocks were called, and the shapes that came out of them."""

    def __init__(self, net: Any) -> None:
        self.net = net
        self.order: dict[str, int] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}

    def graph(self, x: Any) -> Graph:
        """The graph in training mode, so that dropout is there; the hooks are gone again afterwards."""
        net, handles = self.net, []
        with autograd.pause(train_mode=False):
            net(x)  # parameters that wait for their shape learn it here
        for path, block in blocks(net):
            handles.append(block.register_forward_pre_hook(lambda _b, _i, path=path: self._begin(path)))
            handles.append(block.register_forward_hook(lambda _b, _i, out, path=path: self._end(path, out)))
        plain.on = True
        try:
            with autograd.pause(train_mode=True):
                return trace(lambda arrays: (None, _arrays(net(*arrays))), [x], net.name).graph
        finally:
            plain.on = False
            for handle in handles:
                handle.detach()

    def _begin(self, path: str) -> None:
        self.order.setdefault(path, len(self.order))

    def _end(self, path: str, output: Any) -> None:
        for first in _arrays(output)[:1]:
            self.shapes[path] = tuple(first.shape[1:])


def _arrays(output: Any) -> list[Any]:
    if isinstance(output, (list, tuple)):
        return [leaf for part in output for leaf in _arrays(part)]
    return [output] if hasattr(output, "shape") else []


def _tree(net: Any, title: str, order: dict[str, int]) -> list[Layer]:
    """The rows of the blocks alone, those that are called first first."""
    rows: list[Layer] = []
    late = len(order)

    def walk(block: Any, path: str, key: str, depth: int, parent: int) -> None:
        kind = "network" if block._children or not path else "layer"
        rows.append(Layer(path, key, label_of(block), kind, depth, parent, None, parameter_count(block)))
        here = len(rows) - 1
        below = [(f"{path}.{name}" if path else name, name, child) for name, child in block._children.items()]
        for child_path, name, child in sorted(below, key=lambda entry: order.get(entry[0], late)):
            walk(child, child_path, name, depth + 1, here)

    walk(net, "", title, 0, -1)
    return rows


def _wired(net: Any, title: str, graph: Graph, calls: _Calls) -> Structure:
    """Rows for blocks and for runs of operators outside them, and the edges between rows."""
    leaves = {path for path, block in blocks(net) if path and not block._children}
    steps: list[tuple[str, str, list[Any]]] = []  # (key of the row, path, nodes), in the order they first ran
    place: dict[str, int] = {}
    made: dict[int, str] = {id(value): INPUT for value in graph.inputs}
    links: dict[tuple[str, str], None] = {}
    last, groups = "", 0
    for node in graph.nodes:
        key = path = _nearest(path_of(node.scope), leaves)
        sources = [made[id(value)] for value in node.inputs if value is not None and id(value) in made]
        if path not in leaves:
            if not sources:
                continue  # a value that no input reaches, such as a constant mask
            key = last if last.startswith(f"{path}#") else f"{path}#{(groups := groups + 1)}"
        if key not in place:
            place[key] = len(steps)
            steps.append((key, path, []))
        steps[place[key]][2].append(node)
        links.update({(source, key): None for source in sources if source != key})
        made.update({id(value): key for value in node.outputs})
        last = key
    rows = [Layer(INPUT, INPUT, "input", INPUT, 0, -1, tuple(graph.inputs[0].shape[1:]))]
    rows += _with_operators(_tree(net, title, calls.order), steps, leaves)
    for row in rows:
        row.shape = calls.shapes.get(row.path, row.shape)
    numbers = {row.path: number for number, row in enumerate(rows)}
    _parents(rows)
    edges = [(numbers[a], numbers[b]) for a, b in links if a in numbers and b in numbers]
    return Structure(title, rows, edges)


def _nearest(path: str, leaves: set[str]) -> str:
    """A leaf may compute under a scope of its own below its path."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in leaves:
            return ".".join(parts[:length])
    return path


def _with_operators(tree: list[Layer], steps: list[tuple[str, str, list[Any]]], leaves: set[str]) -> list[Layer]:
    """The tree with a row for every run of operators, after the last layer of its block that ran before it."""
    known = {row.path for row in tree}
    rows = list(tree)
    ran: str = ""
    for key, path, nodes in steps:
        if path in leaves:
            ran = key
            continue
        owner = path if path in known else ""
        depth = next(row.depth for row in rows if row.path == owner) + 1
        names = list(dict.fromkeys(node.op.strip("_") for node in nodes))
        shape = tuple(nodes[-1].outputs[0].shape[1:])
        row = Layer(key, names[-1], ", ".join(names), "operator", depth, -1, shape)
        rows.insert(_after(rows, owner, ran), row)
        ran = key
    return rows


def _after(rows: list[Layer], owner: str, ran: str) -> int:
    """Where a new row of `owner` stands: behind the child of it that holds what ran last, else right below it."""
    start = next(number for number, row in enumerate(rows) if row.path == owner)
    depth = rows[start].depth
    end = start + 1
    while end < len(rows) and rows[end].depth > depth:
        end += 1
    at = next((number for number in range(start, end) if rows[number].path == ran), start)
    at += 1
    while at < end and rows[at].depth > depth + 1:
        at += 1
    return at


def _parents(rows: list[Layer]) -> None:
    """Set each row's parent from the depths."""
    open_rows: list[int] = []
    for number, row in enumerate(rows):
        if row.kind == INPUT:
            continue
        del open_rows[row.depth :]
        row.parent = open_rows[-1] if open_rows else -1
        open_rows.append(number)


def until_error(net: Any, x: Any, title: str, note: str) -> Structure:
    """The structure of a network whose forward pass fails: shapes and edges up to the layer that fails, marked.

    An edge is known here where a layer takes the very array that another gave; without one the failing layer is joined
    to the layer that ended last.
    """
    calls, made = _Calls(net), {id(x): INPUT}
    links: dict[tuple[str, str], None] = {}
    arrays, ended, failing = [x], [INPUT], []  # arrays are kept, so that no other gets the id of one

    def begin(path: str, inputs: Any) -> None:
        calls._begin(path)
        failing.append(path)
        sources = [made[id(array)] for array in _arrays(list(inputs)) if id(array) in made]
        links.update({(source, path): None for source in sources if path in leaves})

    def end(path: str, output: Any) -> None:
        calls._end(path, output)
        failing.pop()
        ended.extend([path] if path in leaves else [])
        for array in _arrays(output):
            arrays.append(array)
            made.setdefault(id(array), path if path in leaves else ended[-1])

    leaves = {path for path, block in blocks(net) if path and not block._children}
    handles = []
    for path, block in blocks(net):
        handles.append(block.register_forward_pre_hook(lambda _b, i, path=path: begin(path, i)))
        handles.append(block.register_forward_hook(lambda _b, _i, out, path=path: end(path, out)))
    plain.on = True
    try:
        with autograd.pause(train_mode=False):
            net(x)
    except Exception:  # what it says is in the note already
        pass
    finally:
        plain.on = False
        for handle in handles:
            handle.detach()
    stopped = failing[-1] if failing and failing[-1] in leaves else ""
    if not stopped:  # what fails is between the layers, or is not the network but the tracing
        return Structure(title, _tree(net, title, {}), [], note)
    rows = [Layer(INPUT, INPUT, "input", INPUT, 0, -1, tuple(x.shape[1:])), *_tree(net, title, calls.order)]
    for row in rows:
        row.shape = calls.shapes.get(row.path, row.shape)
    _parents(rows)
    numbers = {row.path: number for number, row in enumerate(rows)}
    if not any(to == stopped for _, to in links):
        links[ended[-1], stopped] = None
    edges = [(numbers[a], numbers[b]) for a, b in links]
    return Structure(title, rows, edges, note, [edge for edge in edges if edge[1] == numbers[stopped]])
