"""Networks for images: MLP, LeNet, AlexNet, VGG, Inception, ResNet, DenseNet, SqueezeNet, MobileNet.

What lives here: one file per family, and `get_model`. Each network has `features` and `output`, takes x (n, c, h, w),
and gives scores (n, classes).
What must not: layers (see `dlcore.gluon.nn`), trained weights, which are not shipped.
"""

from dlcore import _answers

from ._alexnet import AlexNet, alexnet
from ._densenet import DenseNet, densenet121, densenet161, densenet169, densenet201
from ._get import get_model
from ._inception import InceptionV3, inception_v3
from ._mobilenet import MobileNet, mobilenet0_5, mobilenet0_25, mobilenet0_75, mobilenet1_0, mobilenet_v1
from ._mobilenet_v2 import (
    MobileNetV2,
    get_mobilenet_v2,
    mobilenet_v2_0_5,
    mobilenet_v2_0_25,
    mobilenet_v2_0_75,
    mobilenet_v2_1_0,
)
from ._resnet import (
    BasicBlockV1,
    BottleneckV1,
    CIFARResNetV1,
    ResNetV1,
    _conv3x3,  # noqa: F401
    cifar_resnet20_v1,
    resnet18_v1,
    resnet34_v1,
    resnet50_v1,
    resnet101_v1,
    resnet152_v1,
)
from ._resnet_v2 import (
    BasicBlockV2,
    BottleneckV2,
    ResNetV2,
    get_resnet,
    resnet18_v2,
    resnet34_v2,
    resnet50_v2,
    resnet101_v2,
    resnet152_v2,
)
from ._small import lenet, mlp
from ._squeezenet import SqueezeNet, squeezenet1_0, squeezenet1_1
from ._vgg import VGG, get_vgg, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn

__all__ = [
    "AlexNet",
    "BasicBlockV1",
    "BasicBlockV2",
    "BottleneckV1",
    "BottleneckV2",
    "CIFARResNetV1",
    "DenseNet",
    "Inception3",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "ResNetV1",
    "ResNetV2",
    "SqueezeNet",
    "VGG",
    "alexnet",
    "cifar_resnet20_v1",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "get_mobilenet",
    "get_mobilenet_v2",
    "get_model",
    "get_resnet",
    "get_vgg",
    "inception_v3",
    "lenet",
    "mlp",
    "mobilenet0_25",
    "mobilenet0_5",
    "mobilenet0_75",
    "mobilenet1_0",
    "mobilenet_v1",
    "mobilenet_v2_0_25",
    "mobilenet_v2_0_5",
    "mobilenet_v2_0_75",
    "mobilenet_v2_1_0",
    "resnet101_v1",
    "resnet101_v2",
    "resnet152_v1",
    "resnet152_v2",
    "resnet18_v1",
    "resnet18_v2",
    "resnet34_v1",
    "resnet34_v2",
    "resnet50_v1",
    "resnet50_v2",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]

Inception3, get_mobilenet = InceptionV3, mobilenet_v1  # as MXNet calls them

_answers.guard(__name__, __all__)
