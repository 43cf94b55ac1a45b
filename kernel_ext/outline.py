"""Finds what the pictures of a network show: its layers in order, where each takes its values from, shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .errors import CleanError
from .items import Group, Item, Outline, Shape, block_label, children, parameter_count
from .language.kinds import shape_text
from .language.plan import INPUT, USE, Plan

IDENTITY = "identity"  # only names a value, so the pictures leave it out


def outline(block: Any, name: str, shape: Shape | None = None) -> Outline:
    """The outline of any Gluon block.

    A ``%%network`` knows itself. Another block is traced on one sample of ``shape`` to see its wiring; by default of
    the shape it was last trained on, and if it never was, only its list of layers is known.
    """
    if isinstance(getattr(block, "plan", None), Plan):
        known = block
        if None in block.shapes and (shape := shape or trained_on(block)) is not None:
            known = _Shaped(block, shape)
        elif shape is not None and len(block.plan.inputs) == 1 and shape != tuple(block.shapes[0]):
            own, given = shape_text(block.shapes[0]), shape_text(shape)
            raise CleanError(f"{name} takes samples of {own}, as its input line says, and not of {given}")
        items: list[Item] = []
        _network(known, items, (), None)
        return Outline(name, tuple(items), block)
    if (shape := shape or trained_on(block)) is not None:
        from .traced import traced_items

        return Outline(name, traced_items(block, shape), block)
    wired = _is_chain(block)
    listed = tuple(item if wired else replace(item, sources=()) for item in _tree(block, name, ()))
    return Outline(name, listed, block, wired)


def sample_shape(block: Any) -> Shape | None:
    """The shape of one sample, where a ``%%network`` or the data that a network was last trained on tell it."""
    if isinstance(getattr(block, "plan", None), Plan) and len(block.plan.inputs) == 1 and block.shapes[0] is not None:
        return tuple(block.shapes[0])
    return trained_on(block)


def trained_on(block: Any) -> Shape | None:
    """The shape of a sample of the data that a network was last trained on; None for one that was not."""
    from dlcore.run import sample_shape

    return sample_shape(block)


class _Shaped:
    """A network without an input line, seen with a shape that was given for the picture alone."""

    def __init__(self, block: Any, shape: Shape) -> None:
        from .language.builder import probe
        from .language.infer import infer

        self.plan, self.layers = block.plan, block.layers
        self.shapes = infer(block.plan, [shape], probe)


def _network(net: Any, items: list[Item], groups: tuple[Group, ...], feed: int | None) -> int:
    """Add the items of a ``%%network``; ``feed`` is the item that an inner network takes. Gives the output's place."""
    turns = _turn_counts(net.plan)
    place: list[int] = []
    for step, layer, shape in zip(net.plan.steps, net.layers, net.shapes, strict=True):
        inside = (*groups, *(Group(name, turn, turns[name]) for name, turn in step.turn))
        name = step.name.removeprefix("".join(f"{repeat}_{turn}_" for repeat, turn in step.turn))
        sources = tuple(place[source] for source in step.sources)
        if step.word == INPUT and feed is not None:
            place.append(feed)
        elif step.word == IDENTITY and layer is None:
            place.append(sources[0])
        elif step.word == USE and isinstance(step.part, Plan):
            inner = layer if shape is None or None not in layer.shapes else _Shaped(layer, net.shapes[step.sources[0]])
            place.append(_network(inner, items, (*inside, Group(name)), sources[0]))
        else:
            kind = "input" if step.word == INPUT else "layer" if layer is not None else "join"
            count = 0 if layer is None else parameter_count(layer)
            items.append(Item(name, step.text, kind, shape, sources, count, inside))
            place.append(len(items) - 1)
    return place[-1]


def _turn_counts(plan: Plan) -> dict[str, int]:
    counts: dict[str, int] = {}
    for step in plan.steps:
        for name, turn in step.turn:
            counts[name] = max(counts.get(name, 0), turn)
    return counts


def _is_chain(block: Any) -> bool:
    """Whether the wiring is plain from the outside: a Sequential of leaves and Sequentials."""
    from dlcore.gluon import nn

    if not children(block):
        return True
    return isinstance(block, (nn.Sequential, nn.HybridSequential)) and all(map(_is_chain, children(block).values()))


def _tree(block: Any, name: str, groups: tuple[Group, ...]) -> Iterator[Item]:
    """The leaves of a block tree, one after the other."""
    number = 0
    for child_name, child in children(block).items() or [(name, block)]:
        if child is not block and children(child):
            for item in _tree(child, child_name, (*groups, Group(child_name))):
                yield replace(item, sources=() if number == 0 else (number - 1,))
                number += 1
        else:
            label = block_label(child)
            sources = () if number == 0 else (number - 1,)
            yield Item(child_name, label, "layer", None, sources, parameter_count(child), groups)
            number += 1
