"""Parts of a symbol on different devices give what one device gives: values, gradients, states, training, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import nd, sym

RNG = np.random.default_rng(2)
X = RNG.normal(size=(12, 5)).astype("float32")
Y = (X[:, :3].argmax(1)).astype("float32")
GROUPS = {"first": dl.cpu(0), "second": dl.cpu(1), "third": dl.cpu(2)}


def network() -> sym.Symbol:
    """Three groups; the second has batch statistics; the first layer's output is needed in the second and third."""
    with dl.AttrScope(ctx_group="first"):
        a = sym.FullyConnected(sym.var("data"), num_hidden=6, name="a")
    with dl.AttrScope(ctx_group="second"):
        b = sym.BatchNorm(sym.Activation(a, act_type="tanh"), fix_gamma=False, name="bn")
        b = sym.FullyConnected(b, num_hidden=6, name="b")
    with dl.AttrScope(ctx_group="third"):
        c = sym.FullyConnected(b + a, num_hidden=3, name="c")
    return sym.SoftmaxOutput(c, name="softmax")


def bound(groups: Any) -> Any:
    run = network().simple_bind(dl.cpu(0), data=X.shape, group2ctx=groups)
    rng = np.random.default_rng(1)
    for name, array in run.arg_dict.items():
        if name not in ("data", "softmax_label"):
            array[:] = nd.array(rng.normal(size=array.shape) * 0.5, ctx=array.context)
    return run


def test_values_gradients_and_states_are_those_of_one_device() -> None:
    runs = [bound(None), bound(GROUPS)]
    for run in runs:
        for _ in range(2):
            run.forward(is_train=True, data=nd.array(X), softmax_label=nd.array(Y))
            run.backward()
    one, three = runs
    assert {str(a.context) for a in three.arg_dict.values()} == {"cpu(0)", "cpu(1)", "cpu(2)"}
    assert three.aux_dict["bn_moving_mean"].context == dl.cpu(1) == three.grad_dict["b_weight"].context
    assert str(three.outputs[0].context) == "cpu(0)"  # the head has no group
    for mine, theirs in ((one.grad_dict, three.grad_dict), (one.aux_dict, three.aux_dict)):
        assert len(mine) > 1
        for name, array in mine.items():
            np.testing.assert_allclose(theirs[name].asnumpy(), array.asnumpy(), rtol=1e-5, atol=1e-6, err_msg=name)
    for run in runs:
        run.forward(is_train=False)
    np.testing.assert_allclose(three.outputs[0].asnumpy(), one.outputs[0].asnumpy(), rtol=1e-5)


def test_other_shapes_and_a_monitor() -> None:
    run = bound(GROUPS).reshape(data=(4, 5), softmax_label=(4,))
    seen: dict[str, Any] = {}
    run.set_monitor_callback(lambda name, array: seen.setdefault(name, array.shape))
    out = run.forward(data=nd.array(X[:4]))[0]
    assert out.shape == (4, 3) and run.arg_dict["c_weight"].context == dl.cpu(2) and seen["b_output"] == (4, 6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_module_trains_as_on_one_device(tmp_path: Path, optimizer: str) -> None:
    found = []
    for groups in (None, GROUPS):
        dl.random.seed(4)
        model = dl.mod.Module(network(), group2ctxs=groups)
        batches = dl.io.NDArrayIter(X, Y, 6)
        words = {"learning_rate": 0.05, "wd": 0.01}
        model.fit(batches, num_epoch=5, optimizer=optimizer, optimizer_params=words, initializer=dl.init.Xavier())
        args, aux = model.get_params()
        found.append({**args, **aux})
        model.save_checkpoint(str(tmp_path / "net"), 5, save_optimizer_states=True)
    for name, array in found[0].items():
        np.testing.assert_allclose(found[1][name].asnumpy(), array.asnumpy(), rtol=1e-4, atol=1e-5, err_msg=name)
    again = dl.mod.Module.load(str(tmp_path / "net"), 5, True, group2ctxs=GROUPS)
    again.bind([("data", (6, 5))], [("softmax_label", (6,))])
    again.init_optimizer(optimizer=optimizer, optimizer_params=words)
    np.testing.assert_array_equal(again.get_params()[0]["c_weight"].asnumpy(), found[1]["c_weight"].asnumpy())


def test_given_arrays_must_be_in_their_places() -> None:
    with dl.AttrScope(ctx_group="second"):
        net = sym.var("x") * 2 + sym.var("y")
    out = net.bind(dl.cpu(), {"x": [1.0], "y": nd.array([2.0], ctx=dl.cpu(1))}, group2ctx=GROUPS).forward()[0]
    assert out.tolist() == [4.0] and out.context == dl.cpu(1)
    with pytest.raises(ValueError, match=r"bind: args 'y' is on cpu\(0\), its place is cpu\(1\)"):
        net.bind(dl.cpu(), {"x": [1.0], "y": nd.array([2.0])}, group2ctx=GROUPS)


def test_a_group_on_the_one_device_is_one_program() -> None:
    run = network().simple_bind(dl.cpu(0), data=X.shape, group2ctx={"first": dl.cpu(0), "second": dl.cpu(0)})
    assert not run._spread and run.forward(data=nd.array(X))[0].shape == (12, 3)


def test_an_error_names_the_node() -> None:
    with dl.AttrScope(ctx_group="second"):
        net = sym.take(sym.var("table"), sym.var("rows"), mode="raise", name="look")
    run = net.simple_bind(dl.cpu(), table=(3, 2), rows=(2,), group2ctx=GROUPS)
    with pytest.raises(IndexError, match="look"):
        run.forward(rows=nd.array([0, 7]))
