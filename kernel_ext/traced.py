"""The wiring of any Gluon block, found by tracing it on one sample: nothing is computed, only written down."""

from __future__ import annotations

from typing import Any

from .errors import CleanError, nearest
from .items import Group, Item, Outline, Shape, block_label, children, parameter_count

FUSED = ("fused", "fused_each")


def trace(block: Any, shape: Shape, training: bool = True) -> Any:
    """The graph of a forward pass in training mode on one sample; raises CleanError when the block cannot take it.

    Without `training` it is the pass of a prediction.
    """
    from dlcore import autograd
    from dlcore.graph import trace as trace_function

    from .language.builder import prepare, sample

    prepare(block)
    try:
        with autograd.pause():
            block(sample(block, shape))  # parameters that wait for their shape learn it here
        with autograd.pause(train_mode=training):
            return trace_function(lambda arrays: (None, [block(*arrays)]), [sample(block, shape)], block.name).graph
    except (ValueError, TypeError, RuntimeError) as error:
        raise CleanError(f"{block.name} cannot take one sample of shape {shape}: {error}") from error


def traced_items(block: Any, shape: Shape) -> tuple[Item, ...]:
    """One item a layer, one for each operator that stands outside the layers."""
    graph = trace(block, shape)
    items: list[Item] = []
    place: dict[int, int] = {}
    for value in graph.inputs:
        place[id(value)] = len(items)
        items.append(Item("input", "input", "input", tuple(value.shape[1:])))
    open_layer: Any = None
    counted: set[int] = set()
    for node in graph.nodes:
        layer, groups = _layer_of(block, node.scope)
        sources = [place[id(value)] for value in node.inputs if value is not None and id(value) in place]
        at = len(items) - 1
        if layer is None or (layer, groups) != open_layer:
            if not sources and layer is None:
                continue  # a value that no input reaches, such as a constant mask
            at = len(items)
            items.append(_new_item(block, layer, node, sources, groups, counted))
        open_layer = None if layer is None else (layer, groups)
        output = node.outputs[0]
        old = items[at]
        links = dict.fromkeys((*old.sources, *(source for source in sources if source != at)))
        shape_now = tuple(output.shape[1:])
        items[at] = Item(old.name, old.label, old.kind, shape_now, tuple(links), old.parameters, old.groups)
        place.update({id(value): at for value in node.outputs})
    return tuple(items)


def _layer_of(block: Any, scope: str) -> tuple[Any, tuple[Group, ...]]:
    """The layer that a scope such as ``net.features.0`` means (None: a block's own work), and the blocks around it."""
    groups: list[Group] = []
    here = block
    for key in scope.split(".")[1:]:
        below = children(here)
        if key not in below:
            break
        here = below[key]
        if children(here):
            groups.append(Group(key))
    return (None if children(here) else here), tuple(groups)


def _new_item(
    block: Any, layer: Any, node: Any, sources: list[int], groups: tuple[Group, ...], counted: set[int]
) -> Item:
    if layer is None:
        kind = "join" if len(set(sources)) > 1 else "layer"
        return Item(node.op, node.op, kind, groups=groups)
    name = node.scope.rpartition(".")[2]
    parameters = 0 if id(layer) in counted else parameter_count(layer)
    counted.add(id(layer))
    label = block_label(layer) if layer is block else f"{name}: {block_label(layer)}"
    return Item(name, label, "layer", parameters=parameters, groups=groups)


# What people call the program after a stage.
_SAID = {"traced": "trace", "fused": "fuse", "folded": "fold", "ordered": "order"}


_PREDICTION = ("fold_norm", "hoist")  # stages that change nothing in a pass of training
_GRADIENTS = ("autodiff", "remat")  # stages of a program that takes gradients too


def stage_names() -> list[str]:
    """What ``%graph --stage`` takes: the trace, every pass after it, and what is done where gradients are taken."""
    from dlcore.graph.passes import PIPELINE

    return list(dict.fromkeys(["trace", *(rewrite.__name__ for rewrite in PIPELINE), *_GRADIENTS]))


def stage(block: Any, name: str, shape: Shape, stage_name: str) -> tuple[Outline, str]:
    """The program after a stage of the compiler: as an outline with one item an operator, and as text."""
    from dlcore.graph import verify
    from dlcore.graph.passes import PIPELINE, apply

    names = stage_names()
    stage_name = _SAID.get(stage_name, stage_name)
    if stage_name not in names:
        close = nearest(stage_name, names)
        hint = f'; did you mean "{close}"?' if close else f"; the stages are {', '.join(names)}"
        raise CleanError(f'there is no stage "{stage_name}"{hint}')
    if stage_name in _GRADIENTS:
        graph, about = _with_gradients(block, shape, stage_name == "remat")
        return Outline(f"{name} after {stage_name}{about}", _operators(graph), block), str(graph)
    graph = trace(block, shape, training=stage_name not in _PREDICTION)
    if stage_name != "trace":
        last = max(number for number, rewrite in enumerate(PIPELINE) if rewrite.__name__ == stage_name)
        for rewrite in PIPELINE[: last + 1]:
            graph = verify(apply(rewrite, graph), rewrite.__name__)
    return Outline(f"{name} after {stage_name}", _operators(graph), block), str(graph)


def _with_gradients(block: Any, shape: Shape, again: bool) -> tuple[Any, str]:
    """A pass of training on one sample with the gradients of its parameters, and what making calls again does to it.

    What is made again is what the block asks for (`hybridize(remat=..., memory_budget=...)`), or the most there is.
    """
    from dlcore.graph._function import made_again, with_gradients
    from dlcore.graph._lifetimes import peak_bytes
    from dlcore.graph._segments import collect
    from dlcore.graph.passes.remat import Remat

    with collect() as segments:
        graph = trace(block, shape)
    wanted = [False] * len(graph.inputs) + [state.array._tracked for state in graph.states]
    _, joint = with_gradients(graph, wanted)
    if not again:
        return joint, ""
    budget = getattr(block, "_budget", None)
    wish = Remat(tuple(segments), least=not segments and budget is None, budget=budget)
    less = made_again(joint, len(graph.outputs), wish)
    more, peaks = len(less.nodes) - len(joint.nodes), [peak_bytes(g.nodes, g.results()) for g in (less, joint)]
    return less, f": {more} calls made again, {peaks[0]:,} bytes alive at most instead of {peaks[1]:,}"


def _operators(graph: Any) -> tuple[Item, ...]:
    """One item an operator call; parameters and other arrays the program reads are left out."""
    from dlcore.graph._ir import bodies_of
    from dlcore.graph.explain import operators

    items: list[Item] = []
    place: dict[int, int] = {}
    for value in graph.inputs:
        place[id(value)] = len(items)
        items.append(Item("input", "input", "input", tuple(value.shape)))
    for node in graph.nodes:
        taken = {place[id(value)]: tuple(value.shape) for value in node.inputs if id(value) in place}
        label = f"{node.op}: {node.attrs[0]}" if node.op in FUSED else node.op
        if bodies_of(node):
            label = operators(node)
        if node.scope:
            label += f"\n{node.scope}"
        shape = tuple(node.outputs[0].shape) if node.outputs else None
        items.append(Item(node.op, label, "layer", shape, tuple(taken), taken=tuple(taken.values())))
        place.update({id(value): len(items) - 1 for value in node.outputs})
    return tuple(items)
