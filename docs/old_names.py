"""The page that says where each name of MXNet is, from the two inventories."""

from __future__ import annotations

import importlib
from typing import Any

import inventory
import inventory_classes
import inventory_more
from inventory import Family

FAMILIES = [*inventory.FAMILIES, *inventory_classes.CLASSES, *inventory_more.MORE]
ELSEWHERE = {**inventory.ELSEWHERE, **inventory_classes.ELSEWHERE}
ABSENT = {**inventory.ABSENT, **inventory_classes.ABSENT, **inventory_more.ABSENT_MORE}

HEAD = """# Where the names of MXNet are

The names are those of MXNet 1.9.1. "nd.X" means `dlcore.nd.X`; signatures are MXNet's where `nd` has the name. What
differs on purpose:

- `==` and the other comparisons give bool arrays and mix dtypes; arrays of bool stay bool.
- argmax, argsort and the like give int64 (`topk` and `argsort` in `nd` take `dtype=`).
- An index that is out of range is an IndexError (MXNet clipped it unless told otherwise).
- 0-d arrays and arrays without elements exist everywhere.
- An argument that an operator does not have is an error that names the nearest one.
- Some optimizers begin with other values: NAG and LARS with momentum 0.9 and rate 0.1 (MXNet: 0 and 0.01), FTML with
  rate 0.0025 (0.01), AdaDelta with epsilon 1e-6 (1e-5). AdaGrad and NAG add the weight decay to the gradient before
  all else. LARS knows biases by their one axis, and DCASGD makes up only for what others have changed since the
  gradient was taken.
- Windows of a "full" pooling that lie in the padding alone are left out (MXNet gave -inf for them).
- `w.attach_grad(stype="row_sparse")` gives a dense gradient and warns; row-sparse ones are those of `nn.Embedding`
  and of parameters with `grad_stype="row_sparse"`.
- What is in `NDArrayIter.data` are NumPy's arrays. The padding of a last batch does not count in `Module.score`.

While `import mxnet` means dlcore (`import dlcore.compat.mxnet`), programs get MXNet's answers where they count on them:

- `loss.mean()`, `nd.sum(x)` and `nd.dot` of two vectors have the shape (1,), until `npx.set_np()` is called.
- `x.take(rows)` takes rows; places beyond the last one take the last.
- `nd.array` makes float32 of whatever is no NDArray; masks add up, are subtracted and negated as numbers.
- An argument that a function of arrays alone does not have is passed over, with a warning.
- Nodes that signs make are called `_plus0`, `_mulscalar0` and so on.
- Checkpoints, exported networks and `Block.save` write `.params` in place of `.safetensors`.

A file of weights whose name ends in `.params` is always in MXNet's own format, which MXNet 1.9 reads; under every other
name it is safetensors. Either is written whole or not at all, and read by what is in it, not by its name.
"""


def find(path: str) -> Any:
    """The object behind "nd.contrib.foreach", or AttributeError."""
    found: Any = importlib.import_module("dlcore")
    for part in path.removeprefix(".").split("."):
        if part.startswith("__"):
            raise AttributeError(part)
        found = getattr(found, part)
    return found


def exists(path: str) -> bool:
    try:
        find(path)
    except (AttributeError, ImportError):
        return False
    return True


def names(family: Family) -> list[str]:
    return family.names.split()


def place(family: Family, name: str) -> str | None:
    """Where a name is, or None when `ABSENT` says why it is nowhere."""
    full = f"{family.space}.{name}"
    return None if full in ABSENT else ELSEWHERE.get(full, full)


def page() -> str:
    """The page; a promise that does not hold is marked, and a test fails."""
    lines = [HEAD]
    for family in FAMILIES:
        all_names = names(family)
        same = [n for n in all_names if place(family, n) == f"{family.space}.{n}"]
        lines += [f"## {family.title} ({len(all_names)})", ""]
        if same:
            lines += [
                f"Here under the same name, in `{family.space or 'dlcore'}`: {', '.join(f'`{n}`' for n in same)}.",
                "",
            ]
        rest = [n for n in all_names if n not in same]
        if rest:
            lines += ["| MXNet | here |", "|---|---|"]
            for name in rest:
                where = place(family, name)
                said = f"`{where}`" if where else f"not here: {ABSENT[f'{family.space}.{name}']}"
                lines.append(f"| `{family.space}.{name}`".replace("`.", "`") + f" | {said} |")
            lines.append("")
    lines += ["## What is said, not called", "", "| MXNet | here |", "|---|---|"]
    for word in inventory_more.WORDS:
        lines.append(f"| {word.said} | {f'`{word.place}`: ' if word.place else ''}{word.note} |")
    return "\n".join([*lines, ""])


def broken() -> list[str]:
    """Promises that do not hold, and excuses for names that are there."""
    wrong = []
    listed = {f"{f.space}.{n}" for f in FAMILIES for n in names(f)}
    for family in FAMILIES:
        for name in names(family):
            where = place(family, name)
            full = f"{family.space}.{name}"
            if where is not None and not exists(where):
                wrong.append(f"{full}: promised as {where}, which does not exist")
            if where is None and exists(full):
                wrong.append(f"{full}: said to be absent, but it is there")
    wrong += [f"{n}: not in the inventory" for n in (*ELSEWHERE, *ABSENT) if n not in listed]
    wrong += [f"{w.said}: {w.place} does not exist" for w in inventory_more.WORDS if w.place and not exists(w.place)]
    return wrong
