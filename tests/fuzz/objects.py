"""Layers, losses, metrics, optimizers and transforms, rightly made and then given what no network can use.

Judged in a child, as the calls of `public.py`, whose wrong values and judge of words these are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from fuzz.public import Public, fault, isolated, public, right, small, wrong

import dlcore as dl

PAGES = ["gluon.nn", "gluon.rnn", "gluon.loss", "metric", "optim", "gluon.data.vision.transforms"]
# What a class needs that its signature does not tell.
MORE: dict[str, Any] = {
    "h2h_kernel": 3,
    "input_shape": (3, 8, 8),
    "l_cell": dl.gluon.rnn.GRUCell(2),
    "r_cell": dl.gluon.rnn.GRUCell(2),
    "base_cell": dl.gluon.rnn.GRUCell(2),
    "layer": dl.gluon.nn.Dense(2),
    "optimizer": dl.optim.SGD(),
    "size": 4,
    "transforms": [dl.gluon.data.vision.transforms.ToTensor()],
    "angle_limits": (-10.0, 10.0),
}
SHAPES = {"Conv1D": (3, 8), "Conv2D": (3, 8, 8), "Conv3D": (3, 8, 8, 8)}  # of the inputs of convolutional cells
# Bases, which only say that a subclass must do the work.
BASES = {"gluon.loss.Loss", "gluon.rnn.HybridRecurrentCell", "gluon.rnn.RecurrentCell", "gluon.rnn.ModifierCell",
         "gluon.nn.Block", "gluon.nn.HybridBlock", "metric.EvalMetric", "optim.Optimizer", "optim.LRScheduler",
         "gluon.data.vision.transforms.Transform"}  # fmt: skip
# What hands on whatever it is given, or does not look at labels.
INDIFFERENT = {"Caffe", "CompositeEvalMetric", "Dropout", "DropoutCell", "HybridLambda", "HybridSequential", "Identity",
               "Lambda", "Loss", "RandomApply", "Sequential", "Torch"}  # fmt: skip


def made(one: Public) -> Any:
    """An object of the class."""
    given = []
    for p in inspect.signature(one.value).parameters.values():
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD:
            shape = SHAPES.get(one.value.__name__[:6]) if p.name == "input_shape" else None
            given.append(shape or MORE.get(p.name, right(p)))
    thing = one.value(*given)
    if hasattr(thing, "initialize"):
        thing.initialize()
    return thing


def calls(page: str, thing: Any) -> Iterator[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Calls of an object with one argument that is no array."""
    x = dl.np.ones((2, 4))
    for value in wrong():
        if page == "metric":
            yield from ((thing.update, (x, value)), (thing.update, (value, x)))
        elif page == "optim" and hasattr(thing, "update"):
            state = thing.create_state(0, x)
            yield thing.create_state, (0, value)
            yield from ((thing.update, row) for row in ((0, value, x, state), (0, x, value, state)))
            yield thing.update, (0, x, x, "none" if value is None else value)
        elif page == "gluon.loss":
            yield from ((thing, row) for row in ((value, x), (x, value), (value,), (x, x, value)))
        elif page != "optim":
            yield thing, (value,)
            if hasattr(thing, "initialize"):
                yield thing, (x, value)


def faults(page: str) -> Iterator[str]:
    for one in public()[page]:
        if not isinstance(one.value, type) or one.name in BASES:
            continue
        thing = made(one)
        name = getattr(thing, "name", "")
        asked = (*one.asked, name) if isinstance(name, str) and name else one.asked
        for call, args in calls(page, thing):
            try:
                call(*args)
            except Exception as error:
                if found := fault(error, asked):
                    yield f"{one.name}{small(args)}: {found}: {type(error).__name__}: {error}"
            else:
                none = any(type(v) is object or isinstance(v, (str, type)) for v in args)
                if none and one.value.__name__ not in INDIFFERENT:
                    yield f"{one.name}{small(args)}: was taken"


def judge(page: str) -> str:
    """ "" where all is answered as it should be, else what is not."""
    with isolated():
        return "\n".join(faults(page))
