"""A network's graph as a still picture (SVG) and as Mermaid text, with any of its parts folded."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from dlcore.interpret import Layer, Structure

ROW, INDENT, LANE, LEFT, WIDTH, COLUMN, CHARACTER = 24, 16, 9, 14, 880, 110, 6.6
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


def svg(structure: Structure, closed: Collection[str] | None = None) -> str:
    """The graph as an SVG picture: a row a layer, arcs for what skips rows; `closed` are the paths that are folded."""
    closed = closed_at_first(structure) if closed is None else closed
    seen = visible(structure, closed)
    rows = [place for place, at in enumerate(seen) if place == at]
    inner = {layer.parent for layer in structure.layers}
    open_rows = {place for place in rows if place in inner and structure.layers[place].path not in closed}
    number = {place: index for index, place in enumerate(rows)}
    links = [(number[a], number[b]) for a, b in edges(structure, seen)]
    leaves = [number[place] for place in rows if place not in open_rows]
    after = dict(zip(leaves, leaves[1:], strict=False))
    far = lanes([link for link in links if after.get(link[0]) != link[1]])
    gutter = LEFT + LANE * (max(far.values(), default=-1) + 1) + 10
    height = ROW * len(rows) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="12"><title>{escape(structure.name)}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    ]
    wrong = {(number[seen[a]], number[seen[b]]) for a, b in structure.wrong}
    for a, b in links:
        y1, y2 = (6 + ROW * place + ROW / 2 for place in (a, b))
        if (a, b) in far:
            x = gutter - 6 - LANE * (far[a, b] + 1)
            path = f"M{gutter} {y1}H{x + 5}Q{x} {y1} {x} {y1 + 5}V{y2 - 5}Q{x} {y2} {x + 5} {y2}H{gutter - 2}"
            parts.append(f'<path d="{path}" fill="none" {_stroke(ARC, (a, b) in wrong)}/>')
        else:
            parts.append(f'<path d="M{gutter} {y1 + 3}V{y2 - 3}" {_stroke(LINE, (a, b) in wrong)}/>')
    parts += [_row(structure.layers[place], 6 + ROW * number[place], gutter, place in open_rows) for place in rows]
    return "".join([*parts, "</svg>"])


def _stroke(colour: str, wrong: bool) -> str:
    return f'stroke="{BAD}" stroke-width="3"' if wrong else f'stroke="{colour}" stroke-width="1.3"'


def _row(layer: Layer, top: float, gutter: float, opened: bool) -> str:
    x, y = gutter + 10 + INDENT * layer.depth, top + ROW / 2 + 4
    shape, count = figures(layer)
    room = int((WIDTH - COLUMN - x - 12) / CHARACTER) - len(shape) - len(layer.name) - 3
    label = layer.label if len(layer.label) <= room else layer.label[: max(0, room - 1)] + "…"
    mark = "" if layer.kind != "network" else "▾ " if opened else "▸ "
    fill = f'<rect x="{x - 6}" y="{top + 2}" width="{WIDTH - x}" height="{ROW - 4}" rx="4" fill="{FILL}"/>'
    dot = "" if opened else f'<circle cx="{gutter}" cy="{top + ROW / 2}" r="3.2" fill="{ARC}"/>'
    return (
        f"{fill if layer.kind == 'network' else ''}{dot}"
        f'<text x="{x}" y="{y}" fill="{INK}">{mark}<tspan font-weight="600">{escape(layer.name)}</tspan>'
        f'<tspan dx="8" fill="{MUTED}">{escape(label if layer.label != layer.name else "")}</tspan></text>'
        f'<text x="{WIDTH - COLUMN}" y="{y}" fill="{INK}" text-anchor="end">{shape}</text>'
        f'<text x="{WIDTH - 14}" y="{y}" fill="{MUTED}" text-anchor="end">{count}</text>'
    )


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
        text = _escaped(layer.name if layer.label == layer.name else f"{layer.name}: {layer.label}")
        if place in inner and layer.path not in closed:
            lines.append("  " * depth + f'subgraph n{place}["{_escaped(layer.name)}"]')
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


def _escaped(text: str) -> str:
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        text = text.replace(sign, code)
    return text
