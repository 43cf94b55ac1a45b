"""Documents written from the stanzas: `python -m dlcore.ops.docs` prints the table of operators.

`--out FILE` writes it to a file, `--stub` writes the type stub F.pyi beside F.py, `--check` fails if the stub is old.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import _record, functions
from ._record import Op
from .composite import FUNCTIONS

STUB = Path(__file__).with_name("F.pyi")
HEADINGS = ("operator", "arguments", "what it gives", "gradient", "other names")


def row(record: Op) -> tuple[str, str, str, str, str]:
    """The table row of one operator.

    >>> row(_record.get("relu"))[0]
    'relu'
    """
    gradient = "no" if not (record.grad or record.define) else "yes"
    names = [f"nd.{a}" for a in record.aliases]
    if record.np_name:
        names.append(f"np.{record.np_name}")
    if record.method:
        names.append(f"x.{record.name}()")
    return record.name, functions.signature(record).replace(", *, out=None", ""), record.doc, gradient, ", ".join(names)


def public(records: Iterable[Op] | None = None) -> list[Op]:
    """The operators that people call, by family and name."""
    chosen = _record.RECORDS.values() if records is None else records
    return sorted((r for r in chosen if not r.internal), key=lambda r: (r.family, r.name))


def table() -> str:
    """The table of all operators in Markdown, one section for each family.

    >>> table().startswith("# Operators")
    True
    """
    lines = ["# Operators", "", "Made from the stanzas in dlcore/ops by `python -m dlcore.ops.docs`."]
    family = None
    for record in public():
        if record.family != family:
            family = record.family
            lines += ["", f"## {family}", "", "| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row(record)) + " |")
    return "\n".join(lines) + "\n"


def _home(function: object) -> str:
    """The module that a function of `composite` was written in, as the stub names it."""
    return "." + function.__module__.rpartition(".")[2]


def stub() -> str:
    """The type stub of F: every function with its types and first sentence.

    >>> "def relu(x: ArrayLike" in stub()
    True
    """
    lines = [
        '"""Types of the operator functions; written by `python -m dlcore.ops.docs --stub`, not by hand."""',
        "",
        "from collections.abc import Sequence",
        "from typing import Any",
        "",
        "from .._core import NDArray",
        *(
            f"from {_home(f)} import {name} as {name}"
            for name, f in sorted(FUNCTIONS.items(), key=lambda item: (_home(item[1]), item[0]))
        ),
        "",
        "ArrayLike = Any",
        "DTypeLike = Any",
        "",
    ]
    for record in sorted(_record.RECORDS.values(), key=lambda r: r.name):
        result = "NDArray" if record.n_out == 1 else "tuple[NDArray, ...]"
        line = f"def {record.name}({functions.signature(record, typed=True)}) -> {result}: ..."
        if len(line) > 120:
            parts = ",\n    ".join(functions.parameters(record, typed=True))
            line = f"def {record.name}(\n    {parts},\n) -> {result}: ..."
        lines.append(line)
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Writes all or nothing: a reader never sees half a file."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    os.replace(file.name, path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dlcore.ops.docs", description=__doc__)
    parser.add_argument("--out", type=Path, help="file for the table instead of the screen")
    parser.add_argument("--stub", action="store_true", help="write the type stub F.pyi")
    parser.add_argument("--check", action="store_true", help="fail if the type stub is not up to date")
    options = parser.parse_args(arguments)
    if options.check:
        fresh = STUB.exists() and STUB.read_text(encoding="utf-8") == stub()
        print("F.pyi is up to date" if fresh else "F.pyi is old: run python -m dlcore.ops.docs --stub")
        return 0 if fresh else 1
    if options.stub:
        write(STUB, stub())
    elif options.out:
        write(options.out, table())
    else:
        sys.stdout.write(table())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
