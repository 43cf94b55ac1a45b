"""Pages about operators, one for each family, from the stanzas in dlcore/ops."""

from __future__ import annotations

from typing import Any

from examples import operator_session

import dlcore.array  # noqa: F401  (lists become arrays)
from dlcore.ops import F, Op, functions
from dlcore.ops.docs import public

# What a family is about; a family without a sentence here is shown under its name alone.
ABOUT = {
    "activation": "Activations of newer networks.",
    "conv": "Convolution, transposed convolution and pooling over one to three axes.",
    "elementwise": "Arithmetic, comparison, logic, bits and functions of one number, element by element.",
    "index": "Reading and writing at positions held in arrays; sorting.",
    "linalg": "Products of matrices.",
    "factorisation": "Factorisations and solutions of linear systems.",
    "loss": "Losses.",
    "norm": "Normalisation and softmax.",
    "optimizer": "One step of an optimizer, with its state.",
    "random": "Random numbers from Philox counters: the same for any number of threads and on every device.",
    "reduce": "Sums, means, extremes and the like along axes.",
    "shape": "Views, joins, cuts and new arrays.",
}


def families() -> dict[str, list[Op]]:
    """The public operators by family."""
    found: dict[str, list[Op]] = {}
    for record in public():
        found.setdefault(record.family or "other", []).append(record)
    return found


def page(family: str, records: list[Op]) -> str:
    """One page: a table of contents, then every operator."""
    lines = [f"# Operators: {family}", ""]
    if family in ABOUT:
        lines += [ABOUT[family], ""]
    lines += ["| operator | what it gives |", "|---|---|"]
    lines += [f"| [`{r.name}`](#{r.name}) | {cell(r.doc)} |" for r in records]
    for record in records:
        lines += ["", *entry(record)]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Text that stands in a table: bars and new lines would end the cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def entry(record: Op) -> list[str]:
    """Everything about one operator."""
    lines = [f"## {record.name}", "", "```python", f"F.{record.name}({functions.signature(record)})", "```", ""]
    lines += [record.doc, ""]
    lines += [f"- {text}" for text in facts(record)]
    call = record.example.partition(" -> ")[0]
    session, shapes = operator_session(record.name, call, scope(record))
    return [*lines, f"- shapes in the example: {shapes}", "", "```pycon", *session, "```"]


def scope(record: Op) -> dict[str, Any]:
    return {record.name: getattr(F, record.name), "F": F, "float": float}


def facts(record: Op) -> list[str]:
    """Arguments, rules, gradient, source and other names."""
    found = [
        f"`{text.split(':', 1)[0]}`:{text.split(':', 1)[1]}"
        for text in (functions._describe(record, name) for name in record.order)
    ]
    shape = functions.SHAPE_RULES.get(record.infer)
    if shape and (record.kernel or record.expr):
        found.append(f"shape of the result: {shape}")
    dtype = functions.DTYPE_RULES.get(record.dtype)
    if dtype and (record.kernel or record.expr):
        found.append(f"dtype of the result: {dtype}")
    if record.expr:
        found.append(f"formula: `{record.expr}`")
    if record.define:
        found.append(f"definition: `{record.define}`")
    found.append(f"gradient: {gradient(record)}")
    if record.errors:
        found.append(f"raises: {', '.join(sorted({e.raises for e in record.errors}))}")
    if record.formula:
        found.append(f"source: {record.formula}")
    others = [f"`nd.{a}`" for a in record.aliases]
    others += [f"`np.{record.np_name}`"] if record.np_name else []
    others += [f"`x.{record.name}()`"] if record.method else []
    return [*found, f"also: {', '.join(others)}"] if others else found


def gradient(record: Op) -> str:
    if record.grad is None:
        return "that of its definition" if record.define else "none"
    if isinstance(record.grad, str):
        return f"`{record.grad}`"
    return "; ".join(f"{name}: `{text}`" for name, text in record.grad.items() if text is not None)
