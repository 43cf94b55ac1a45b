"""Writes the reference: `python docs/generate.py [--out FOLDER]`; `make docs` calls it.

All pages are made before any is written, so a reference is whole or as it was. An example that fails ends the run with
status 1 and its name.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import namespaces  # noqa: E402
import numpy_names  # noqa: E402
import old_names  # noqa: E402
import operators  # noqa: E402
from examples import ExampleError  # noqa: E402

import dlcore  # noqa: E402


def pages() -> dict[str, str]:
    """Every page by its path."""
    made = {}
    for family, records in operators.families().items():
        made[f"operators/{family}.md"] = operators.page(family, records)
    for name, (module, title) in namespaces.modules().items():
        made[f"{name}.md"] = namespaces.page(title, module)
    made["mxnet.md"] = old_names.page()
    made["numpy.md"] = numpy_names.page()
    made["index.md"] = index()
    return made


def index() -> str:
    """The first page."""
    lines = [f"# dlcore {dlcore.__version__}: reference", "", "Written by `make docs`; every example was run.", ""]
    lines += ["## Namespaces", ""]
    for name, (module, title) in namespaces.modules().items():
        first = (module.__doc__ or "").split("\n")[0]
        lines.append(f"- [{title}]({name}.md): {first.partition(': ')[2] or first}")
    lines += ["", "## Operators", "", "| family | operators |", "|---|---|"]
    for family, records in operators.families().items():
        lines.append(f"| [{family}](operators/{family}.md) | {', '.join(f'`{r.name}`' for r in records)} |")
    lines += ["", "## From MXNet", "", "- [where each name of MXNet is](mxnet.md)"]
    lines += ["", "## From NumPy", "", "- [where each name of NumPy is](numpy.md)"]
    return "\n".join(lines) + "\n"


def write(folder: Path, made: dict[str, str]) -> None:
    """Puts the pages in place of those of an earlier run."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".reference-"))
    for name, text in made.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    fresh.chmod(0o755)
    old = folder.with_name(f".{folder.name}-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "reference", help="the folder to write")
    options = parser.parse_args(arguments)
    try:
        made = pages()
    except ExampleError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    write(options.out, made)
    print(f"docs: {len(made)} pages in {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
