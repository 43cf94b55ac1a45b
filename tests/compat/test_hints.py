"""What a text gets wrong is answered with what to write instead: each broken line of the five articles, as printed."""

from __future__ import annotations

import copy
import pickle
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcore as mx
from dlcore import _hints, autograd, gluon, nd
from dlcore.gluon import nn

ADAM = "gluon.Trainer(net.collect_params(), 'adam', {'learning_rate': 0.001})"
GRADS = "for param, grad in zip(model.collect_params().values(), [g for g in autograd.get_gradients()]): pass"
CNN = "mx.sym.Convolution(mx.symbol.Variable('data'), kernel=(3,3), num_filter=64).infer_shape(data=(100, 784))"

# listing: (the line as printed, the error, a part of what it says)
LINES: list[tuple[str, str, str, str]] = [
    ("S0-2", "gluon.data.vision.Freedmindetector(split='train')", "AttributeError", "vision.MNIST(train=True)"),
    ("S0-2", "gluon.data.vision.MNIST(split='train')", "TypeError", "train=True or train=False"),
    ("S0-3", "fresh(mx.nd.ones((1, 1, 8, 8)))", "RuntimeError", "initialize"),
    ("S0-4", "gluon.optim.Adam(net.collect_params(), lr=0.001)", "AttributeError", ADAM),
    ("S0-5", "with gluon.autograd.record(): pass", "AttributeError", "from dlcore import autograd"),
    ("S0-5", "optimizer.step()", "AttributeError", "trainer.step(batch_size)"),
    ("S0-9", "dataset.transform(transforms.ToTensor())[0]", "TypeError", ".transform_first(ToTensor())"),
    ("S0-9", "images(transform=transforms.ToTensor())[0]", "TypeError", ".transform_first(ToTensor())"),
    ("S0-9", "dataset.reset()", "AttributeError", "gluon.data.DataLoader(dataset, batch_size=64, shuffle=True)"),
    ("S0-9", "loss_fn = nn.SoftmaxCrossEntropyLoss()", "AttributeError", "gluon.loss.SoftmaxCrossEntropyLoss()"),
    ("S0-9", "optimizer = mx.optimizer.Adam(model.collect_params(), lr=0.001)", "TypeError", ADAM),
    ("S0-9", "optimizer = mx.optimizer.Adam(model.collect_params())", "TypeError", ADAM),
    ("S1-3", "model.initialize(ctx=[mx.gpu(i) for i in range(1)], force_reinit=True)", "RuntimeError", "cpu()"),
    ("S1-7", "x = autograd.Grad(x)", "AttributeError", "autograd.grad(loss, x)"),
    ("S1-7", "gluon.data.DataSet(x, label=x)", "AttributeError", "ArrayDataset(data, label)"),
    ("S1-7", "gluon.data.ArrayDataset(x, label=x)", "TypeError", "ArrayDataset(data, label)"),
    ("S1-7", "dataset.transformhsi(lambda x, y: (x, y), random_state=1)", "AttributeError", "'transform'"),
    ("S1-7", "dataset.transform(lambda x, y: (x, y), random_state=1)", "TypeError", "dlcore.random.seed(1)"),
    ("S1-7", "param.__grad_buffer__.resizeesorow(0)", "AttributeError", "parameter.grad()"),
    ("S1-7", GRADS, "AttributeError", "parameter.grad()"),
    ("S1-7", "param.add(mx.nd.ones((2, 2)) * 0.1, is_bias=False)", "AttributeError", "parameter.set_data("),
    ("S1-7", "loss = mx.nd.ones((100,)); loss.asscalar()", "ValueError", "loss.mean().asscalar()"),
    ("S1-7", "nn.SoftmaxActivation()(mx.nd.ones((2, 2)))", "AttributeError", "nd.softmax(x)"),
    ("S1-9.2", "mx._mx.gpu()", "AttributeError", "dlcore.num_gpus()"),
    ("S1-9.2", "getattr(mx, 'is').gpu()", "AttributeError", "dlcore.num_gpus()"),
    ("S1-9.2", "trainer.fit(dataset)", "AttributeError", "trainer.step(batch_size)"),
    ("S0-9.2", "mx.gluon.DataParallel(net)", "AttributeError", "%%parallel"),
    ("S0-9.2", "mx.gluon.ModelParallel(net)", "AttributeError", "%%parallel"),
    ("S2-9.4", "mx.symbol.Sequential()", "AttributeError", "sym.FullyConnected(data, num_hidden=10)"),
    ("S2-3", CNN, "ValueError", "(samples, channels"),
    ("S2-6", "module.init_params()", "RuntimeError", "call bind (or fit) first"),
    ("S2-7", "module.fit(iterator, epoch=1, optimizer=optimizer)", "TypeError", "num_epoch="),
    ("S2-10", "dataset.test()", "AttributeError", "MNIST(train=False)"),
    ("S2-10", "dataset.transform_first(lambda data, label: (data, label))[0]", "TypeError", "transform(f)"),
    ("S2-12", "mx.metric.cross_entropy(1, 2)", "AttributeError", "gluon.loss.SoftmaxCrossEntropyLoss()"),
    ("S2-12", "trainer.zero_grad()", "AttributeError", "nothing is to be zeroed"),
    ("S2-12", "trainer.step()", "TypeError", "trainer.step(batch_size)"),
    ("S3-3", "loss = mx.metric.accuracy", "AttributeError", "dlcore.metric.Accuracy()"),
    ("S3-3", "output = module({'data': 1, 'softmax_label': 2})", "TypeError", "module.forward(batch, is_train=False)"),
    ("S3-3", "optimizer.step(data=None)", "AttributeError", "trainer.step(batch_size)"),
]  # fmt: skip


class Images(gluon.data.vision.MNIST):
    """Two pictures without a file."""

    def __init__(self, transform: Any = None) -> None:
        self._data, self._label = np.zeros((2, 4, 4, 1), np.uint8), np.zeros(2, np.int32)
        self._transform = transform


@pytest.fixture
def names() -> dict[str, Any]:
    net = nn.Dense(2, in_units=2)
    net.initialize()
    fresh = nn.Sequential()
    fresh.add(nn.Conv2D(4, 3), nn.ReLU())
    head = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2), name="softmax")
    return {
        **SimpleNamespace(
            mx=mx, gluon=gluon, nn=nn, autograd=autograd, nd=nd, net=net, model=net, fresh=fresh
        ).__dict__,
        "param": net.weight,
        "transforms": gluon.data.vision.transforms,
        "x": mx.nd.ones((2,)),
        "images": Images,
        "trainer": gluon.Trainer(net.collect_params(), "sgd"),
        "optimizer": mx.optimizer.Adam(learning_rate=0.001),
        "dataset": gluon.data.ArrayDataset(np.ones((6, 2, 2, 1), "uint8"), np.zeros(6, "int32")),
        "module": mx.mod.Module(head),
        "iterator": mx.io.NDArrayIter(np.ones((8, 2), "float32"), np.zeros(8, "float32"), 4),
    }


@pytest.mark.parametrize(("listing", "line", "kind", "fix"), LINES)
def test_the_error_names_the_fix(names: dict[str, Any], listing: str, line: str, kind: str, fix: str) -> None:
    if "mx.gpu" in line and mx.num_gpus():
        pytest.skip("this machine has the GPU that the line asks for")
    with pytest.raises(Exception, match=re.escape(fix)) as caught:
        exec(line, names)
    assert kind in {base.__name__ for base in type(caught.value).__mro__}


def test_what_the_articles_expect_to_exist_is_there() -> None:
    """Names that MXNet lacked but the texts use: layers, `stride`, and comparing numbers of two dtypes."""
    net = nn.Sequential()
    net.add(nn.Conv2D(6, kernel_size=5, stride=1, padding=2), nn.ReLU(), nn.Softmax())
    assert net[0]._details().count("stride=(1, 1)") == 1
    predicted, y = nd.array([1.0, 2.0]), nd.array([1, 3], dtype="int32")
    assert (predicted == y).sum().asscalar() == 1
    assert nd.cpu() == mx.cpu()


def test_errors_from_inside_a_function_stay_as_they_are() -> None:
    def wrong(data: Any) -> Any:
        return data.missing_method_of_an_array()

    def inner(data: Any) -> Any:
        return (lambda a, b: a)(data)  # type: ignore[call-arg]

    dataset = gluon.data.ArrayDataset(np.ones((3, 2)), np.ones(3))
    with pytest.raises(AttributeError, match="missing_method_of_an_array"):
        dataset.transform_first(wrong)[0]
    with pytest.raises(TypeError, match="'b'$"):
        dataset.transform_first(inner)[0]


def test_hints_do_not_get_in_the_way_of_copies() -> None:
    net = nn.Dense(2, in_units=3)
    net.initialize()
    again = pickle.loads(pickle.dumps(copy.deepcopy(net)))
    assert (again.weight.data().asnumpy() == net.weight.data().asnumpy()).all()
    assert not hasattr(net, "no_such_thing") and not hasattr(net, "__no_such_thing__")
    assert getattr(net, "fit", None) is None


def test_every_hint_is_about_something_that_is_missing() -> None:
    """A hint for a name that has come to exist would never be seen, or would lie."""
    modules = {
        "dlcore": mx, "gluon": gluon, "nn": nn, "data": gluon.data, "vision": gluon.data.vision,
        "autograd": autograd, "metric": mx.metric, "symbol": mx.sym,
    }  # fmt: skip
    classes = {
        "Dataset": gluon.data.Dataset, "Parameter": gluon.Parameter, "Block": gluon.Block, "Trainer": gluon.Trainer,
        "Optimizer": mx.optimizer.Optimizer, "Module": mx.mod.BaseModule, "DataIter": mx.io.DataIter,
    }  # fmt: skip
    for key in _hints.HINTS:
        place, _, name = key.partition(".")
        if "(" in key:
            continue
        assert place in {**modules, **classes}, key
        assert not hasattr({**modules, **classes}[place], name), key
