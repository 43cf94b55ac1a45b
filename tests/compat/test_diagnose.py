"""Reading old texts: what is wrong in the five articles' listings is found, and nothing in their right forms."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dlcore.compat import diagnose

ARTICLES = sorted((Path(__file__).resolve().parents[2] / "notebooks" / "articles").glob("*.ipynb"))

# listing: (its lines that are wrong, what must be said)
WRONG: dict[str, tuple[str, list[str]]] = {
    "S0-2": ("x = gluon.data.vision.Freedmindetector(split='train')", ["vision.MNIST(train=True)", "train=True or"]),
    "S0-3": (
        "net = gluon.nn.Sequential()\nnet.add(gluon.nn.Softmax())\nloss_fn = gluon.loss.SoftmaxCrossEntropyLoss()",
        ["net.initialize(", "leave nn.Softmax() out"],
    ),
    "S0-4": ("optimizer = gluon.optim.Adam(net.collect_params(), lr=0.001)", ["gluon.Trainer(net.collect_params()"]),
    "S0-5": (
        "for data in train_data:\n    with gluon.autograd.record():\n        pass\n    optimizer.step()",
        ["DataLoader(train_data", "import autograd", "trainer.step(batch_size)"],
    ),
    "S0-9": (
        "mnist = MNIST(train=True, transform=gluon.data.vision.transforms.ToTensor())\n"
        "train_data.reset()\ntest_data = load_mnist_data(split='test')\nloss_fn = nn.SoftmaxCrossEntropyLoss()\n"
        "optimizer = mx.optimizer.Adam(model.collect_params(), lr=0.001)",
        ["transform_first(", "iterate a DataLoader", "train=False", "gluon.loss.Softmax", "learning_rate="],
    ),
    "S1-3": (
        "num_gpus = mx.nd.cpu().device_id + 1\nloss = mx.nd.sum(d ** 2) / batch_size\ntrainer.step(batch_size)",
        ["mx.num_gpus()", "divide once"],
    ),
    "S1-7": (
        "class A(nn.Block):\n    def __init__(self):\n        self.fc2 = nn.Dense(1)\n    def forward(self, x):\n"
        "        x = autogradutamente Grad(x)\n\ndata = mx.gluon.data.DataSet(a, label=b)\n"
        "data = data.transformhsi(lambda x, y: (x, y), random_state=1)\nloss = nn.SoftmaxCrossEntropyLoss()(o, l)\n"
        "param.__grad_buffer__.resizeesorow(0)\ngrads = autograd.get_gradients()\n"
        "param.add(grad * learning_rate)\nnn.SoftmaxActivation()(output)",
        [
            "loss.backward()", "ArrayDataset(", ".transform(function)", "mx.random.seed(1)", "gluon.loss.Softmax",
            "zero_grad()", "parameter.grad()", "param.set_data(param.data() - ", "mx.nd.softmax", "nn.Dense(10)",
        ],
    ),
    "S1-8": ("    x = autogradidentally Grad(x)", ["loss.backward()"]),
    "S1-9.2": ("mxnet.is.gpu()", ["mx.num_gpus()"]),
    "S2-3": (
        "fc = mx.symbol.FullyConnected(data=pool, num_hidden=1000)\nsoftmax = mx.symbol.SoftmaxOutput(data=fc)",
        ["instead: 10", "name='softmax'"],
    ),
    "S2-5": ("it = mx.io.NDArrayIter(data=np.random.rand(100, 784), label=np.random.rand(100))",
             ["import numpy as np", "randint", "(100, 1, 28, 28)"]),
    "S2-6": ("model.init_params()", ["model.bind("]),
    "S2-7": ("model.fit(data_iter, epoch=1)\nprint('Accuracy: %f' % (i+1, acc))", ["num_epoch=", "dict(model.score("]),
    "S2-8": ("init_compute_nodes()\nsync_gradients(model_parts)", ["mx.kv.create('local')"]),
    "S2-10": (
        "mnist = gdata.vision.MNIST('d')\ndata = data.astype(\"float32\") / 255\n"
        "train_data = mnist.transform_first(transform_mnist)\ntest_data = mnist.test()",
        ["transpose((2, 0, 1))", ".transform(transform_mnist)", "MNIST(train=False)"],
    ),
    "S2-12": (
        "    loss = mx.metric \u043f\u043e\u0432\u0456\u0434.cross_entropy(output, label)\n"
        "    trainer.zero_grad()\n    loss.backward()\n    trainer.step()",
        ["SoftmaxCrossEntropyLoss()", "backward() replaces", "autograd.record()", "trainer.step(batch_size)"],
    ),
    "S3-2": ("c = mx.sym.Convolution(data=data)\npool2 = mx.sym.Pooling(c)", ["mx.sym.var('data')", "SoftmaxOutput"]),
    "S3-3": (
        "loss = mx.metric.accuracy\ndata = ...\nfeed_dict = {'data': data}\noptimizer.step(data=None)",
        ["mx.metric.Accuracy()", "a batch of an iterator", "module.get_outputs()", "trainer.step(batch_size)"],
    ),
    "S3-4": ("output = model(feed_dict)", ["module.forward(batch, is_train=False)", "mx.mod.Module("]),
    "S4-1": ("it = mx.io.ImageRecordIter(...)\nloss = f(data=fc)", ["data_shape=(3, 224, 224)", "FullyConnected("]),
}  # fmt: skip


@pytest.mark.parametrize("listing", WRONG)
def test_what_is_wrong_is_found(listing: str) -> None:
    text, expected = WRONG[listing]
    found = diagnose(text)
    said = "\n".join(map(str, found))
    assert [part for part in expected if part not in said] == [], said
    assert all(1 <= finding.line <= text.count("\n") + 1 for finding in found)


@pytest.mark.parametrize("path", ARTICLES, ids=lambda p: p.stem)
def test_nothing_is_found_in_the_right_forms(path: Path) -> None:
    cells = [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]
    sources = ["".join(c["source"]) for c in cells if "broken" not in c["metadata"].get("tags", [])]
    python = [re.sub(r"^%.*$", "", source, flags=re.M) for source in sources if not source.startswith("%%")]
    assert [str(finding) for finding in diagnose("\n".join(python), ["display"])] == []


def test_names_that_are_defined_elsewhere_can_be_told() -> None:
    assert [f.line for f in diagnose("y = x + 1\nz = w")] == [1, 2]
    assert diagnose("y = x + 1", ["x"]) == []
    assert diagnose("def f(a, *b, **c):\n    return [k for k in (a, b, c)]\n\nclass A:\n    pass\nprint(f, A)") == []
