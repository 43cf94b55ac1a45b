"""From a plan to a network: a HybridBlock made of Gluon layers, with its parameters initialised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore import autograd
from dlcore.gluon import HybridBlock

from .infer import infer
from .kinds import shape_text
from .layers import activation_layer
from .plan import INPUT, USE, Plan, Step
from .shapes import Shape, ShapeProblem
from .source import to_source
from .words import WORDS


class Network(HybridBlock):
    """A network described in the language. It is a HybridBlock like any other, and knows its own text.

    ``plan`` has its steps, ``shapes`` the shape of each step without the batch (None where it is not known yet).
    Inputs are arrays of shape (batch, *shape of the input line*).
    """

    def __init__(self, plan: Plan, given: Sequence[Shape | None] = ()) -> None:
        super().__init__()
        self.plan = plan
        self.shapes = infer(plan, given, probe)
        self.layers = [self._register(step.name, self._layer(step)) for step in plan.steps]
        self.activations = [self._register(f"{step.name}_{step.activation}", _after(step)) for step in plan.steps]
        self._last_use = _last_uses(plan)

    def _register(self, name: str, block: Any) -> Any:
        if block is not None:
            self.register_child(block, name)
        return block

    def _layer(self, step: Step) -> Any:
        """The Gluon block of one step; None for an input and for what is computed without a layer."""
        if step.word == INPUT:
            return None
        shape = self.shapes[step.sources[0]]
        if step.word == USE:
            return Network(step.part, [shape]) if isinstance(step.part, Plan) else step.part
        row = WORDS[step.word]
        if row.build is None:
            return None
        inside = (step.activation,) if row.activation == "inside" else ()
        try:
            return row.build(step.settings, shape, *inside)
        except ShapeProblem as problem:
            raise self.plan.source.error(str(problem), step.span) from None

    def forward(self, *inputs: Any) -> Any:
        """The output for a batch; raises ValueError when the inputs do not have the shapes of the text."""
        self._check(inputs)
        feed = iter(inputs)
        values: list[Any] = []
        for number, step in enumerate(self.plan.steps):
            taken = [values[source] for source in step.sources]
            for source in self._last_use[number]:
                values[source] = None
            values.append(next(feed) if step.word == INPUT else self._run(number, step, taken))
        return values[-1]

    def _run(self, number: int, step: Step, taken: list[Any]) -> Any:
        layer, activation = self.layers[number], self.activations[number]
        if layer is not None:
            value = layer(*taken)
        else:
            apply = WORDS[step.word].apply
            assert apply is not None
            value = apply(step.settings, taken)
        return value if activation is None else activation(value)

    def _check(self, inputs: Sequence[Any]) -> None:
        wanted = [shape for step, shape in zip(self.plan.steps, self.shapes, strict=True) if step.word == INPUT]
        if len(inputs) != len(wanted):
            raise ValueError(f"{self.plan.name} takes {len(wanted)} inputs, but got {len(inputs)}")
        for shape, value in zip(wanted, inputs, strict=True):
            if shape is not None and tuple(value.shape[1:]) != shape:
                raise ValueError(
                    f"{self.plan.name} expects a batch of {shape_text(shape)}, "
                    f"an array of shape (batch, {', '.join(map(str, shape))}), but got {tuple(value.shape)}"
                )

    def to_source(self) -> str:
        """The text of this network, tidied: a cell that makes it again (with new parameters)."""
        return to_source(self.plan.program)


def _after(step: Step) -> Any:
    """The activation that follows a layer as a layer of its own, or None."""
    row = WORDS.get(step.word)
    after = row is not None and row.activation == "after" and step.activation
    return activation_layer(step.activation) if after else None


def _last_uses(plan: Plan) -> list[list[int]]:
    """For each step the earlier values that nobody needs after it, so that they can be let go."""
    last = {source: number for number, step in enumerate(plan.steps) for source in step.sources}
    done: list[list[int]] = [[] for _ in plan.steps]
    for source, number in last.items():
        done[number].append(source)
    return done


def probe(block: Any, shape: Shape) -> Shape:
    """The shape a Gluon block gives for one sample of ``shape``, found by running it once on zeros."""
    from dlcore import np

    prepare(block)
    with autograd.pause():
        out = block(np.zeros((1, *shape)))
    if isinstance(out, (tuple, list)):
        raise ValueError(f"it gives {len(out)} values, and a network's line has one")
    return tuple(out.shape[1:])


def prepare(block: Any) -> None:
    """Initialise the parameters that nobody has initialised yet; the others keep their values."""
    from dlcore import init

    fresh = [p for p in block.collect_params().values() if p._data is None and not p._deferred_init]
    for parameter in fresh:
        parameter.initialize(default_init=init.Xavier())


def build(plan: Plan, given: Sequence[Shape | None] = ()) -> Network:
    """The network of a plan, ready to train. ``given`` are input shapes that the text does not tell."""
    network = Network(plan, given)
    prepare(network)
    return network
