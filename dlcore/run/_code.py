"""A run as Python cells that do it again: what was asked for, and each knob at its step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Turned = tuple[int, Mapping[str, float]]
ORDER = ("epochs", "batch", "optimizer", "lr", "loss", "metric", "seed", "name")


@dataclass
class Recipe:
    """How a run was asked for, as text: argument -> expression, and what has to be there under which name.

    Whoever knows how the user calls things (a magic does) writes the names into `words`.
    `before` is code that the cell needs first, such as a loss that was written in a cell.
    """

    words: dict[str, str]
    named: dict[str, str] = field(default_factory=dict)
    before: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Recipe:
        """From what `train` was called with; what cannot be written down goes by the argument's own name."""
        words, named = {}, {}
        for name, value in arguments.items():
            if value is None and name not in ("metric",):
                continue
            if is_plain(value):
                words[name] = repr(value)
            else:
                words[name] = name
                named[name] = type(value).__name__
        return cls(words, named)

    def rename(self, names: Mapping[str, str]) -> None:
        """Use the user's own names for arguments."""
        for name, word in names.items():
            if name in self.words and (name in self.named or name == "net"):
                self.words[name] = word

    def code(
        self, start: str, log: Iterable[tuple[int, Mapping[str, float]]], first: int, last: int, whole: bool
    ) -> str:
        """The cells. `start` is the file of the beginning, `first` and `last` the steps between which it trained."""
        there = {self.words[name] for name in self.named if not self.words[name].startswith("(")}
        lines = ["# %%", "import dlcore as dl", ""]
        if there:
            lines.append(f"# As they were when the run began: {', '.join(sorted(there))}")
        if self.before:
            lines += ["", "# %%", self.before.rstrip()]
        at: dict[int, dict[str, float]] = {}
        for step, knobs in log:
            if first <= step < last or (step == last and not whole):
                at.setdefault(step, {}).update(knobs)
        at = {step: knobs for step, knobs in at.items() if step < last}
        lines += ["", "# %%", "run = dl.run.train("]
        lines.append(f"    {self.words['net']},")
        keys = [key for key in ("data", "val", *ORDER) if key in self.words]
        keys += [key for key in self.words if key not in keys and key != "net"]
        lines += [f"    {key}={self.words[key]}," for key in keys]
        lines.append(f"    resume={start!r},  # weights, random state and place in the data")
        if at:
            lines.append("    knobs_at={  # after so many steps")
            lines += [f"        {step}: {knobs!r}," for step, knobs in sorted(at.items())]
            lines.append("    },")
        if not whole:
            lines.append(f"    steps={last},")
        return "\n".join([*lines, ")", ""])


def is_plain(value: Any) -> bool:
    """Whether `repr` of a value is Python that makes it again."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, (tuple, list)):
        return len(value) < 10 and all(is_plain(part) for part in value)
    return value is None or type(value) in (str, int, bool)
