"""Pages about namespaces, from the docstrings of what they offer; their examples run on the way."""

from __future__ import annotations

import importlib
import inspect
import re
from types import ModuleType
from typing import Any

import rooms
from examples import elsewhere, run_docstring
from operators import cell

from dlcore.ops import RECORDS

# Page -> (module, what stands at its head).
PAGES = {
    "np": ("dlcore.array.np", "dlcore.np"),
    "np.random": ("dlcore.array.np_random", "dlcore.np.random"),
    "linalg": ("dlcore.array.linalg", "dlcore.np.linalg"),
    "fft": ("dlcore.array.fft", "dlcore.np.fft"),
    "nd": ("dlcore.array.nd", "dlcore.nd"),
    "nd.random": ("dlcore.array.random", "dlcore.random, also dlcore.nd.random"),
    "nd.contrib": ("dlcore.array.contrib", "dlcore.nd.contrib"),
    "nd.image": ("dlcore.array.image", "dlcore.nd.image"),
    "npx": ("dlcore.array.npx", "dlcore.npx"),
    "autograd": ("dlcore.autograd", "dlcore.autograd"),
    "amp": ("dlcore.amp", "dlcore.amp"),
}


def modules() -> dict[str, tuple[ModuleType, str]]:
    """The namespaces that exist, by page."""
    found = {}
    for page, (name, title) in PAGES.items():
        try:
            found[page] = (importlib.import_module(name), title)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    for page, module in rooms.modules().items():
        found[page] = (module, f"dlcore.{page}")
    return found


def names(module: ModuleType) -> list[str]:
    """What the namespace offers: no modules, no helpers of its own."""
    if module.__name__ in rooms.ROOMS.values():
        return rooms.offered(module)
    chosen = []
    listed = getattr(module, "__all__", None) if module.__name__ == "dlcore.autograd" else None
    for name in listed or dir(module):
        if name[0] == "_" or name in ("annotations", "Any", "Callable", "Sequence", "NamedTuple"):
            continue
        value = getattr(module, name)
        home = getattr(value, "__module__", None) or ""
        if name in ("NDArray", "asarray") and not module.__name__.endswith((".np", ".nd")):
            continue  # what the module itself needs
        if isinstance(value, ModuleType) or (callable(value) and not home.startswith("dlcore")):
            continue
        chosen.append(name)
    return sorted(chosen, key=str.lower)


def page(title: str, module: ModuleType) -> str:
    """One page: the namespace's own text, a table, then every name."""
    listed = names(module)
    head = [f"# {title}", "", *(inspect.getdoc(module) or "").split("\n"), "", "| name | |", "|---|---|"]
    body: list[str] = []
    with elsewhere():
        for name in listed:
            value = getattr(module, name)
            link, lines = entry(title.split(",")[0].removeprefix("dlcore."), name, value, module)
            head.append(f"| {link} | {cell(summary(value))} |")
            body += lines
    return "\n".join([*head, *body]) + "\n"


def summary(value: Any) -> str:
    if not callable(value):
        return f"`{value!r}`"
    text = inspect.getdoc(value) or ""
    return re.split(r"\n\s*\n|(?<=[.!?]) ", text, maxsplit=1)[0].replace("\n", " ")


def operator_of(value: Any) -> str | None:
    """The operator that a function is, nothing else."""
    inner = inspect.unwrap(value) if callable(value) else None
    name = getattr(inner, "__name__", "")
    return name if getattr(inner, "__module__", "") == "dlcore.ops.F" and name in RECORDS else None


def entry(space: str, name: str, value: Any, module: ModuleType) -> tuple[str, list[str]]:
    """The link for the table, and the entry; operators have theirs on the page of their family."""
    operator = operator_of(value)
    if operator:
        return f"[`{name}`](operators/{RECORDS[operator].family or 'other'}.md#{operator})", []
    if not callable(value):
        return f"`{name}`", []
    anchor = re.sub(r"[^a-z0-9_ -]", "", f"{space}.{name}".lower())
    if isinstance(value, type):
        lines = ["", f"## {space}.{name}", "", *text_of(f"{space}.{name}", value, module)]
        for member in sorted(n for n in vars(value) if n[0] != "_" and inspect.getdoc(getattr(value, n))):
            one = getattr(value, member)
            shown = signature(one) if callable(one) else ""
            lines += ["", f"### {name}.{member}", "", "```python", f"{name}.{member}{shown}", "```", ""]
            lines += text_of(f"{name}.{member}", one, module)
        return f"[`{name}`](#{anchor})", lines
    shown = f"{space}.{name}{signature(value)}"
    return f"[`{name}`](#{anchor})", [
        "", f"## {space}.{name}", "", "```python", shown, "```", "", *text_of(f"{space}.{name}", value, module),
    ]  # fmt: skip


def signature(value: Any) -> str:
    try:
        text = str(inspect.signature(value))
    except (TypeError, ValueError):
        return "(...)"
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)  # annotations are kept as text
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def text_of(name: str, value: Any, module: ModuleType) -> list[str]:
    """The docstring with its examples as a session of their own."""
    text = inspect.getdoc(value) or ""
    words = re.split(r"^\s*>>> ", text, maxsplit=1, flags=re.M)[0].rstrip()
    inner = inspect.unwrap(value) if callable(value) else getattr(value, "fget", value)
    home = importlib.import_module(getattr(inner, "__module__", None) or module.__name__)
    session = run_docstring(name, text, dict(vars(home)))
    return [*words.split("\n"), *(["", "```pycon", *session, "```"] if session else [])]
