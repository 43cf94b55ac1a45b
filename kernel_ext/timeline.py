"""The picture under the table of ``%profile``: when each call ran, those inside it one line below."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Protocol

WIDTH, ROW, MOST = 720, 18, 400  # pixels; of more calls the longest are drawn
COLOURS = ("#2a78d6", "#1baa7d", "#b8860b", "#8a63c9", "#c2526b", "#5b7a99")


class Call(Protocol):
    """What is drawn: a name, its kind, seconds from the start, how long it took, and its thread."""

    name: str
    kind: str
    start: float
    seconds: float
    thread: int


def timeline(calls: Sequence[Call]) -> str:
    """An SVG of the calls, with their names and times where they are pointed at; empty without calls."""
    if not calls:
        return ""
    first = min(call.start for call in calls)
    whole = max(call.start + call.seconds for call in calls) - first or 1e-9
    kinds = {kind: COLOURS[k % len(COLOURS)] for k, kind in enumerate(dict.fromkeys(call.kind for call in calls))}
    drawn = sorted(calls, key=lambda call: -call.seconds)[:MOST]
    rows = depths(drawn)
    boxes = []
    for call, row in zip(drawn, rows, strict=True):
        x, width = (call.start - first) / whole * WIDTH, max(call.seconds / whole * WIDTH, 0.5)
        label = f"{call.name} ({call.kind}): {_text(call.seconds)}"
        room = int(width // 7)
        name = call.name if len(call.name) <= room else call.name.rpartition(".")[2]
        place = f'x="{x:.2f}" y="{row * ROW}" width="{width:.2f}" height="{ROW - 2}"'
        box = f'<rect {place} rx="2" fill="{kinds[call.kind]}"/>'
        text = (
            f'<text x="{x + 4:.2f}" y="{row * ROW + 12}" fill="#fff">{escape(name)}</text>' if len(name) <= room else ""
        )
        boxes.append(f"<g><title>{escape(label)}</title>{box}{text}</g>")
    height = (max(rows) + 1) * ROW
    note = f"<br>{len(calls) - MOST} shorter calls are not drawn" if len(calls) > MOST else ""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height + 16}" width="{WIDTH}" role="img" aria-label="timeline of the calls" '
        f'style="font: 11px sans-serif; max-width: 100%">{"".join(boxes)}'
        f'<text x="0" y="{height + 12}" fill="currentColor">0</text>'
        f'<text x="{WIDTH}" y="{height + 12}" text-anchor="end" fill="currentColor">{_text(whole)}</text></svg>{note}'
    )


def depths(calls: Sequence[Call]) -> list[int]:
    """The line of each call: below the calls that contain it, and each thread below the one before it."""
    found: dict[int, int] = {}
    base = 0
    for thread in dict.fromkeys(call.thread for call in sorted(calls, key=lambda call: call.start)):
        open_calls: list[Call] = []
        deepest = 0
        numbered = [(i, call) for i, call in enumerate(calls) if call.thread == thread]
        for i, call in sorted(numbered, key=lambda entry: (entry[1].start, -entry[1].seconds)):
            while open_calls and open_calls[-1].start + open_calls[-1].seconds <= call.start:
                open_calls.pop()
            found[i] = base + len(open_calls)
            deepest = max(deepest, len(open_calls))
            open_calls.append(call)
        base += deepest + 1
    return [found[i] for i in range(len(calls))]


def _text(seconds: float) -> str:
    return (
        f"{1e6 * seconds:.0f} µs"
        if seconds < 1e-3
        else f"{1e3 * seconds:.2f} ms"
        if seconds < 1
        else f"{seconds:.2f} s"
    )
