"""The Python side of the diagram: it passes on what the page asks, and tells the page when the text was changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import anywidget

from dlcore.interpret import Structure

from ..explorer.raster import still
from ..explorer.static import mermaid, svg

HERE = Path(__file__).parent

if not (HERE / "bundle.js").exists():
    raise ImportError(f"{HERE / 'bundle.js'} is missing: build it with `python widgets/build.py`")


class Design(Protocol):
    """What a diagram shows and changes."""

    def state(self, selected: int = 0) -> dict[str, Any]:
        """All that the page draws."""

    def words(self) -> dict[str, Any]:
        """The words that a line may begin with."""

    def do(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Make an edit; the new state, or a refusal."""

    def follow(self, net: Any) -> None:
        """The text was changed elsewhere, and made this network."""

    def structure(self) -> Structure:
        """The rows of the still picture."""


class Diagram(anywidget.AnyWidget):
    """The diagram of a network's text; `%diagram` makes it.

    The page sends `hello` and gets the words and the state; `edit` with what to do, and gets the state after it or a
    refusal; `export`.
    """

    _esm = HERE / "bundle.js"
    _css = HERE / "bundle.css"

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        self.on_msg(self._receive)

    def follow(self, net: Any) -> None:
        """Show what the name means now."""
        self.design.follow(net)
        self.send({**self.design.state(), **self._still()})

    def svg(self) -> str:
        """The still picture."""
        return svg(self.design.structure())

    def _still(self) -> dict[str, Any]:
        found = self.design.structure()
        return {"model_id": self.model_id, "picture": svg(found), "still": str(found)}

    def _repr_mimebundle_(self, **options: Any) -> Any:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        picture, sizes = still(self.design.structure())
        return {**data, **picture}, {**metadata, **sizes}

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("type")
        try:
            if kind == "hello":
                self.send(self.design.words())
                self.send({**self.design.state(), **self._still()})
            elif kind == "edit":
                answer = self.design.do(content)
                self.send({**answer, **(self._still() if answer["type"] == "state" else {})})
            elif kind == "export":
                draw = mermaid if content.get("kind") == "mermaid" else svg
                self.send({"type": "export", "kind": content.get("kind"), "text": draw(self.design.structure(), set())})
        except Exception as error:  # a slip of ours must not look like silence
            self.send({"type": "refused", "text": f"{type(error).__name__}: {error}", "line": None})
