"""The Python side of the explorer: it answers what the page asks, between two steps where the network is training."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import numpy as np

from dlcore.array import array
from dlcore.interpret import Look, Probe, Program, Structure, program, structure
from dlcore.interpret._batch import batch_of, objective_of
from dlcore.run import training

from ..loss_chart.model import let_through
from .raster import still
from .samples import are_pictures, attribution, pictures
from .static import closed_at_first, mermaid, svg

HERE = Path(__file__).parent
SAMPLES = 16  # how many are sent through the network for a look
NOISE = 4

if not (HERE / "bundle.js").exists():
    raise ImportError(f"{HERE / 'bundle.js'} is missing: build it with `python widgets/build.py`")


class Explorer(anywidget.AnyWidget):
    """The explorer of one network; `explore` makes it.

    The page sends `hello` and gets the structure; `look` with a path, again and again while it is watched, and gets
    the layer's figures when they have changed; `program` and `export`; `pictures` and `saliency` for the samples. A
    network that is training is looked at on its run's own thread between two steps.
    """

    _esm = HERE / "bundle.js"
    _css = HERE / "bundle.css"

    def __init__(self, net: Any, x: Any = None, y: Any = None, loss: Any = None, name: str | None = None) -> None:
        super().__init__()
        self._x, self._y, self._loss, self._name = x, y, loss, name
        self._take(net)
        self._lock = threading.Lock()
        self._asked: str | None = None
        self._sent: tuple[str, int] | None = None
        let_through(self)
        self.on_msg(self._receive)

    def _take(self, net: Any) -> None:
        objective = None if self._y is None else objective_of(net, self._loss)
        self.structure: Structure = structure(net, self._x, self._name)
        self._net = net
        self._probe = Probe(net, self._x, self._y, objective)

    def follow(self, net: Any) -> None:
        """Look into `net` from now on; it may be the same network, changed."""
        shape = _input_shape(net)
        if self._y is None and shape is not None and self._x is not None and tuple(self._x.shape[1:]) != shape:
            self._x = noise(shape)
        self._take(net)
        self._sent = None
        self._send_structure()

    # ------------------------------------------------------------------ the same from Python

    def look(self, path: str = "") -> Look:
        """The weights, activations and gradients of the layer at `path` as they are now."""
        return self._probe.look(path)

    def program(self) -> Program:
        """What the compiler makes of the network, with the time of each kernel. ValueError where there is no data."""
        if self._x is None:
            raise ValueError("explore: the program is known once there is data: explore(net, data=...)")
        return program(self._net, self._x)

    def svg(self, closed: set[str] | None = None) -> str:
        """The graph as an SVG picture; `closed` are the paths that are folded."""
        return svg(self.structure, closed)

    def mermaid(self, closed: set[str] | None = None) -> str:
        """The graph as Mermaid text."""
        return mermaid(self.structure, closed)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        picture, sizes = still(self.structure)
        return {**data, **picture}, {**metadata, **sizes}

    # ------------------------------------------------------------------ what the page asks

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("type")
        try:
            if kind == "hello":
                self._send_structure()
            elif kind == "look":
                self._answer(str(content.get("path", "")), bool(content.get("fresh")))
            elif kind == "pictures":
                self._send_pictures()
            elif kind == "saliency":
                sample, way = int(content.get("sample", 0)), str(content.get("way"))
                self._when_free(lambda: self._send_attribution(sample, way))
            elif kind == "program":
                self._send_program(str(content.get("path", "")))
            elif kind == "export":
                draw = mermaid if content.get("kind") == "mermaid" else svg
                text = draw(self.structure, set(map(str, content.get("closed", []))))
                self.send({"type": "export", "kind": content.get("kind"), "text": text})
        except Exception as error:  # the page says so; a look must never end somebody's training
            self.send({"type": "error", "text": f"{type(error).__name__}: {error}"})

    def _send_structure(self) -> None:
        found = self.structure
        rows = [
            {
                "path": layer.path,
                "name": layer.name,
                "label": layer.label,
                "kind": layer.kind,
                "depth": layer.depth,
                "parent": layer.parent,
                "shape": None if layer.shape is None else list(layer.shape),
                "parameters": layer.parameters,
            }
            for layer in found.layers
        ]
        content = {"type": "structure", "model_id": self.model_id, "name": found.name, "rows": rows, "note": found.note}
        closed = sorted(closed_at_first(found))
        self.send(
            {
                **content,
                "edges": found.edges,
                "wrong": found.wrong,
                "closed": closed,
                "picture": svg(found),
                "text": str(found),
            }
        )

    def _answer(self, path: str, fresh: bool) -> None:
        """Send a look at `path`: now, or from the run's thread between two steps."""
        if fresh:
            self._sent = None
            self._complete()
        run = training(self._net)
        if run is None or run.state in ("pending", "paused"):
            self._send_look(path, None if run is None else run.step)
            return
        with self._lock:
            waiting, self._asked = self._asked, path
        if waiting is None:

            def between_steps(_kind: str, _payload: dict[str, Any]) -> None:
                run.remove_listener(between_steps)
                with self._lock:
                    asked, self._asked = self._asked, None
                if asked is not None:
                    self._send_look(asked, run.step)

            run.add_listener(between_steps)
            if run.ended:  # it ended meanwhile and will not call
                between_steps("end", {})

    def _when_free(self, act: Callable[[], None]) -> None:
        """Do it now, or where the network is training on the run's thread between two steps."""
        run = training(self._net)
        if run is None or run.state in ("pending", "paused"):
            act()
            return
        waiting = [act]

        def between_steps(_kind: str, _payload: dict[str, Any]) -> None:
            run.remove_listener(between_steps)
            with self._lock:
                acts, waiting[:] = waiting[:], []
            for one in acts:
                try:
                    one()
                except Exception as error:
                    self.send({"type": "error", "text": f"{type(error).__name__}: {error}"})

        run.add_listener(between_steps)
        if run.ended:  # it ended meanwhile and will not call
            between_steps("end", {})

    def _send_pictures(self) -> None:
        if not are_pictures(self._x):
            note = (
                "the samples are no pictures" if self._x is not None else "samples are seen once there is data: --data"
            )
            self.send({"type": "pictures", "count": 0, "note": note})
            return
        content, tiles = pictures(self._x)
        self.send({"type": "pictures", **content}, buffers=[tiles])

    def _send_attribution(self, sample: int, way: str) -> None:
        content, heat = attribution(self._net, self._x, sample, way)
        self.send({"type": "saliency", **content}, buffers=[heat])

    def _complete(self) -> None:
        """Draw the connections after all, once a network that had no weights has some."""
        if self._x is None or self.structure.edges or training(self._net) is not None or not self._version():
            return
        found = structure(self._net, self._x, self._name)
        if found.edges:
            self.structure = found
            self._send_structure()

    def _send_look(self, path: str, step: int | None) -> None:
        state = (path, self._version())
        if state == self._sent:
            self.send({"type": "same", "path": path})
            return
        try:
            seen = self._probe.look(path)
        except Exception as error:
            self.send({"type": "error", "text": f"{type(error).__name__}: {error}"})
            return
        self._sent = state
        content, buffers = packed(seen)
        self.send({"type": "look", "step": step, **content}, buffers=buffers)

    def _version(self) -> int:
        """Grows with every write to a parameter."""
        total = 0
        for parameter in self._net.collect_params().values():
            try:
                total += parameter.data()._version
            except RuntimeError:
                continue
        return total

    def _send_program(self, path: str) -> None:
        found = self.program()
        calls, kernels = found.of(path)
        listed = [{"text": k.text, "seconds": k.seconds, "shared": len(k.paths)} for k in kernels]
        content = {"type": "program", "path": path, "calls": calls, "kernels": listed}
        self.send({**content, "seconds": found.seconds, "count": len(found.kernels), "arena": found.arena_bytes})


def packed(seen: Look) -> tuple[dict[str, Any], list[bytes]]:
    """A look as JSON can hold it, and the pictures as bytes."""
    listed, buffers = [], []
    for section, found in seen.measures():
        entry: dict[str, Any] = {"section": section, "tiles": None}
        for key in ("name", "dtype", "mean", "std", "low", "high", "nan", "inf", "zeros", "units", "dead", "reach"):
            value = getattr(found, key)
            entry[key] = None if isinstance(value, float) and not math.isfinite(value) else value
        entry["shape"], entry["counts"] = list(found.shape), found.counts
        if found.tiles is not None:
            entry["tiles"] = list(found.tiles.shape)
            buffers.append(np.ascontiguousarray(found.tiles).tobytes())
        listed.append(entry)
    loss = seen.loss if seen.loss is not None and math.isfinite(seen.loss) else None
    return {"path": seen.path, "label": seen.label, "loss": loss, "note": seen.note, "measures": listed}, buffers


def explore(net: Any, data: Any = None, loss: Any = None, input: Any = None, name: str | None = None) -> Explorer:
    """An explorer of `net`; as the last value of a cell it shows itself.

    data: what `dlcore.run.train` takes; its first samples are sent through the network for activations and, with
    `loss` (default: the one training would take), gradients. input: the shape of one sample, without the batch, where
    there is no data: then the samples are random numbers. Nothing of the network changes.
    Errors: TypeError where `net` is no network or `data` no data.
    """
    if data is not None:
        x, y = batch_of(data, SAMPLES)
        return Explorer(net, x, y, loss, name)
    shape = input if input is not None else _input_shape(net)
    if shape is None:
        return Explorer(net, name=name)
    return Explorer(net, noise(shape), name=name)


def noise(shape: tuple[int, ...]) -> Any:
    """Samples to look with where there is no data."""
    return array(np.random.default_rng(0).normal(size=(NOISE, *shape)).astype(np.float32))


def _input_shape(net: Any) -> tuple[int, ...] | None:
    """The shape of one sample, where a network of the network language knows it."""
    shapes = getattr(net, "shapes", None)
    if not isinstance(shapes, (list, tuple)) or not shapes or not hasattr(net, "plan"):
        return None
    return None if len(net.plan.inputs) != 1 or shapes[0] is None else tuple(shapes[0])
