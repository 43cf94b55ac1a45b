"""One network's text while its diagram is edited: each change goes to the living network at once, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcore.interpret import Layer as Drawn
from dlcore.interpret import Structure

from . import views
from .errors import CleanError
from .language import NetworkError, parse
from .language.builder import Network
from .language.edits import edit
from .language.parts import network_names
from .language.regrow import Held, held, regrow
from .language.repeats import FORM
from .language.resolve import resolve
from .language.sketch import Sketch, sketch
from .language.source import MAGIC
from .language.tree import Program
from .language.words import ACTIVATIONS, INPUT, WORDS
from .network import describe, told

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@dataclass(frozen=True)
class Entry:
    """A text, and the layers of the network it was; None where it was none because of a mistake."""

    text: str
    held: Held | None


class Session:
    """The diagram's side of a network; a cell that is run again is the text's side.

    A text with a mistake is kept and shown with it, while the network stays what the last right text made of it.
    """

    def __init__(self, ip: InteractiveShell, name: str, net: Network) -> None:
        self.ip, self.name, self.net = ip, name, net
        self.shown: object = None  # the picture that asks, which is not told what it did itself
        self.past: list[Entry] = []
        self.coming: list[Entry] = []
        self.since: dict[int, int] | None = None  # where lines of a text with a mistake stood in the last right one
        self._begin(net)

    def _begin(self, net: Network) -> None:
        self.net, self.said, self.since = net, "", None
        self.error: NetworkError | None = None
        source = net.plan.program.source.text.rstrip()
        self.cell_text = source if source.lstrip().startswith(MAGIC) else net.to_source()
        lines = net.plan.program.body and not _is_drawn(net.plan.program)
        self.now = Entry(self.cell_text if lines else net.to_source(), held(net))

    # ------------------------------------------------------------------ what is shown

    def sketch(self) -> Sketch:
        """The rows of the text as it is now, its mistake marked."""
        return sketch(self._program(self.now.text), self.ip.user_ns, self.net, self.error)

    def state(self, selected: int = 0) -> dict[str, Any]:
        """Everything a page draws, as JSON can hold it."""
        found = self.sketch()
        rows = [
            {
                "line": row.line, "kind": row.kind, "name": row.name, "text": row.text, "inside": row.inside,
                "shape": row.shape, "parameters": row.parameters, "target": row.target, "fields": row.fields,
                "error": row.error, "sources": [list(source) for source in row.sources],
            }
            for row in found.rows
        ]  # fmt: skip
        error = found.error
        return {
            "type": "state",
            "name": self.name,
            "text": self.now.text,
            "cell": views.of(self.ip).homes.get(self.name),
            "cell_text": self.cell_text,
            "rows": rows,
            "selected": selected,
            "error": None if error is None else {"line": error.lineno, "message": error.message, "box": error.box()},
            "said": self.said,
            "summary": describe(self.net),
            "undo": len(self.past),
            "redo": len(self.coming),
        }

    def words(self) -> dict[str, Any]:
        """The vocabulary for the page's forms."""
        listed = [
            {"name": name, "doc": row.doc, "example": row.example, "joins": row.operands > 0}
            for name, row in WORDS.items()
        ]
        listed.append({"name": INPUT.name, "doc": INPUT.doc, "example": INPUT.example, "joins": False})
        listed.append({"name": "repeat", "doc": "several turns", "example": FORM, "joins": False})
        used = [name for name in network_names(self.ip.user_ns) if name != self.name]
        listed += [
            {"name": f"use {name}", "doc": "a network", "example": f"use {name}", "joins": False} for name in used
        ]
        return {"type": "words", "words": listed, "activations": list(ACTIVATIONS)}

    def structure(self) -> Structure:
        """The same as the rows of a still picture."""
        rows = self.sketch().rows
        whole = Drawn("", self.name, describe(self.net), "network", 0, -1)
        layers, places = [whole], {}
        depths = {0: 0}
        for row in rows:
            depths[row.line] = depths.get(row.inside, 0) + 1
            places[row.line] = len(layers)
            shape = tuple(map(int, row.shape.split("x"))) if row.shape and row.shape[0].isdigit() else None
            parent = places.get(row.inside, 0) if row.inside else 0
            kind = "network" if row.kind == "repeat" else "layer"
            name = row.name or row.text.rstrip(":")
            layers.append(Drawn(str(row.line), name, row.text, kind, depths[row.line], parent, shape, row.parameters))
        ends = {row.line: [r.line for r in rows if r.inside == row.line][-1:] for row in rows if row.kind == "repeat"}
        edges = []
        for row in rows:
            if row.kind == "repeat":
                continue
            for source, _, _ in row.sources:
                inner = source == row.inside and source
                start = next((r.sources[0][0] for r in rows if r.line == source), source) if inner else source
                start = ends[start][0] if start in ends and ends[start] else start
                if start in places:
                    edges.append((places[start], places[row.line]))
        return Structure(self.name, layers, edges)

    # ------------------------------------------------------------------ what is done

    def do(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """An edit, undo or redo of the page; gives the new state, or what is wrong with the request."""
        try:
            self._refuse_while_training()
            if request.get("do") == "undo":
                return self._step_back(self.past, self.coming)
            if request.get("do") == "redo":
                return self._step_back(self.coming, self.past)
            program = self._program(self.now.text)
            done = edit(program, request, network_names(self.ip.user_ns))
        except CleanError as error:
            return {"type": "refused", "text": getattr(error, "message", str(error)), "line": request.get("line")}
        if done.text == self.now.text:
            return self.state(done.line)
        self.past.append(self.now)
        self.coming.clear()
        before = self.since
        moved = {new: old if before is None else before.get(old, 0) for new, old in done.moved.items()}
        self._take(done.text, None, moved)
        return self._edited(done.line)

    def _edited(self, line: int) -> dict[str, Any]:
        self.cell_text = self.now.text
        return {**self.state(line), "edited": True}

    def follow(self, net: Network) -> None:
        """The cell was run again: its text is the text now."""
        if net.plan.program.source.text.strip() != self.now.text.strip():
            self.past.append(self.now)
            self.coming.clear()
        self._begin(net)

    def _step_back(self, taken: list[Entry], kept: list[Entry]) -> dict[str, Any]:
        if not taken:
            return self.state()
        entry = taken.pop()
        kept.append(self.now)
        self._take(entry.text, entry.held, None)
        return self._edited(0)

    def _take(self, text: str, before: Held | None, moved: dict[int, int] | None) -> None:
        """Make the network what `text` says; where it cannot be one, keep the text, the mistake and the network."""
        try:
            plan = resolve(self._program(text), self.ip.user_ns)
            grown = regrow(self.net, plan, before, moved)
        except NetworkError as error:
            self.error, self.since, self.said = error, moved, ""
            self.now = Entry(text, before)
            return
        self.error, self.since, self.said = None, None, told(grown)
        self.now = Entry(text, held(self.net))
        views.tell(self.ip, self.name, self.net, but=self.shown)

    def _program(self, text: str) -> Program:
        return parse(text, self.name, f"%%network {self.name}", network_names(self.ip.user_ns))

    def _refuse_while_training(self) -> None:
        from dlcore.run import training

        run = training(self.net)
        if run is not None:
            raise CleanError(f"{self.name} is being trained by the run {run.name}; stop it, then edit")


def _is_drawn(program: Program) -> bool:
    from .language.mermaid import is_flowchart

    return is_flowchart(program.source.text)
