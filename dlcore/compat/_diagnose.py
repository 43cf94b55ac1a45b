"""Reading an old text without running it: what is wrong in it, line by line, and what to write instead."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from ._texts import NAMES, RULES


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the line (from 1), what it is, and the fix.

    >>> found = Finding(3, "the number of samples is missing", "trainer.step(batch_size)")
    >>> print(found)
    line 3: the number of samples is missing; instead: trainer.step(batch_size)
    """

    line: int
    wrong: str
    fix: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.wrong}; instead: {self.fix}"


def diagnose(text: str, names: Iterable[str] = ()) -> list[Finding]:
    """What is wrong in a program that was written for MXNet, in the order of its lines; nothing is run.

    Knows the mistakes of texts that were never run: names that do not exist, arguments of other libraries, words that
    are no Python, and lines that run but mean something else. `names` are defined already, as in a notebook.

    >>> for found in diagnose("trainer.step()", ["trainer"]):
    ...     print(found)
    line 1: the number of samples is missing; instead: trainer.step(batch_size)
    """
    text = textwrap.dedent(text)
    found = []
    for rule in RULES:
        if rule.unless is not None and rule.unless.search(text):
            continue
        for match in rule.pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Finding(line, rule.wrong.format(*match.groups()), rule.fix.format(*match.groups())))
    found += _undefined(text, {*names})
    return sorted(dict.fromkeys(found), key=lambda finding: finding.line)


def _undefined(text: str, known: set[str]) -> list[Finding]:
    """Names that nothing in the text makes; none where the text is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    made = known | set(dir(builtins))
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.setdefault(node.id, node.lineno)
                used[node.id] = min(used[node.id], node.lineno)
            else:
                made.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).split(".")[0])
    return [
        Finding(line, f"{name!r} is not defined", NAMES.get(name, f"{name} = ..., before this line"))
        for name, line in used.items()
        if name not in made
    ]
