"""Networks for images: MLP, LeNet, AlexNet, VGG, Inception, ResNet, MobileNet.

What lives here: one file per family, and `get_model`. Each network has `features` and `output`, takes x (n, c, h, w),
and gives scores (n, classes).
What must not: layers (see `dlcore.gluon.nn`), trained weights, which are not shipped.
"""

from ._alexnet import alexnet
from ._get import get_model
from ._inception import InceptionV3, inception_v3
from ._mobilenet import MobileNet, mobilenet_v1
from ._resnet import BasicBlockV1, BottleneckV1, ResNetV1, cifar_resnet20_v1, resnet18_v1, resnet34_v1, resnet50_v1
from ._small import lenet, mlp
from ._vgg import VGG, vgg11, vgg16

__all__ = [
    "VGG",
    "BasicBlockV1",
    "BottleneckV1",
    "InceptionV3",
    "MobileNet",
    "ResNetV1",
    "alexnet",
    "cifar_resnet20_v1",
    "get_model",
    "inception_v3",
    "lenet",
    "mlp",
    "mobilenet_v1",
    "resnet18_v1",
    "resnet34_v1",
    "resnet50_v1",
    "vgg11",
    "vgg16",
]
