"""From a plan to a network: a HybridBlock made of Gluon layers, with its parameters initialised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore import autograd
from dlcore.gluon import HybridBlock
from dlcore.gluon._count import unique

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
    Inputs are arrays of shape (batch, *shape of the input line*). A layer is an attribute under its name
    (``net.conv1``) and its parameters are ``conv1.weight`` and so on.
    """

    def __init__(self, plan: Plan, given: Sequence[Shape | None] = ()) -> None:
        super().__init__(prefix=f"{plan.name}_")
        self._fresh: dict[str, int] = {}  # the parameters that came with the network, and the version they had then
        self.plan = plan
        self.shapes = infer(plan, given, probe)
        for step in plan.steps:
            self._add_child(step.name, self._layer_of(step))
            self._add_child(_after_name(step), _after(step))
        self._last_use = _last_uses(plan)

    def _add_child(self, name: str, block: Any) -> None:
        if block is not None:
            self.register_child(block, name)

    @property
    def layers(self) -> list[Any]:
        """The block of each step, None where a step needs none. A layer that is replaced by assignment counts."""
        return [self._children.get(step.name) for step in self.plan.steps]

    def __getattr__(self, name: str) -> Any:
        """A layer by its name; Python asks this only for names that are no attributes."""
        children = self.__dict__.get("_children", {})
        if name in children:
            return children[name]
        raise AttributeError(f"{type(self).__name__} {self.__dict__.get('_prefix', '')[:-1]} has no layer {name}")

    def initialize(self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False) -> None:
        """Give every parameter its first values anew: with another initializer (default: Xavier) or on another device.

        A network has its first values from the beginning. They are replaced as long as nothing has changed them; a
        trained network is left alone with a warning, as any block is, unless ``force_reinit``. Gluon blocks that came
        with ``use`` keep their values and only go to the device.
        """
        from dlcore.init import Xavier

        parameters = self.collect_params()
        mine = {path: parameters[path] for path in self._fresh}
        untouched = all(version(parameter) == self._fresh[path] for path, parameter in mine.items())
        for path, parameter in parameters.items():
            if path in mine or force_reinit or not is_initialized(parameter):
                parameter.initialize(None, ctx, Xavier() if init is None else init, force_reinit or untouched)
            elif ctx is not None:
                parameter.reset_ctx(ctx)
            if verbose:
                print(f"initialized {parameter}")
        self._fresh = {path: version(parameter) for path, parameter in mine.items()}

    def _layer_of(self, step: Step) -> Any:
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
        self._check_inputs(inputs)
        feed = iter(inputs)
        values: list[Any] = []
        for number, step in enumerate(self.plan.steps):
            taken = [values[source] for source in step.sources]
            for source in self._last_use[number]:
                values[source] = None
            values.append(next(feed) if step.word == INPUT else self._compute(step, taken))
        return values[-1]

    def _compute(self, step: Step, taken: list[Any]) -> Any:
        layer, activation = self._children.get(step.name), self._children.get(_after_name(step))
        if layer is not None:
            value = layer(*taken)
        else:
            apply = WORDS[step.word].apply
            assert apply is not None
            value = apply(step.settings, taken)
        return value if activation is None else activation(value)

    def _check_inputs(self, inputs: Sequence[Any]) -> None:
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


def _after_name(step: Step) -> str:
    return f"{step.name}_{step.activation}"


def _after(step: Step) -> Any:
    """The activation that follows a layer as a layer of its own, or None."""
    row = WORDS.get(step.word)
    if row is None or row.activation != "after" or step.activation is None:
        return None
    return activation_layer(step.activation)


def _last_uses(plan: Plan) -> list[list[int]]:
    """For each step the earlier values that nobody needs after it, so that they can be let go."""
    last = {source: number for number, step in enumerate(plan.steps) for source in step.sources}
    done: list[list[int]] = [[] for _ in plan.steps]
    for source, number in last.items():
        done[number].append(source)
    return done


def probe(block: Any, shape: Shape) -> Shape:
    """The shape a Gluon block gives for one sample of ``shape``, found by running it once on zeros."""
    prepare(block)
    with autograd.pause():
        out = block(sample(block, shape))
    if isinstance(out, (tuple, list)):
        raise ValueError(f"it gives {len(out)} values, and a network's line has one")
    return tuple(out.shape[1:])


def sample(block: Any, shape: Shape) -> Any:
    """A batch of one sample of zeros, on the device that the block's parameters are on."""
    from dlcore import np

    devices = [parameter.list_ctx()[0] for parameter in block.collect_params().values()]
    return np.zeros((1, *shape), ctx=devices[0]) if devices else np.zeros((1, *shape))


def prepare(block: Any) -> dict[str, int]:
    """Initialise the parameters that nobody has initialised yet, and give their paths and versions."""
    from dlcore.init import Xavier

    fresh = {path: p for path, p in block.collect_params().items() if not is_initialized(p)}
    for parameter in unique(fresh.values()):
        parameter.initialize(default_init=Xavier())
    return {path: version(parameter) for path, parameter in fresh.items()}


def is_initialized(parameter: Any) -> bool:
    """Whether a parameter has values, or will have them as soon as its shape is known."""
    try:
        parameter.list_ctx()
    except RuntimeError:
        return False
    return True


def version(parameter: Any) -> int:
    """How often the values of a parameter were written; -1 while it waits for its shape."""
    try:
        return int(parameter.data()._version)
    except RuntimeError:
        return -1


def build(plan: Plan, given: Sequence[Shape | None] = ()) -> Network:
    """The network of a plan, ready to train. ``given`` are input shapes that the text does not tell."""
    network = Network(plan, given)
    network._fresh = prepare(network)
    return network
