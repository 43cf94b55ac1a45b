"""The Python side of the monitor: it reads the machine when the page asks, and never by itself."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget

from dlcore.interpret import Machine, Program, Reading

from ..loss_chart.model import let_through
from .static import png

HERE = Path(__file__).parent
KEPT = 120  # readings: two minutes at one a second

if not (HERE / "bundle.js").exists():
    raise ImportError(f"{HERE / 'bundle.js'} is missing: build it with `python widgets/build.py`")


class Monitor(anywidget.AnyWidget):
    """The monitor; as the last value of a cell it shows itself.

    A page that can be seen sends `read` once a second and gets a reading. A closed one asks for nothing, so that it
    costs nothing. `program` is what the compiler made of a network, for its memory by layer.
    """

    _esm = HERE / "bundle.js"
    _css = HERE / "bundle.css"

    def __init__(self, program: Program | None = None) -> None:
        super().__init__()
        self.program = program
        self.readings: deque[Reading] = deque(maxlen=KEPT)
        self._machine = Machine()
        self.read()
        let_through(self)
        self.on_msg(self._receive)

    def read(self) -> Reading:
        """One more reading."""
        self.readings.append(self._machine.read())
        return self.readings[-1]

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("type")
        if kind == "hello":
            arena = None if self.program is None else {"name": self.program.name, "bytes": self.program.arena_bytes,
                                                       "layers": list(self.program.arena.items())}  # fmt: skip
            told = {"type": "machine", "model_id": self.model_id, "arena": arena}
            self.send({**told, "readings": [asdict(reading) for reading in self.readings]})
        elif kind == "read":
            self.send({"type": "reading", **asdict(self.read())})
        elif kind == "picture":
            data, size = png(self)
            self.send({"type": "picture", "text": repr(self), "size": size}, buffers=[data])

    def __repr__(self) -> str:
        return repr(self.readings[-1])

    def _repr_mimebundle_(self, **options: Any) -> Any:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        picture, size = png(self)
        more = {"image/png": picture, "text/plain": repr(self)}
        return {**data, **more}, {**metadata, "image/png": size}


def monitor(program: Program | None = None) -> Monitor:
    """A monitor of this machine, with the memory by layer of a `dlcore.interpret.program` if there is one."""
    return Monitor(program)
