"""Update rules that are loops of their own: the rendered file, which programs they are, and what they compute."""

from __future__ import annotations

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd
from dlcore.graph import _rules
from dlcore.graph._ir import EACH
from dlcore.ops import F
from dlcore.ops._expr import Tile
from dlcore.ops._record import RECORDS


def _shape(tile: Tile) -> tuple:
    """A program without the values of its constants."""
    return tile.n_in, tuple((m, None if m == "const" else o) for m, o in tile.code), tuple(tile.outs)


def test_the_files_are_what_the_stanzas_render() -> None:
    made = _rules.render()
    assert {*made} == {_rules.INDEX, *_rules.FOLDER.iterdir()}, "a file too many, or one is missing"
    for path, text in made.items():
        assert path.read_text() == text, "run python -m dlcore.graph._rules, then build"
        assert len(text.splitlines()) < 400 and max(map(len, text.splitlines())) <= 120, path.name


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sgd", {}),
        ("sgd", {"momentum": 0.9, "wd": 1e-4}),
        ("nag", {"momentum": 0.9}),
        ("adam", {}),
        ("adam", {"wd": 0.1, "epsilon": 1e-5}),
        ("adamw", {"wd": 0.01}),
        ("rmsprop", {}),
        ("adam", {"clip_gradient": 0.1}),
        ("sgd", {"momentum": 0.9, "rescale_grad": 0.25}),
        ("adamw", {"wd": 0.01, "clip_gradient": 0.1, "rescale_grad": 0.25}),
    ],
)
def test_compiled_steps_run_them(name: str, options: dict) -> None:
    net = gluon.nn.Dense(3, in_units=4)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), name, {"learning_rate": 0.1, **options})

    @dl.jit
    def step(x: nd.NDArray) -> nd.NDArray:
        with autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        trainer.step(1)
        return loss

    step(nd.array(np.ones((2, 4), "f4")))
    known = {_shape(rule.tile) for rule in _rules.rules()}
    nodes = step.entries()[-1].plain.graph.nodes
    (group,) = [node for node in nodes if node.op == EACH]  # weight and bias
    assert "_update" in str(group.attrs) and _shape(group.tile) in known


@pytest.mark.parametrize("name", _rules.RULES)
@pytest.mark.parametrize("size", [1, 17, 1023, 1024, 40_001])
@pytest.mark.parametrize("clip", [-1.0, 0.5])
def test_a_loop_gives_what_the_tile_machine_gives(name: str, size: int, clip: float) -> None:
    rng = np.random.default_rng(size)
    record = RECORDS[name]
    arrays = [rng.uniform(0.1, 1, size).astype("f4") for spec in record.inputs if not spec.scalar]
    numbers = {"lr": 0.1, "wd": 0.01, "rescale": 0.5, "clip": clip, "t": 3.0}
    numbers = {spec.name: numbers[spec.name] for spec in record.inputs if spec.name in numbers}
    run = getattr(F, name)
    dense = run(*[nd.array(x) for x in arrays], **numbers)
    # Every second number of a longer array: not one dense run, so that the machine goes instruction by instruction.
    gaps = run(*[nd.array(np.repeat(x, 2))[::2] for x in arrays], **numbers)
    for one, other in zip(*(x if isinstance(x, (tuple, list)) else (x,) for x in (dense, gaps)), strict=True):
        np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("size", [5, 1024, 30_001])
def test_gelu_with_its_derivative(size: int) -> None:
    x = np.random.default_rng(size).uniform(-6, 6, size).astype("f4")
    x[:3] = np.nan, np.inf, -np.inf
    pair = F._gelu_pair(nd.array(x))
    np.testing.assert_allclose(pair[0].asnumpy(), F.gelu_erf(nd.array(x)).asnumpy(), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(pair[1].asnumpy(), F._gelu_slope(nd.array(x)).asnumpy(), rtol=1e-5, atol=1e-6)
    gaps = F._gelu_pair(nd.array(np.repeat(x, 2))[::2])
    for one, other in zip(pair, gaps, strict=True):
        np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), rtol=1e-5, atol=1e-6)


def test_results_may_lie_over_operands() -> None:
    rng = np.random.default_rng(0)
    given = [rng.uniform(0.1, 1, 5000).astype("f4") for _ in range(4)]
    apart = [r.asnumpy() for r in F.adam_update(*[nd.array(x) for x in given], lr=0.1, t=2.0)]
    w, g, m, v = (nd.array(x) for x in given)
    F.adam_update(w, g, m, v, lr=0.1, t=2.0, out=(w, m, v))
    for made, want in zip((w, m, v), apart, strict=True):
        np.testing.assert_array_equal(made.asnumpy(), want)
    np.testing.assert_array_equal(g.asnumpy(), given[1])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_16_bit_floats_are_widened_for_them(dtype: str) -> None:
    x = nd.array(np.random.default_rng(3).standard_normal(5000).astype("f4")).astype(dtype)
    for narrow, wide in zip(F._gelu_pair(x), F._gelu_pair(x.astype("float32")), strict=True):
        np.testing.assert_array_equal(narrow.asnumpy(), wide.astype(dtype).asnumpy())


@pytest.mark.parametrize(("name", "options"), [("sgd", {"momentum": 0.9}), ("adamw", {"wd": 0.01}), ("rmsprop", {})])
def test_gradients_of_16_bits_under_autocast(name: str, options: dict) -> None:
    rng = np.random.default_rng(4)
    x, found = nd.array(rng.standard_normal((8, 40)).astype("f4")), []
    start = [rng.standard_normal(shape).astype("f4") / 8 for shape in ((64, 40), (64,))]
    for compiled in (False, True):
        net = gluon.nn.Dense(64, in_units=40)
        net.initialize()
        for p, value in zip(net.collect_params().values(), start, strict=True):
            p.set_data(nd.array(value))
        trainer = gluon.Trainer(net.collect_params(), name, {"learning_rate": 0.01, **options})

        def step(x: nd.NDArray, net: gluon.nn.Dense = net, trainer: gluon.Trainer = trainer) -> nd.NDArray:
            with autograd.record(), dl.amp.autocast("bfloat16"):
                loss = (net(x) * x[:, :1]).sum()
            loss.backward()
            trainer.step(1)
            return loss

        run = dl.jit(step) if compiled else step
        for _ in range(3):
            run(x)
        found.append([a.asnumpy() for p in net.collect_params().values() for a in (p.data(), p.grad())])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
