"""The networks have the published numbers of parameters and can learn."""

import math

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon.model_zoo import get_model, vision

# Learned parameters: Caffe's LeNet; torchvision's tables for AlexNet, DenseNet, ResNet, SqueezeNet, VGG, MobileNetV2
# and (without its second classifier) Inception; MXNet's tables for MobileNet less their running statistics (21 888 and
# 5 472); ResNet-20 is "0.27M" in the paper, here with 1x1 convolutions on two shortcuts; timm's resnetv2_50, which has
# no normalization (64 factors, 64 offsets) behind its stem. MXNet's bottlenecks have biases at their 1x1 convolutions,
# its MobileNet of the second version has none in the last layer, but a 1x1 convolution more in the first block.
COUNTS = {
    "mlp": (109_386, 784),
    "lenet": (431_080, 800),
    "resnet18_v1": (11_689_512, 0),
    "resnet34_v1": (21_797_672, 0),
    "cifar_resnet20_v1": (269_722 + 16 * 32 + 32 * 64 + 2 * (32 + 64), 0),
    "resnet50_v1": (25_557_032 + 3 * 320 + 4 * 640 + 6 * 1280 + 3 * 2560, 0),
    "alexnet": (61_100_840, 0),
    "inceptionv3": (23_834_568, 0),
    "vgg16": (138_357_544, 512 * 7 * 7),
    "vgg11": (132_863_336, 512 * 7 * 7),
    "vgg13": (133_047_848, 512 * 7 * 7),
    "vgg19": (143_667_240, 512 * 7 * 7),
    "vgg11_bn": (132_868_840, 512 * 7 * 7),
    "vgg16_bn": (138_365_992, 512 * 7 * 7),
    "vgg19_bn": (143_678_248, 512 * 7 * 7),
    "resnet101_v1": (44_549_160 + 3 * 320 + 4 * 640 + 23 * 1280 + 3 * 2560, 0),
    "resnet152_v1": (60_192_808 + 3 * 320 + 8 * 640 + 36 * 1280 + 3 * 2560, 0),
    "resnet50_v2": (25_549_352 + 2 * 64, 0),
    "densenet121": (7_978_856, 0),
    "densenet161": (28_681_000, 0),
    "densenet169": (14_149_480, 0),
    "densenet201": (20_013_928, 0),
    "squeezenet1.0": (1_248_424, 0),
    "squeezenet1.1": (1_235_496, 0),
    "mobilenetv2_1.0": (3_504_872 - 1000 + 32 * 32 + 2 * 32, 0),
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
        ("mobilenetv2_0.25", (4, 3, 32, 32)),
        ("squeezenet1.1", (2, 3, 64, 64)),
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


def test_small_forms_of_every_kind_of_block_learn():
    dl.random.seed(3)
    for net, size in (
        (vision.InceptionV3(3, width=16), 75),
        (vision.ResNetV1(vision.BottleneckV1, [1, 1], [4, 8, 16], 3, thumbnail=True), 8),
        (vision.ResNetV2(vision.BasicBlockV2, [1, 1], [4, 4, 8], 3, thumbnail=True), 8),
        (vision.ResNetV2(vision.BottleneckV2, [1, 2], [4, 8, 16], 3), 32),
        (vision.DenseNet(8, 4, [2, 2], dropout=0.1, classes=3), 32),
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
    net = vision.VGG([1, 1, 2, 2, 2], [4, 4, 8, 8, 8], 3, True, hidden=16)
    net.initialize()
    assert net(dl.nd.ones((2, 3, 32, 32))).shape == (2, 3)


def test_what_is_not_there_says_so():
    for name in ("lenet", "vgg11", "mobilenet1.0"):
        with pytest.raises(ValueError, match="no pretrained weights are shipped"):
            get_model(name, pretrained=True)
    with pytest.raises(ValueError, match="expected one of .*resnet18_v1.*; got 'resnet19'"):
        get_model("resnet19")
    with pytest.raises(TypeError, match="densenet121: .* 'clases'; it takes classes, pretrained, bn_size, dropout, "):
        get_model("densenet121", clases=3)
    with pytest.raises(ValueError, match="ResNet: expected 18, 34, 50, 101, 152 layers, got 20"):
        vision.get_resnet(1, 20)
    with pytest.raises(ValueError, match="VGG: expected 11, 13, 16, 19 layers, got 12"):
        vision.get_vgg(12)


def test_networks_by_their_old_names():
    assert type(vision.get_resnet(2, 50)) is vision.ResNetV2 and type(vision.get_resnet(1, 18)) is vision.ResNetV1
    net = vision.resnet18_v2(classes=2, pretrained=False, ctx=dl.cpu(), root="unused")
    net.features, net.output = vision.resnet18_v2().features, dl.gluon.nn.Dense(7, in_units=512)
    net.initialize()
    assert net(dl.nd.ones((1, 3, 32, 32))).shape == (1, 7)
