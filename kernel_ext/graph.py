"""``%graph NET``: the network as a Mermaid flowchart, drawn by JupyterLab itself, with no network access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import CleanError
from .folding import fold
from .language.kinds import shape_text
from .language.plan import Plan
from .lookup import find_network, shape_argument
from .outline import Group, Item, Outline, outline

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from mermaid.flowchart import FlowChart, Node

MIME = "text/vnd.mermaid"
SHAPES = {"input": "stadium-shape", "join": "circle", "network": "subroutine-shape", "layer": "normal"}


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic."""
    from IPython.core import magic_arguments as arguments

    @arguments.magic_arguments()
    @arguments.argument("net", help="a network of the notebook, such as lenet or lenet.conv1")
    @arguments.argument("--input", metavar="SHAPE", help="shape of one sample, such as 1x28x28, for a plain block")
    @arguments.argument("--stage", help="draw the program after a stage of the compiler, such as trace or fuse")
    def graph(line: str) -> None:
        """Draw a network as a flowchart, with shapes on the arrows and parameter counts in the boxes."""
        options = arguments.parse_argstring(graph, line)
        show(ip.user_ns, options.net, options.input, options.stage)

    ip.register_magic_function(graph, "line", "graph")


def show(namespace: Mapping[str, Any], name: str, shape: str | None = None, stage: str | None = None) -> None:
    """Display the flowchart of the network called ``name`` in ``namespace``."""
    from IPython.display import display

    block = find_network(namespace, name)
    sample = None if shape is None else shape_argument(shape)
    if stage is None:
        seen = outline(block, name, sample)
        script = flowchart(seen).script
        display({MIME: script, "text/plain": script}, raw=True)
        if note := missing(seen):
            print(note)
        return
    from .traced import stage as after_stage

    seen, text = after_stage(block, name, sample or input_shape(block, name), stage)
    display({MIME: flowchart(seen).script, "text/plain": text}, raw=True)


def input_shape(block: Any, name: str) -> tuple[int, ...]:
    """The shape of one sample, where the network tells it; CleanError that says how to give it where it does not."""
    if isinstance(getattr(block, "plan", None), Plan) and len(block.plan.inputs) == 1 and block.shapes[0] is not None:
        return tuple(block.shapes[0])
    raise CleanError(f"the shape of one sample is not known; name it: %graph {name} --input 1x28x28 --stage ...")


def missing(seen: Outline) -> str:
    """What the picture cannot show, and how to get it; empty when it shows everything."""
    if all(item.shape is not None for item in seen.items):
        return ""
    return f"The shapes are not known. Name the shape of one sample to see them: %graph {seen.name} --input 1x28x28"


def flowchart(seen: Outline) -> FlowChart:
    """The picture of an outline; repeats and then nested networks are folded when it would get too long."""
    try:
        from mermaid.flowchart import FlowChart, Link
    except ImportError:
        raise CleanError("%graph needs the package mermaid-py: pip install mermaid-py") from None
    items = fold(seen.items)
    folded = len(items) < len(seen.items)
    nodes: dict[int, Node] = {}
    top = _frame(list(enumerate(items)), 0, folded, nodes, [0])
    links = [
        Link(nodes[source], nodes[number], message=_shape(items[source]))
        for number, item in enumerate(items)
        for source in item.sources
    ]
    if items:
        top.append(_end(items[-1]))
        links.append(Link(nodes[len(items) - 1], top[-1], message=_shape(items[-1])))
    return FlowChart(seen.name, top, links, orientation="TB")


def _shape(item: Item) -> str:
    return "" if item.shape is None else shape_text(item.shape)


def _end(item: Item) -> Node:
    from mermaid.flowchart import Node as MermaidNode

    return MermaidNode("out", "output", shape="stadium-shape")


def _frame(
    members: list[tuple[int, Item]], depth: int, folded: bool, nodes: dict[int, Node], frames: list[int]
) -> list[Node]:
    """The boxes of these items, those of one group inside a frame."""
    from mermaid.flowchart import Node as MermaidNode

    found: list[Node] = []
    at = 0
    while at < len(members):
        number, item = members[at]
        if len(item.groups) <= depth:
            found.append(MermaidNode(f"n{number}", _text(item), shape=SHAPES[item.kind]))
            nodes[number] = found[-1]
            at += 1
            continue
        group = item.groups[depth]
        end = at
        while end < len(members) and members[end][1].groups[depth : depth + 1] == (group,):
            end += 1
        frames[0] += 1
        name = f"g{frames[0]}"
        inner = _frame(members[at:end], depth + 1, folded, nodes, frames)
        found.append(MermaidNode(name, _title(group, folded), sub_nodes=inner, direction="TB"))
        at = end
    return found


def _title(group: Group, folded: bool) -> str:
    if not group.turn:
        return _escape(group.name)
    name = "repeated" if group.name.startswith("pattern") else group.name
    return f"{name}, {group.turns} times" if folded else f"{name}, turn {group.turn} of {group.turns}"


def _text(item: Item) -> str:
    """What stands in a box: the layer's line and its parameters."""
    lines = _escape(item.label).split("\n")
    if item.parameters is None:
        lines.append("parameters after the first batch")
    elif item.parameters:
        lines.append(f"{item.parameters:,} parameter{'s' if item.parameters > 1 else ''}")
    return "<br/>".join(lines)


def _escape(text: str) -> str:
    """Text that Mermaid shows as it is."""
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        text = text.replace(sign, code)
    return text
