"""The networks have the published numbers of parameters and can learn."""

import math

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon.model_zoo import get_model, vision

# Learned parameters: Caffe's LeNet; torchvision's tables for AlexNet, ResNet, VGG and (without its second classifier)
# Inception; MXNet's tables for MobileNet less their
# running statistics (21 888 and 5 472); ResNet-20 is "0.27M" in the paper, here with 1x1 convolutions on two shortcuts.
COUNTS = {
    "mlp": (109_386, 784),
    "lenet": (431_080, 800),
    "resnet18_v1": (11_689_512, 0),
    "resnet34_v1": (21_797_672, 0),
    "cifar_resnet20_v1": (269_722 + 16 * 32 + 32 * 64 + 2 * (32 + 64), 0),
    "resnet50_v1": (25_557_032, 0),
    "alexnet": (61_100_840, 0),
    "inceptionv3": (23_834_568, 0),
    "vgg16": (138_357_544, 512 * 7 * 7),
    "vgg11": (132_863_336, 512 * 7 * 7),
    "mobilenet1.0": (4_253_864 - 21_888, 0),
    "mobilenet0.25": (475_544 - 5_472, 0),
}


@pytest.mark.parametrize("name", COUNTS)
def test_number_of_parameters(name):
    """Counted from the shapes alone; the one length that depends on the image, and LeNet's channels, are filled in."""
    net = get_model(name)
    count, unknown = COUNTS[name]
    lengths = {"lenet": [1, 20, unknown]}.get(name, [unknown])
    total = 0
    for parameter in net.collect_params().values():
        if parameter.grad_req != "null":
            shape = list(parameter.shape)
            if 0 in shape:
                shape[shape.index(0)] = lengths.pop(0)
            total += math.prod(shape)
    assert total == count


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("mlp", (4, 1, 28, 28)),
        ("lenet", (4, 1, 28, 28)),
        ("cifar_resnet20_v1", (4, 3, 16, 16)),
        ("resnet18_v1", (2, 3, 32, 32)),
        ("mobilenet0.25", (4, 3, 32, 32)),
    ],
)
def test_a_step_lowers_the_loss(name, shape):
    dl.random.seed(3)
    net = get_model(name, classes=5)
    net.initialize(init="xavier")
    net.hybridize()
    draw = np.random.default_rng(0)
    x = dl.nd.array(draw.normal(size=shape).astype(np.float32))
    y = dl.nd.array(draw.integers(0, 5, shape[0]))
    assert net(x).shape == (shape[0], 5)
    trainer = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01})
    ce = dl.gluon.loss.SoftmaxCrossEntropyLoss()
    losses = []
    for _ in range(2):
        with dl.autograd.record():
            loss = ce(net(x), y).mean()
        loss.backward()
        losses.append(float(loss))
        trainer.step(1)
    assert losses[1] < losses[0]


def test_inception_and_bottleneck_learn():
    """Small forms, so that every kind of block takes part in a step."""
    dl.random.seed(3)
    for net, size in (
        (vision.InceptionV3(3, width=16), 75),
        (vision.ResNetV1([1, 1], [4, 8, 16], 3, small=True, block=vision.BottleneckV1), 8),
    ):
        net.initialize(init="xavier")
        x = dl.random.uniform(shape=(2, 3, size, size))
        trainer = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01})
        losses = []
        for _ in range(2):
            with dl.autograd.record():
                loss = (net(x) ** 2).sum()
            loss.backward()
            losses.append(float(loss))
            trainer.step(1)
        assert losses[1] < losses[0]


def test_vgg_forward():
    net = vision.VGG([1, 1, 2, 2, 2], [4, 4, 8, 8, 8], classes=3, hidden=16)
    net.initialize()
    assert net(dl.nd.ones((2, 3, 32, 32))).shape == (2, 3)


def test_what_is_not_there_says_so():
    for name in ("lenet", "vgg11", "mobilenet1.0"):
        with pytest.raises(ValueError, match="no pretrained weights are shipped"):
            get_model(name, pretrained=True)
    with pytest.raises(ValueError, match="expected one of .*resnet18_v1.*; got 'resnet19'"):
        get_model("resnet19")
