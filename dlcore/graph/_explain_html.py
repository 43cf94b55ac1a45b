"""The table that a notebook shows for `explain`. Colours come from the page, so that it is right in the dark too."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .explain import Explanation, Kernel

MOST = 60  # rows; the quickest kernels of longer programs are summed up in one line
STYLE = """<style>
.dl-explain table {border-collapse: collapse; font-variant-numeric: tabular-nums}
.dl-explain th, .dl-explain td {text-align: right; padding: 2px 10px; vertical-align: top; white-space: nowrap}
.dl-explain table .dl-text {text-align: left; white-space: normal; max-width: 34em}
.dl-explain .dl-bar {display: inline-block; height: 0.7em; background: #2a78d6; min-width: 1px}
.dl-explain table .dl-where {text-align: left; opacity: 0.75; max-width: 18em; overflow-wrap: anywhere}
.dl-explain td.dl-where {white-space: normal}
</style>"""


def page(about: Explanation) -> str:
    """HTML without scripts and without anything fetched."""
    order = sorted(about.table, key=lambda kernel: -kernel.seconds)
    shown = set(map(id, order[:MOST]))
    rows = [_row(number, kernel) for number, kernel in enumerate(about.table) if id(kernel) in shown]
    rest = order[MOST:]
    if rest:
        taken = sum(kernel.share for kernel in rest)
        rows.append(f'<tr><td></td><td class="dl-text" colspan="9">{len(rest)} quicker kernels: {taken:.1%}</td></tr>')
    machine = about.limits
    memory = list(machine.copies.values())[-1]
    facts = (
        f"{about.kernels} kernels, {_time(about.seconds)} a run, compiled in {about.compile_seconds:.2f} s; "
        f"intermediate values take {_bytes(about.arena_bytes)} ({_bytes(about.naive_bytes)} without sharing). "
        f"This machine does at most {machine.float32 / 1e9:.0f} GFLOP/s in float32, "
        f"{machine.operations('bfloat16') / 1e9:.0f} in bfloat16, and moves {memory / 1e9:.1f} GB/s."
    )
    heads = "# operators layer time share | bytes operations limit reached".split()
    cells = "".join(
        f'<th class="{"dl-text" if head in ("operators", "layer") else ""}">{"" if head == "|" else head}</th>'
        for head in heads
    )
    return (
        f'{STYLE}<div class="dl-explain"><p><b>{escape(about.name)}</b>: {facts}</p>'
        f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(number: int, kernel: Kernel) -> str:
    layers = ", ".join(kernel.scopes[:3]) + (f" and {len(kernel.scopes) - 3} more" if len(kernel.scopes) > 3 else "")
    return (
        f'<tr title="{escape(kernel.text + " " + kernel.source)}"><td>{number}</td>'
        f'<td class="dl-text">{escape(kernel.operators)}</td><td class="dl-where">{escape(layers)}</td>'
        f"<td>{_time(kernel.seconds)}</td><td>{kernel.share:.1%}</td>"
        f'<td style="text-align: left"><span class="dl-bar" style="width: {120 * kernel.share:.0f}px"></span></td>'
        f"<td>{_bytes(kernel.nbytes)}</td><td>{_count(kernel.operations)}</td>"
        f"<td>{kernel.bound}</td><td>{kernel.reach:.0%}</td></tr>"
    )


def _time(seconds: float) -> str:
    return f"{1e6 * seconds:.1f} µs" if seconds < 1e-3 else f"{1e3 * seconds:.2f} ms"


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _count(count: int) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return str(count)
