"""Scripts as people wrote them for MXNet run with only the import changed."""

import contextlib
import io
import re

import numpy as np
import pytest

MNIST_SCRIPT = """
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn

mx.random.seed(42)
batch_size = 100
ctx = [mx.gpu(i) for i in range(mx.context.num_gpus())][:1] or [mx.cpu()]

def transformer(data, label):
    return nd.transpose(data.astype(np.float32), (2, 0, 1)) / 255, label

train_data = gluon.data.DataLoader(
    gluon.data.vision.MNIST(root, train=True, transform=transformer),
    batch_size=batch_size, shuffle=True, last_batch="discard")
val_data = gluon.data.DataLoader(
    gluon.data.vision.MNIST(root, train=False).transform_first(gluon.data.vision.transforms.ToTensor()),
    batch_size=batch_size, shuffle=False, num_workers=2)

class Net(gluon.Block):
    def __init__(self, **kwargs):
        super(Net, self).__init__(**kwargs)
        with self.name_scope():
            self.conv1 = nn.Conv2D(20, kernel_size=(5, 5))
            self.pool1 = nn.MaxPool2D(pool_size=(2, 2), strides=(2, 2))
            self.conv2 = nn.Conv2D(50, kernel_size=(5, 5))
            self.pool2 = nn.MaxPool2D(pool_size=(2, 2), strides=(2, 2))
            self.fc1 = nn.Dense(500)
            self.fc2 = nn.Dense(10)

    def forward(self, x):
        x = self.pool1(mx.nd.tanh(self.conv1(x)))
        x = self.pool2(mx.nd.tanh(self.conv2(x)))
        x = x.reshape((0, -1))
        x = mx.nd.tanh(self.fc1(x))
        return self.fc2(x)

net = Net()
net.initialize(mx.init.Xavier(magnitude=2.24), ctx=ctx)
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.03, "momentum": 0.9})
softmax_cross_entropy_loss = gluon.loss.SoftmaxCrossEntropyLoss()

def test():
    metric = mx.metric.Accuracy()
    for data, label in val_data:
        data = gluon.utils.split_and_load(data, ctx_list=ctx, batch_axis=0)
        label = gluon.utils.split_and_load(label, ctx_list=ctx, batch_axis=0)
        outputs = [net(x) for x in data]
        metric.update(label, outputs)
    return metric.get()

metric = mx.metric.Accuracy()
for epoch in range(epochs):
    metric.reset()
    for i, (data, label) in enumerate(train_data):
        data = gluon.utils.split_and_load(data, ctx_list=ctx, batch_axis=0)
        label = gluon.utils.split_and_load(label, ctx_list=ctx, batch_axis=0)
        outputs = []
        with autograd.record():
            for x, y in zip(data, label):
                z = net(x)
                loss = softmax_cross_entropy_loss(z, y)
                loss.backward()
                outputs.append(z)
        metric.update(label, outputs)
        trainer.step(batch_size)
    name, acc = metric.get()
    print("[Epoch %d] Training: %s=%f" % (epoch, name, acc))

name, val_acc = test()
print("Validation: %s=%f" % (name, val_acc))
net.save_parameters("%s/mnist.params" % folder)
mx.nd.waitall()
"""

HAND_SCRIPT = """
from mxnet import nd, autograd, gluon

true_w, true_b = nd.array([2, -3.4]), 4.2
features = nd.random.normal(scale=1, shape=(500, 2))
labels = nd.dot(features, true_w) + true_b
labels += nd.random.normal(scale=0.01, shape=labels.shape)

w = nd.random.normal(scale=0.01, shape=(2, 1))
b = nd.zeros(shape=(1,))
w.attach_grad()
b.attach_grad()

def squared_loss(y_hat, y):
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2

def sgd(params, lr, batch_size):
    for param in params:
        param[:] = param - lr * param.grad / batch_size

for epoch in range(4):
    for X, y in gluon.data.DataLoader(gluon.data.ArrayDataset(features, labels), 10, shuffle=True):
        with autograd.record():
            l = squared_loss(nd.dot(X, w) + b, y)
        l.backward()
        sgd([w, b], 0.03, 10)
train_l = squared_loss(nd.dot(features, w) + b, labels)
final = train_l.mean().asscalar()

from mxnet.gluon import loss as gloss, nn
from mxnet import init
net = nn.Sequential()
net.add(nn.Dense(1))
net.initialize(init.Normal(sigma=0.01))
loss = gloss.L2Loss()
trainer = gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.03})
for epoch in range(5):
    for X, y in gluon.data.DataLoader(gluon.data.ArrayDataset(features, labels), 10, shuffle=True):
        with autograd.record():
            l = loss(net(X), y)
        l.backward()
        trainer.step(10)
weight, bias = net[0].weight.data(), net[0].bias.data()
"""


def run(script, **names):
    """Runs the script with the import changed, and nothing else; gives its names and what it printed."""
    code = re.sub(r"\bmxnet\b", "dlcore", script)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, "script", "exec"), names)
    return names, out.getvalue()


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("DLCORE_OFFLINE", "1")
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))


@pytest.mark.filterwarnings("error")
def test_the_mnist_example(tmp_path):
    names, said = run(MNIST_SCRIPT, root=str(tmp_path), folder=str(tmp_path), epochs=1)
    assert re.search(r"\[Epoch 0\] Training: accuracy=0\.[5-9]", said)
    assert names["name"] == "accuracy" and names["val_acc"] > 0.9
    assert (tmp_path / "mnist.params").exists()


def test_linear_regression_by_hand_and_with_gluon():
    names, _ = run(HAND_SCRIPT)
    assert names["final"] < 1e-3
    np.testing.assert_allclose(names["w"].asnumpy().ravel(), [2, -3.4], atol=0.01)
    np.testing.assert_allclose(names["weight"].asnumpy().ravel(), [2, -3.4], atol=0.02)
    np.testing.assert_allclose(names["bias"].asnumpy(), [4.2], atol=0.02)
