"""What the compiler makes of a network: the traced calls of each layer, and the kernels with the time each takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dlcore import autograd
from dlcore.gluon._mode import plain
from dlcore.graph import Compiled, trace

from ._blocks import batch_for, check_network, path_of

REPEATS = 5


@dataclass
class Kernel:
    """One instruction: its text, the layers it works for, and its seconds (the least of several runs).

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(3, in_units=4)
    >>> net.initialize()
    >>> kernel = program(net, dl.np.ones((2, 4))).kernels[0]
    >>> "dense" in kernel.text, kernel.paths, kernel.seconds > 0
    (True, ('',), True)
    """

    text: str
    paths: tuple[str, ...]
    seconds: float


@dataclass
class Program:
    """The forward pass in predict mode: `calls` are (layer, text) as traced, `kernels` what runs.

    `arena_bytes` is the memory that all intermediate values share, `arena` layer -> bytes of those it makes: together
    they are more, because a value takes the place of one that is no longer needed.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.HybridSequential()
    >>> net.add(dl.gluon.nn.Dense(3, activation="tanh"), dl.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> found = program(net, dl.np.ones((2, 4)))
    >>> len(found.calls), found.arena_bytes > 0
    (3, True)
    """

    name: str
    calls: list[tuple[str, str]] = field(repr=False)
    kernels: list[Kernel] = field(repr=False)
    arena_bytes: int = 0
    arena: dict[str, int] = field(default_factory=dict, repr=False)

    def of(self, path: str) -> tuple[list[str], list[Kernel]]:
        """The traced calls and the kernels of one layer and of everything inside it."""
        calls = [text for where, text in self.calls if _within(where, path)]
        return calls, [kernel for kernel in self.kernels if any(_within(where, path) for where in kernel.paths)]

    @property
    def seconds(self) -> float:
        """The time of all kernels together."""
        return sum(kernel.seconds for kernel in self.kernels)

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {len(self.calls)} calls became {len(self.kernels)} kernels, {self.seconds * 1e6:.1f} us"
        ]
        lines += [f"{kernel.seconds * 1e6:9.1f} us  {kernel.text}" for kernel in self.kernels]
        return "\n".join(lines)


def _within(where: str, path: str) -> bool:
    return not path or where == path or where.startswith(path + ".")


def program(net: Any, x: Any) -> Program:
    """Compile the forward pass of `net` on a batch `x` (n, ...) apart from the network and time each kernel.

    Errors: TypeError where `net` is no network; what the forward pass raises, `TraceError` where it cannot be compiled.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(3)
    >>> net.initialize()
    >>> len(program(net, dl.np.ones((2, 4))).kernels)
    1
    """
    check_network(net, "program")
    x = batch_for(net, x)
    plain.on = True
    try:
        with autograd.pause(train_mode=False):
            net(x)
            graph = trace(lambda arrays: (None, _list(net(*arrays))), [x], net.name).graph
    finally:
        plain.on = False
    names = graph.names()
    calls = [(path_of(node.scope), _short(graph.node_text(node, names))) for node in graph.nodes]
    compiled = Compiled(graph).prepare()
    nodes = compiled.lowered.nodes
    timed = [0.0] * len(nodes)
    if not compiled.graph.writes:  # a run that changes nothing may be repeated
        runs = [[seconds for _, seconds in compiled.profile([x])] for _ in range(REPEATS)]
        timed = [min(column) for column in zip(*runs, strict=True)]
    after = compiled.graph.names()
    kernels = [
        Kernel(_short(compiled.graph.node_text(node, after)), _paths(node), seconds)
        for node, seconds in zip(nodes, timed, strict=True)
    ]
    return Program(net.name, calls, kernels, compiled.plan.arena_bytes, _arena(compiled))


def _arena(compiled: Compiled) -> dict[str, int]:
    """Bytes in the arena by the layer whose work it is; a kernel of several layers counts for the last."""
    found: dict[str, int] = {}
    for node in compiled.graph.nodes:
        made = [value for value in node.outputs if value.base is None and compiled.plan.places[value].kind == "arena"]
        if made:
            path = _paths(node)[-1]
            found[path] = found.get(path, 0) + sum(value.nbytes for value in made)
    return found


def _list(output: Any) -> list[Any]:
    return list(output) if isinstance(output, (list, tuple)) else [output]


def _short(text: str) -> str:
    """The text without the place it came from, which the layer already says."""
    return text.partition("   # ")[0].strip()


def _paths(node: Any) -> tuple[str, ...]:
    """The layers whose work a kernel does."""
    return tuple(dict.fromkeys(path_of(scope) for scope in node.scopes or (node.scope,)))
