"""``%graph NET``: the network as a Mermaid flowchart, drawn by JupyterLab itself, with no network access."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from math import prod
from typing import TYPE_CHECKING, Any

from dlcore import _mermaid

from .errors import CleanError
from .folding import fold
from .language.kinds import shape_text
from .lookup import find_network
from .options import Words, forget, offer
from .outline import Group, Item, Outline, outline, sample_shape

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from mermaid.flowchart import Node

WORDS = Words("graph", "NET", {"input": ("shape", "SHAPE"), "stage": ("word", "NAME")})
MIME = "text/vnd.mermaid"
LAYOUT = "%%{init: {'flowchart': {'padding': 8, 'rankSpacing': 32, 'subGraphTitleMargin': {'top': 2, 'bottom': 20}}}}%%"
SHAPES = {"input": "stadium-shape", "join": "round-edge", "network": "subroutine-shape", "layer": "normal"}


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion."""

    def graph(line: str) -> None:
        """Draw a network as a flowchart, with shapes on the arrows and parameter counts in the boxes.

        %graph NET [--input SHAPE] [--stage NAME]

        NET is a network of the notebook, such as lenet or lenet.conv1. --input: the shape of one sample, such as
        1x28x28, for a network that neither knows it nor was trained yet. --stage: the program after a stage of the
        compiler, from trace over fuse to the last one, or of a program with gradients: autodiff, and remat, which shows
        what is made again to keep less; a wrong name is answered with all of them.

        Example: %graph lenet
        """
        (name,), given = WORDS.read(line, ip.user_ns)
        show(ip.user_ns, name, given.get("input"), given.get("stage"))

    ip.register_magic_function(graph, "line", "graph")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def show(
    namespace: Mapping[str, Any], name: str, sample: tuple[int, ...] | None = None, stage: str | None = None
) -> None:
    """Display the flowchart of the network called ``name`` in ``namespace``."""
    from IPython.display import display

    block = find_network(namespace, name)
    if stage is None:
        seen = outline(block, name, sample)
        script = flowchart(seen)
        display({MIME: script, "text/plain": script}, raw=True)
        if note := missing(seen):
            print(note)
        return
    from .traced import stage as after_stage

    seen, text = after_stage(block, name, sample or input_shape(block, name), stage)
    display({MIME: flowchart(seen), "text/plain": text}, raw=True)


def input_shape(block: Any, name: str) -> tuple[int, ...]:
    """The shape of one sample, where it is known; CleanError that says how to give it where it is not."""
    if (shape := sample_shape(block)) is not None:
        return shape
    raise CleanError(f"the shape of one sample is not known; name it: %graph {name} --input 1x28x28 --stage ...")


def missing(seen: Outline) -> str:
    """What the picture cannot show, and how to get it; empty when it shows everything."""
    if seen.wired and all(item.shape is not None for item in seen.items):
        return ""
    what = "shapes are" if seen.wired else "shapes and the arrows between the layers are"
    return f"The {what} not known. Name the shape of one sample to see them: %graph {seen.name} --input 1x28x28"


def flowchart(seen: Outline) -> str:
    """The picture of an outline in Mermaid's words; repeats and then nested networks are folded when it gets long."""
    try:
        from mermaid.configuration import Config
        from mermaid.flowchart import FlowChart, Link
    except ImportError:
        raise CleanError("%graph needs the package mermaid-py: pip install mermaid-py") from None

    class Layout(Config):
        """Spacing only: colours are left to the theme of the notebook."""

        def __str__(self) -> str:
            return LAYOUT

    items = fold(seen.items)
    nodes: dict[int, Node] = {}
    top = _boxes(list(enumerate(items)), 0, len(items) < len(seen.items), nodes, [0])
    links = [
        Link(nodes[source], nodes[number], message=_shape(taken or items[source].shape))
        for number, item in enumerate(items)
        for source, taken in zip_longest(item.sources, item.taken)
    ]
    if items and seen.wired:
        top.append(_end())
        links.append(Link(nodes[len(items) - 1], top[-1], message=_shape(items[-1].shape)))
    script = FlowChart(seen.name, top, links, orientation="TB", config=Layout()).script
    # A frame with a direction of its own keeps arrows from reaching the boxes inside it.
    return script.replace("\n\tdirection TB", "")


def _shape(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else shape_text(shape)


def _end() -> Node:
    from mermaid.flowchart import Node as MermaidNode

    return MermaidNode("out", "output", shape="stadium-shape")


def _boxes(
    members: list[tuple[int, Item]], depth: int, folded: bool, nodes: dict[int, Node], frames: list[int]
) -> list[Node]:
    """The boxes of these items, those of one group inside a frame."""
    from mermaid.flowchart import Node as MermaidNode

    found: list[Node] = []
    for group, inside in _by_group(members, depth):
        if group is None:
            number, item = inside[0]
            nodes[number] = MermaidNode(f"n{number}", _text(item, folded), shape=SHAPES[item.kind])
            found.append(nodes[number])
            continue
        titles, deeper = [_title(group, folded)], depth + 1
        while len(runs := _by_group(inside, deeper)) == 1 and runs[0][0] is not None:
            titles.append(_title(runs[0][0], folded))
            deeper += 1
        frames[0] += 1
        name = f"g{frames[0]}"
        boxes = _boxes(inside, deeper, folded, nodes, frames)
        found.append(MermaidNode(name, ": ".join(titles), sub_nodes=boxes, direction="TB"))
    return found


def _by_group(members: list[tuple[int, Item]], depth: int) -> list[tuple[Group | None, list[tuple[int, Item]]]]:
    """The members in runs of one group at this depth; one that stands in none is a run of its own."""
    runs: list[tuple[Group | None, list[tuple[int, Item]]]] = []
    for number, item in members:
        group = item.groups[depth] if len(item.groups) > depth else None
        if runs and group is not None and runs[-1][0] == group:
            runs[-1][1].append((number, item))
        else:
            runs.append((group, [(number, item)]))
    return runs


def _title(group: Group, folded: bool) -> str:
    if not group.turn:
        return _mermaid.shown(group.name)
    name = "repeated" if group.name.startswith("pattern") else group.name
    return f"{name}, {group.turns} times" if folded else f"{name}, turn {group.turn} of {group.turns}"


def _text(item: Item, folded: bool) -> str:
    """What stands in a box: the layer's line and its parameters, for a folded repeat those of one turn."""
    lines = _mermaid.shown(item.label).split("\n")
    turns = prod(group.turns for group in item.groups if group.turn) if folded else 1
    count = item.parameters
    if count is None:
        lines.append("parameters after the first batch")
    elif count and turns > 1 and count % turns == 0:
        lines.append(f"{turns} x {count // turns:,} parameters")
    elif count:
        lines.append(f"{count:,} parameter{'s' if count > 1 else ''}{' in all' if turns > 1 else ''}")
    return "<br/>".join(lines)
