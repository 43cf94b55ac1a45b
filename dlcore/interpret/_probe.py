"""Weights, activations and gradients of a layer as they are now, taken so that nobody notices.

One forward pass in predict mode on a batch of its own, and one backward pass whose gradients go to the caller and not
into the network: weights, gradients, running statistics, optimizer and random state are those from before, to the bit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore import autograd
from dlcore._core import NDArray
from dlcore.gluon._mode import plain
from dlcore.ops import F

from ._blocks import batch_for, check_network, find
from ._measure import WHOLE, Measure, map_tiles, measure, weight_tiles, with_tiles

CHANNELS_SECOND = ("Conv", "Pool", "BatchNorm", "InstanceNorm", "GroupNorm")


@dataclass
class Look:
    """What was seen of one layer. `note` says what could not be, and why.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(3, in_units=4)
    >>> net.initialize()
    >>> look = Probe(net, dl.np.ones((2, 4))).look("")
    >>> [(section, found.name) for section, found in look.measures()]
    [('weights', 'weight'), ('weights', 'bias'), ('activations', 'output')]
    """

    path: str
    label: str
    weights: list[Measure] = field(default_factory=list)
    activations: list[Measure] = field(default_factory=list)
    gradients: list[Measure] = field(default_factory=list)
    attention: list[Measure] = field(default_factory=list)
    loss: float | None = None
    note: str = ""

    def measures(self) -> list[tuple[str, Measure]]:
        """Everything with the name of its section."""
        sections = ("weights", "activations", "gradients", "attention")
        return [(section, found) for section in sections for found in getattr(self, section)]

    def __repr__(self) -> str:
        lines = [f"{self.path or 'the network'}: {self.label}"]
        lines += [
            f"  {section[:-1] if section.endswith('s') else section} {found}" for section, found in self.measures()
        ]
        return "\n".join([*lines, *([f"  {self.note}"] if self.note else [])])


class Probe:
    """Looks into the layers of `net` on the batch `x` (n, ...), with labels `y` and a loss where there are any.

    `objective` is called as `objective(net, x, y)` and gives the loss; without it there are no gradients.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(3, in_units=4)
    >>> net.initialize()
    >>> probe = Probe(net, dl.np.ones((2, 4)), dl.np.zeros((2, 3)), lambda net, x, y: ((net(x) - y) ** 2).mean())
    >>> look = probe.look("")
    >>> [found.name for found in look.weights], [found.name for found in look.gradients]
    (['weight', 'bias'], ['output', 'weight', 'bias'])
    """

    def __init__(self, net: Any, x: Any = None, y: Any = None, objective: Any = None) -> None:
        check_network(net, "Probe")
        self.net = net
        self.x, self.y, self.objective = x, y, objective

    def look(self, path: str) -> Look:
        """What there is to see of the layer at `path`. Raises KeyError for a path that is not there."""
        from ._blocks import label_of

        block = find(self.net, path, "look")
        seen = Look(path, label_of(block))
        own = _own_parameters(block)
        if any(array is None for array in own.values()):
            seen.note = "its weights have no values yet: call initialize(), or train"
            own = {name: array for name, array in own.items() if array is not None}
        for name, array in own.items():
            values = array.asnumpy()
            seen.weights.append(with_tiles(measure(name, values), weight_tiles(values)))
        if self.x is None or seen.note:
            seen.note = seen.note or "activations and gradients are seen once there is data: --data"
            return seen
        self._run(block, own, seen)
        return seen

    def _run(self, block: Any, own: dict[str, Any], seen: Look) -> None:
        """One pass with hooks on the layer, for this thread alone."""
        outputs: list[Any] = []
        parts: dict[str, Any] = {}
        here = threading.get_ident()

        def keep(_: Any, __: Any, output: Any) -> None:
            if threading.get_ident() == here:
                outputs.extend(_leaves(output))

        handles = [block.register_forward_hook(keep)]
        for name in ("query", "key") if _attends(block) else ():

            def part(_: Any, __: Any, output: Any, name: str = name) -> None:
                if threading.get_ident() == here:
                    parts[name] = output

            handles.append(block._children[name].register_forward_hook(part))
        plain.on = True
        learned = {name: array for name, array in own.items() if _learns(block, name)}
        x = batch_for(self.net, self.x)
        y = None if self.y is None else batch_for(self.net, self.y)
        try:
            if self.objective is None or y is None:
                with autograd.pause(train_mode=False):
                    self.net(x)
                gradients = None
            else:
                with autograd.record(train_mode=False):
                    loss = self.objective(self.net, x, y)
                    loss = F.mean(loss) if loss.ndim else loss
                seen.loss = float(loss.asnumpy())
                gradients = _gradients(loss, [*outputs[:1], *learned.values()])
        finally:
            plain.on = False
            for handle in handles:
                handle.detach()
        self._note(block, outputs, list(learned), gradients, seen)
        if len(parts) == 2:
            seen.attention = _attention(block, parts)

    def _note(
        self, block: Any, outputs: list[Any], learned: list[str], gradients: list[Any] | None, seen: Look
    ) -> None:
        if not outputs:
            seen.note = "the network did not call this layer"
            return
        values = outputs[0].asnumpy()
        second = values.ndim == 4 or any(word in type(block).__name__ for word in CHANNELS_SECOND)
        seen.activations.append(with_tiles(measure("output", values, 1 if second else -1), map_tiles(values)))
        if gradients is None:
            seen.note = "gradients are seen once there are labels and a loss: --data"
            return
        for name, gradient in zip(["output", *learned], gradients, strict=True):
            values = gradient.asnumpy()
            tiles = map_tiles(values) if name == "output" else weight_tiles(values)
            seen.gradients.append(with_tiles(measure(name, values), tiles))


def _leaves(output: Any) -> list[Any]:
    if isinstance(output, (list, tuple)):
        return [leaf for part in output for leaf in _leaves(part)]
    return [output] if isinstance(output, NDArray) else []


def _own_parameters(block: Any) -> dict[str, Any]:
    """The arrays of the block's own parameters; None for one without values."""
    found: dict[str, Any] = {}
    for name, parameter in block.own_params().items():
        try:
            found[name] = parameter.data()
        except Exception as error:
            if "Deferred" not in type(error).__name__ and not isinstance(error, RuntimeError):
                raise
            found[name] = None
    return found


def _learns(block: Any, name: str) -> bool:
    return block.own_params()[name].grad_req != "null"


def _gradients(loss: Any, variables: list[Any]) -> list[Any]:
    found = autograd.grad(loss, variables, train_mode=False)
    return found if isinstance(found, list) else list(found)


def _attends(block: Any) -> bool:
    return type(block).__name__ == "MultiHeadAttention"


def _attention(block: Any, parts: dict[str, Any]) -> list[Measure]:
    """The attention weights of the first sample, a picture a head; a mask given in the call is not known here."""
    query, key = (block._heads_of(parts[name]) for name in ("query", "key"))
    if getattr(block, "rotary", None) is not None:
        query, key = block.rotary(query), block.rotary(key)
    q, k = query.asnumpy()[0].astype(np.float64), key.asnumpy()[0].astype(np.float64)
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    if block._causal:
        scores = np.where(np.tril(np.ones(scores.shape[-2:], bool)), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    step = -(-max(weights.shape[1:]) // WHOLE)
    return [with_tiles(measure("weights of the heads", weights), weights[:16, ::step, ::step])]
