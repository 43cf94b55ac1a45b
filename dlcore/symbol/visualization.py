"""A symbol as a table of its layers, and as a flowchart in Mermaid's words, which notebooks draw by themselves.

>>> import dlcore as dl
>>> net = dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=3, name="fc")
>>> print_summary(net, {"data": (1, 4)})
Layer (type)           Output shape  Parameters  Inputs
-------------------------------------------------------
data (null)            (1, 4)                 0
fc (FullyConnected)    (1, 3)                15  data
-------------------------------------------------------
Total parameters: 15
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dlcore import _mermaid

from ._call import Call
from ._symbol import Symbol

# What of a node's arguments is worth a line in its box.
_TOLD = ("num_hidden", "num_filter", "kernel", "stride", "pool_type", "act_type", "p")


def _shapes(symbol: Symbol, given: Mapping[str, Sequence[int]] | None) -> dict[str, tuple[int, ...]]:
    """The shape of every output and variable by name; nothing without `given`."""
    if given is None:
        return {}
    inside = symbol.get_internals()
    known = {name: shape for name, shape in given.items() if name in inside.list_inputs()}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"no argument is called {', '.join(unknown)}; there are {', '.join(inside.list_inputs())}")
    return dict(zip(inside.list_outputs(), inside.infer_shape(**known)[1], strict=True))


def _parts(symbol: Symbol, given: Mapping[str, Any] | None) -> tuple[list[Call], set[Call]]:
    """The calls that are drawn, and the variables that are parameters: all but those whose shapes are given.

    Without shapes, those whose names do not end as a layer's own arguments do.
    """
    calls = symbol._calls()
    owners = {one: call for call in calls for one, _ in call.inputs if not one.op}
    endings = ("weight", "bias", "gamma", "beta", "moving_mean", "moving_var", "running_mean", "running_var")
    hidden = {
        one for one in owners if (one.name not in given if given else one.name.endswith(endings))
        and not one.name.endswith("label")
    }  # fmt: skip
    return [call for call in calls if call not in hidden], hidden


def print_summary(
    symbol: Symbol, shape: Mapping[str, Sequence[int]] | None = None, line_length: int = 120, positions: Any = None
) -> None:
    """Print the layers with output shapes, numbers of parameters and what they take.

    shape: those of the inputs by name; without it no sizes are known. line_length cuts long lines; positions is
    accepted for old scripts. ValueError for a name that is no argument, and where shapes do not fit.
    """
    shapes = _shapes(symbol, shape)
    calls, hidden = _parts(symbol, shape)
    counted: set[Call] = set()
    rows: list[tuple[str, str, str, str]] = []
    total = 0
    for call in calls:
        own = [one for one, _ in call.inputs if one in hidden and one not in counted]
        counted.update(own)
        count = sum(math.prod(shapes[one.name]) for one in own) if shapes else 0
        total += count
        inputs = ", ".join(dict.fromkeys(one.name for one, _ in call.inputs if one not in hidden))
        found = shapes.get(call.output_names()[0])
        text = "" if found is None else str(found)
        rows.append((f"{call.name} ({call.op or 'null'})", text, f"{count:,}" if shapes else "", inputs))
    heads = ("Layer (type)", "Output shape", "Parameters", "Inputs")
    widths = [max(len(head), *(len(row[k]) for row in rows)) for k, head in enumerate(heads)]
    widths[0] += 2
    lines = [
        "  ".join((c.rjust if k == 2 else c.ljust)(w) for k, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in (heads, *rows)
    ]
    rule = "-" * min(line_length, max(len(line.rstrip()) for line in lines))
    print(
        "\n".join([lines[0].rstrip()[:line_length], rule, *(line.rstrip()[:line_length] for line in lines[1:]), rule])
    )
    print(f"Total parameters: {total:,}" if shapes else "Total parameters: not known without shapes")


class Flowchart:
    """A flowchart as text (`source`); a notebook draws it, with no network and no other program."""

    def __init__(self, source: str) -> None:
        self.source = source

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/vnd.mermaid": self.source, "text/plain": self.source}

    def __repr__(self) -> str:
        return self.source


def plot_network(
    symbol: Symbol,
    title: str = "plot",
    save_format: str = "mermaid",
    shape: Mapping[str, Sequence[int]] | None = None,
    dtype: Any = None,
    node_attrs: Any = None,
    hide_weights: bool = True,
) -> Flowchart:
    """The symbol as a flowchart, with shapes on the arrows if those of the inputs are given.

    hide_weights: leave out the parameters. title, dtype, node_attrs and save_format are accepted for old scripts.

    >>> import dlcore as dl
    >>> print(plot_network(dl.sym.relu(dl.sym.var("x"), name="r"), shape={"x": (2, 3)}))
    graph TB
    n0(["x"])
    n1["r<br/>relu"]
    n0 -->|"2x3"| n1
    """
    shapes = _shapes(symbol, shape)
    calls, _ = _parts(symbol, shape) if hide_weights else (symbol._calls(), set())
    number = {call: f"n{k}" for k, call in enumerate(calls)}
    lines = ["graph TB"]
    for call in calls:
        told = [f"{key} {_words(call.attrs[key])}" for key in _TOLD if key in call.attrs]
        text = "<br/>".join(map(_mermaid.shown, [call.name, *([call.op] if call.op else []), *told]))
        lines.append(f'{number[call]}["{text}"]' if call.op else f'{number[call]}(["{text}"])')
    for call in calls:
        for one, index in call.inputs:
            if one in number:
                size = shapes.get(one.output_names()[index])
                label = f'|"{"x".join(map(str, size))}"|' if size is not None else ""
                lines.append(f"{number[one]} -->{label} {number[call]}")
    return Flowchart("\n".join(lines))


def _words(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
