"""A network's graph as a still picture (SVG) and as Mermaid text, with any of its parts folded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from dlcore import _mermaid
from dlcore.interpret import Layer, Structure

ROW, INDENT, LANE, LEFT, WIDTH, COLUMN, CHARACTER = 24, 16, 9, 14, 880, 110, 6.6
TOP, BASE, DOT, GAP = 6, ROW / 2 + 4, 3.2, "\u2002"
BOLD, END = ' font-weight="600"', ' text-anchor="end"'
MOST_ROWS = 40
INK, MUTED, LINE, ARC, FILL, BAD = "#212121", "#5f5f5f", "#8a8a8a", "#2457c5", "#eef2fb", "#b71c1c"


def closed_at_first(structure: Structure, most: int = MOST_ROWS) -> set[str]:
    """Which parts to fold so that at most about `most` rows are seen: those deeper than what still fits."""
    depth = 1
    while sum(layer.depth <= depth + 1 for layer in structure.layers) <= most:
        depth += 1
        if all(layer.depth <= depth for layer in structure.layers):
            return set()
    inner = {layer.parent for layer in structure.layers if layer.parent >= 0}
    return {structure.layers[place].path for place in inner if structure.layers[place].depth >= depth}


def visible(structure: Structure, closed: Collection[str]) -> list[int]:
    """Where each row is seen: its own place, or that of the folded part it lies in."""
    seen: list[int] = []
    for place, layer in enumerate(structure.layers):
        over = layer.parent
        hidden = over >= 0 and (seen[over] != over or structure.layers[over].path in closed)
        seen.append(seen[over] if hidden else place)
    return seen


def edges(structure: Structure, seen: list[int]) -> list[tuple[int, int]]:
    """The edges between what is seen, each once."""
    return list(dict.fromkeys((seen[a], seen[b]) for a, b in structure.edges if seen[a] != seen[b]))


def lanes(links: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """A lane for each edge, short ones nearest, so that no two that overlap share one."""
    taken: list[list[tuple[int, int]]] = []
    found: dict[tuple[int, int], int] = {}
    for link in sorted(links, key=lambda link: abs(link[1] - link[0])):
        low, high = sorted(link)
        for number, lane in enumerate(taken):
            if all(high <= a or low >= b for a, b in lane):
                lane.append((low, high))
                found[link] = number
                break
        else:
            taken.append([(low, high)])
            found[link] = len(taken) - 1
    return found


def figures(layer: Layer) -> tuple[str, str]:
    """Shape and parameter count, empty where there is none."""
    shape = "" if layer.shape is None else "×".join(map(str, layer.shape)) or "one number"
    return shape, "" if layer.parameters == 0 else "?" if layer.parameters is None else f"{layer.parameters:,}"


@dataclass(frozen=True)
class Band:
    """The ground of a row with layers inside, from (x, y) to the right edge."""

    x: float
    y: float


@dataclass(frozen=True)
class Link:
    """What flows from the row at y1 to the one at y2: straight down at x, or around through a lane."""

    x: float
    y1: float
    y2: float
    lane: float | None
    wrong: bool


@dataclass(frozen=True)
class Dot:
    """Where the links of a row begin and end."""

    x: float
    y: float


@dataclass(frozen=True)
class Words:
    """Pieces of text on the line y, each with its colour and whether it is bold. They begin at x, or `end` there."""

    x: float
    y: float
    pieces: tuple[tuple[str, str, bool], ...]
    end: bool = False


Mark = Band | Link | Dot | Words


def drawing(
    structure: Structure, closed: Collection[str] | None = None, most: int | None = None
) -> tuple[list[Mark], int]:
    """What is to be drawn, in its order, and how high it is: a row a layer, arcs for what skips rows.

    `closed` are the paths that are folded; after `most` rows a line says how many more there are.
    """
    closed = closed_at_first(structure) if closed is None else closed
    seen = visible(structure, closed)
    rows = [place for place, at in enumerate(seen) if place == at]
    inner = {layer.parent for layer in structure.layers}
    open_rows = {place for place in rows if place in inner and structure.layers[place].path not in closed}
    more, rows = len(rows[most:]) if most else 0, rows[:most]
    number = {place: index for index, place in enumerate(rows)}
    links = [(number[a], number[b]) for a, b in edges(structure, seen) if a in number and b in number]
    leaves = [number[place] for place in rows if place not in open_rows]
    after = dict(zip(leaves, leaves[1:], strict=False))
    far = lanes([link for link in links if after.get(link[0]) != link[1]])
    gutter = LEFT + LANE * (max(far.values(), default=-1) + 1) + 10
    wrong = {(number.get(seen[a]), number.get(seen[b])) for a, b in structure.wrong}
    marks: list[Mark] = []
    for a, b in links:
        y1, y2 = (TOP + ROW * place + ROW / 2 for place in (a, b))
        lane = gutter - 6 - LANE * (far[a, b] + 1) if (a, b) in far else None
        marks.append(Link(gutter, y1, y2, lane, (a, b) in wrong))
    for place in rows:
        marks += _row(structure.layers[place], TOP + ROW * number[place], gutter, place in open_rows)
    if more:
        marks.append(Words(gutter, TOP + ROW * len(rows) + BASE, ((f"… {more:,} rows more", MUTED, False),)))
    return marks, ROW * (len(rows) + bool(more)) + 2 * TOP


def _row(layer: Layer, top: float, gutter: float, opened: bool) -> list[Mark]:
    x, y = gutter + 10 + INDENT * layer.depth, top + BASE
    shape, count = figures(layer)
    room = int((WIDTH - COLUMN - x - 12) / CHARACTER) - len(shape) - len(layer.name) - 3
    label = "" if layer.label == layer.name else layer.label
    label = label if len(label) <= room else label[: max(0, room - 1)] + "…"
    fold = "" if layer.kind != "network" else "▾ " if opened else "▸ "
    marks: list[Mark] = [Band(x - 6, top + 2)] if layer.kind == "network" else []
    marks += [] if opened else [Dot(gutter, top + ROW / 2)]
    name = ((fold, INK, False), (layer.name, INK, True), (f"{GAP}{label}", MUTED, False))
    right = (WIDTH - COLUMN, shape, INK), (WIDTH - 14, count, MUTED)
    return [*marks, Words(x, y, name), *(Words(at, y, ((text, ink, False),), True) for at, text, ink in right)]


def svg(structure: Structure, closed: Collection[str] | None = None) -> str:
    """The graph as an SVG picture; `closed` are the paths that are folded."""
    marks, height = drawing(structure, closed)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="12"><title>{escape(structure.name)}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    )
    return "".join([head, *map(_element, marks), "</svg>"])


def _element(mark: Mark) -> str:
    if isinstance(mark, Band):
        return f'<rect x="{mark.x}" y="{mark.y}" width="{WIDTH - 6 - mark.x}" height="{ROW - 4}" rx="4" fill="{FILL}"/>'
    if isinstance(mark, Dot):
        return f'<circle cx="{mark.x}" cy="{mark.y}" r="{DOT}" fill="{ARC}"/>'
    if isinstance(mark, Words):
        spans = (f'<tspan fill="{ink}"{BOLD if bold else ""}>{escape(text)}</tspan>' for text, ink, bold in mark.pieces)
        return f'<text x="{mark.x}" y="{mark.y}"{END if mark.end else ""}>{"".join(spans)}</text>'
    x, y1, y2 = mark.lane, mark.y1, mark.y2
    if x is None:
        return f'<path d="M{mark.x} {y1 + 3}V{y2 - 3}" {_stroke(LINE, mark.wrong)}/>'
    path = f"M{mark.x} {y1}H{x + 5}Q{x} {y1} {x} {y1 + 5}V{y2 - 5}Q{x} {y2} {x + 5} {y2}H{mark.x - 2}"
    return f'<path d="{path}" fill="none" {_stroke(ARC, mark.wrong)}/>'


def _stroke(colour: str, wrong: bool) -> str:
    return f'stroke="{BAD}" stroke-width="3"' if wrong else f'stroke="{colour}" stroke-width="1.3"'


def mermaid(structure: Structure, closed: Collection[str] | None = None) -> str:
    """The graph as a Mermaid flowchart, open parts as frames."""
    closed = closed_at_first(structure) if closed is None else closed
    seen = visible(structure, closed)
    inner = {layer.parent for layer in structure.layers}
    lines, depth = ["flowchart TB"], 0
    open_depths: list[int] = []
    for place, layer in enumerate(structure.layers):
        if seen[place] != place:
            continue
        while open_depths and layer.depth <= open_depths[-1]:
            open_depths.pop()
            lines.append("  " * (len(open_depths) + 1) + "end")
        depth = len(open_depths) + 1
        text = _mermaid.shown(layer.name if layer.label == layer.name else f"{layer.name}: {layer.label}")
        if place in inner and layer.path not in closed:
            lines.append("  " * depth + f'subgraph n{place}["{_mermaid.shown(layer.name)}"]')
            open_depths.append(layer.depth)
            continue
        shape, count = figures(layer)
        right = ", ".join(part for part in (shape, f"{count} parameters" if count else "") if part)
        lines.append("  " * depth + f'n{place}["{text}{"<br/>" + right if right else ""}"]')
    while open_depths:
        open_depths.pop()
        lines.append("  " * (len(open_depths) + 1) + "end")
    lines += [f"  n{a} --> n{b}" for a, b in edges(structure, seen)]
    return "\n".join(lines)
