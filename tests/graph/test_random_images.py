"""Random networks of convolutions, normalisation, sums, joins and pooling: called one by one, compiled and interpreted.

Written with arrays that a compiled function captures, in training and prediction, in float32 and mixed precision, with
gradients; weights change between predictions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl
from dlcore import _core, autograd
from dlcore.graph import jit
from dlcore.graph.interpreter import interpret
from dlcore.ops import F

STEPS = (
    "conv",
    "conv",
    "conv",
    "norm",
    "norm",
    "scale",
    "relu",
    "relu6",
    "sum",
    "join",
    "pool",
    "part",
    "tanh",
    "turn",
)


class Program:
    """A list of steps on images; each reads images made before and appends one."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.channels, self.size = int(self.rng.choice([3, 8, 16])), int(self.rng.integers(6, 13))
        self.x = self.draw(2, self.channels, self.size, self.size)
        self.weights: list[Any] = []
        self.steps: list[tuple[str, int, int, int]] = []  # what, of which image, with which, first of its weights
        shapes = [(self.channels, self.size)]
        count = int(self.rng.integers(4, 11))
        for number in range(count):
            at = int(self.rng.integers(max(0, len(shapes) - 3), len(shapes)))
            what, (c, s) = "conv" if number == count - 1 else str(self.rng.choice(STEPS)), shapes[at]
            alike = [i for i, shape in enumerate(shapes) if shape == (c, s)]
            near = [i for i, shape in enumerate(shapes) if shape[1] == s]
            other = int(self.rng.choice(near if what == "join" else alike))
            self.steps.append((what, at, other, len(self.weights)))
            if what == "conv":
                out = int(self.rng.choice([c, 8, 16, 24]))
                self.weights += [self.draw(out, c, 3, 3) / float(3 * np.sqrt(c)), self.draw(out)]
                c = out
            elif what in ("norm", "scale"):
                self.weights += [self.draw(c) * 0.2 + 1, self.draw(c), self.draw(c) * 0.2, F.square(self.draw(c)) + 0.5]
            elif what == "join":
                c += shapes[other][0]
            elif what == "pool" and s >= 4:
                s //= 2
            elif what == "part" and c >= 2:
                c -= c // 2
            shapes.append((c, s))

    def draw(self, *shape: int) -> Any:
        return array(self.rng.standard_normal(shape), "float32")

    def step(self, images: list[Any], what: str, at: int, other: int, w: int) -> Any:
        x, (c, s) = images[at], images[at].shape[1:3]
        if what == "conv":
            return F.conv2d(x, self.weights[w], self.weights[w + 1], pad=1)
        if what == "norm":
            gamma, beta, mean, variance = self.weights[w : w + 4]
            if autograd.is_training():
                return F.batch_norm_train(x, gamma, beta)[0]
            return F.batch_norm_infer(x, gamma, beta, mean, variance)
        if what == "scale":
            return x * F.reshape(self.weights[w], (1, c, 1, 1)) - F.reshape(self.weights[w + 1], (c, 1, 1))
        if what in ("relu", "relu6", "tanh"):
            return getattr(F, what)(x)
        if what == "sum":
            return x + images[other]
        if what == "join":
            return F.concat(x, images[other], axis=1)
        if what == "pool":
            return F.max_pool2d(x, (2, 2)) if s >= 4 else x
        if what == "part":
            return x[:, c // 2 :] if c >= 2 else x
        return F.transpose(F.transpose(x, (0, 2, 3, 1)) * 2, (0, 3, 1, 2))

    def __call__(self, x: Any) -> Any:
        images = [x]
        for step in self.steps:
            images.append(self.step(images, *step))
        return images[-1], F.mean(F.tanh(images[-1]))


def near(found: np.ndarray, wanted: np.ndarray, close: float) -> None:
    found, wanted = found.astype("float32"), wanted.astype("float32")
    np.testing.assert_allclose(found, wanted, rtol=0, atol=close * max(np.abs(wanted).max(), 1e-3))


@pytest.mark.parametrize("seed", range(30))
def test_predictions(seed: int) -> None:
    program = Program(seed)
    before = _core.num_threads()
    try:
        _core.set_num_threads(1 + seed % 2)
        compiled = jit(program.__call__)
        for _ in range(2):
            wanted = [a.asnumpy() for a in program(program.x)]
            for _ in range(2):
                for found, one in zip(compiled(program.x), wanted, strict=True):
                    near(found.asnumpy(), one, 1e-4)
            graph = compiled.entries()[0].plain.graph
            for found, one in zip(interpret(graph, [program.x.asnumpy()])[0], wanted, strict=True):
                near(found, one, 1e-4)
            for weight in program.weights:
                weight *= 1.25
        with dl.amp.autocast():
            for found, one in zip(compiled(program.x), program(program.x), strict=True):
                assert found._dtype_name == one._dtype_name
                near(found.asnumpy(), one.asnumpy(), 6e-2)
    finally:
        _core.set_num_threads(before)


@pytest.mark.parametrize("seed", range(100, 120))
def test_training(seed: int) -> None:
    program = Program(seed)
    for weight in program.weights:
        weight.attach_grad()

    def step(x: Any) -> Any:
        with autograd.record():
            loss = program(x)[1]
        loss.backward()
        return loss

    def run(function: Any) -> list[np.ndarray]:
        for weight in program.weights:
            weight.grad[:] = 0
        return [function(program.x).asnumpy(), *[w.grad.asnumpy() for w in program.weights]]

    wanted = run(step)
    scale = max(np.abs(one).max() for one in wanted[1:]) if len(wanted) > 1 else 1.0
    for found, one in zip(run(jit(step)), wanted, strict=True):
        np.testing.assert_allclose(found, one, rtol=0, atol=1e-4 * max(scale, np.abs(one).max()))
