"""Which parts of an input a decision rests on: saliency, integrated gradients, Grad-CAM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore import autograd
from dlcore.array import array
from dlcore.gluon._mode import plain
from dlcore.ops import F

from ._blocks import batch_for, blocks, check_network, find


@dataclass
class Attribution:
    """`values` say how much each number (or place) of `inputs` (n, ...) speaks for class `targets[i]` of sample i.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.HybridLambda(lambda F, x: x * dl.np.array([2.0, -3.0]))
    >>> found = saliency(net, [[1.0, 5.0]])
    >>> found.targets, found.values.shape
    (array([0]), (1, 2))
    """

    method: str
    inputs: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)
    targets: np.ndarray


def saliency(net: Any, x: Any, target: Any = None) -> Attribution:
    """The size of the gradient of a class's score with respect to each number of `x` (n, ...), of the same shape.

    target: a class number, one a sample, or None for the class the network chooses.
    Source: K. Simonyan and others, "Deep inside convolutional networks", 2014.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.HybridLambda(lambda F, x: x * dl.np.array([2.0, -3.0]))
    >>> saliency(net, [[1.0, 5.0]], target=1).values.tolist()
    [[0.0, 3.0]]
    """
    x, targets = _prepared(net, x, target, "saliency")
    return Attribution("saliency", x.asnumpy(), np.abs(_slopes(net, x, targets)), targets)


def integrated_gradients(net: Any, x: Any, target: Any = None, baseline: float = 0.0, steps: int = 32) -> Attribution:
    """Gradients on the way from `baseline` to `x`, times the way: they add up to the difference of the two scores.

    steps: points of the midpoint rule; more are exacter. ValueError for steps < 1.
    Source: M. Sundararajan and others, "Axiomatic attribution for deep networks", 2017.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.HybridLambda(lambda F, x: x * x)
    >>> integrated_gradients(net, [[1.0, 3.0]], target=1).values.round(4).tolist()
    [[0.0, 9.0]]
    """
    if steps < 1:
        raise ValueError(f"integrated_gradients: expected at least one step, got {steps}")
    x, targets = _prepared(net, x, target, "integrated_gradients")
    values = x.asnumpy()
    way = values - np.float32(baseline)
    total = np.zeros(values.shape, np.float64)
    for step in range(steps):
        point = np.float32(baseline) + way * np.float32((step + 0.5) / steps)
        total += _slopes(net, batch_for(net, point.astype(values.dtype)), targets)
    return Attribution("integrated gradients", values, way * total / steps, targets)


def grad_cam(net: Any, x: Any, target: Any = None, layer: str | None = None) -> Attribution:
    """Where in a picture a class is seen: maps (n, rows, columns) of a convolution's size, at least 0.

    layer: the path of the layer; by default the last convolution that gives maps. Errors: KeyError for a path that is
    not there, ValueError where the layer gives no maps. Source: R. Selvaraju and others, "Grad-CAM", 2017.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.HybridSequential()
    >>> net.add(dl.gluon.nn.Conv2D(4, 3), dl.gluon.nn.GlobalAvgPool2D(), dl.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> grad_cam(net, dl.np.ones((5, 1, 8, 8)), target=0).values.shape
    (5, 6, 6)
    """
    x, targets = _prepared(net, x, target, "grad_cam")
    chosen = {layer: find(net, layer, "grad_cam")} if layer is not None else _convolutions(net)
    outputs: list[Any] = []
    handles = [b.register_forward_hook(lambda _b, _i, out: outputs.append(out)) for b in chosen.values()]
    try:
        score = _score(net, x, targets)
    finally:
        for handle in handles:
            handle.detach()
    maps = [out for out in outputs if getattr(out, "ndim", 0) == 4]
    if not maps:
        raise ValueError(f"grad_cam: {layer or 'no layer of the network'} gives maps (n, channels, rows, columns)")
    slopes = autograd.grad(score, [maps[-1]], train_mode=False)[0].asnumpy()
    weights = slopes.mean(axis=(2, 3), keepdims=True)
    seen = np.maximum((weights * maps[-1].asnumpy()).sum(axis=1), 0)
    return Attribution("Grad-CAM", x.asnumpy(), seen, targets)


def _convolutions(net: Any) -> dict[str, Any]:
    return {path: block for path, block in blocks(net) if type(block).__name__.startswith("Conv")}


def _prepared(net: Any, x: Any, target: Any, what: str) -> tuple[Any, np.ndarray]:
    """The batch, and a class for each of its samples."""
    check_network(net, what)
    x = batch_for(net, x)
    with autograd.pause(train_mode=False):
        scores = net(x).asnumpy()
    if scores.ndim != 2 or len(scores) != len(x):
        raise ValueError(f"{what}: expected one row of scores a sample from the network, got {scores.shape}")
    targets = scores.argmax(axis=1) if target is None else np.broadcast_to(np.asarray(target, np.int64), len(x))
    if targets.min() < 0 or targets.max() >= scores.shape[1]:
        raise ValueError(f"{what}: target {targets.max()} is not one of the {scores.shape[1]} classes")
    return x, np.asarray(targets)


def _score(net: Any, x: Any, targets: np.ndarray) -> Any:
    """The sum of the chosen scores, recorded, without compiled blocks; samples do not meet in it."""
    plain.on = True
    try:
        with autograd.record(train_mode=False):
            output = net(x)
            chosen = np.eye(output.shape[1], dtype=np.float32)[targets]
            return F.sum(output * array(chosen, dtype=str(output.dtype)).as_in_context(output.context))
    finally:
        plain.on = False


def _slopes(net: Any, x: Any, targets: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.attach_grad()
    return autograd.grad(_score(net, x, targets), [x], train_mode=False)[0].asnumpy()
