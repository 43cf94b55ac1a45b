"""Networks by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ._alexnet import alexnet
from ._classifier import Classifier
from ._densenet import densenet121, densenet161, densenet169, densenet201
from ._inception import inception_v3
from ._mobilenet import mobilenet0_5, mobilenet0_25, mobilenet0_75, mobilenet1_0, mobilenet_v1
from ._mobilenet_v2 import mobilenet_v2_0_5, mobilenet_v2_0_25, mobilenet_v2_0_75, mobilenet_v2_1_0
from ._resnet import cifar_resnet20_v1, resnet18_v1, resnet34_v1, resnet50_v1, resnet101_v1, resnet152_v1
from ._resnet_v2 import resnet18_v2, resnet34_v2, resnet50_v2, resnet101_v2, resnet152_v2
from ._small import lenet, mlp
from ._squeezenet import squeezenet1_0, squeezenet1_1
from ._vgg import vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn

_MODELS: dict[str, Callable[..., Classifier]] = {
    function.__name__: function
    for function in (
        alexnet,
        cifar_resnet20_v1,
        densenet121,
        densenet161,
        densenet169,
        densenet201,
        inception_v3,
        lenet,
        mlp,
        mobilenet0_25,
        mobilenet0_5,
        mobilenet0_75,
        mobilenet1_0,
        mobilenet_v1,
        mobilenet_v2_0_25,
        mobilenet_v2_0_5,
        mobilenet_v2_0_75,
        mobilenet_v2_1_0,
        resnet101_v1,
        resnet101_v2,
        resnet152_v1,
        resnet152_v2,
        resnet18_v1,
        resnet18_v2,
        resnet34_v1,
        resnet34_v2,
        resnet50_v1,
        resnet50_v2,
        squeezenet1_0,
        squeezenet1_1,
        vgg11,
        vgg11_bn,
        vgg13,
        vgg13_bn,
        vgg16,
        vgg16_bn,
        vgg19,
        vgg19_bn,
    )
}


def get_model(name: str, **kwargs: Any) -> Classifier:
    """A new network by name, in any case, also as old scripts write it; kwargs: what its function takes.

    Raises ValueError listing the names for an unknown one, and for pretrained=True.

    >>> get_model("ResNet18_v1", classes=10).output
    Dense(512 -> 10)
    >>> get_model("mobilenet1.0", classes=10).output
    Dense(1024 -> 10)
    """
    wanted = re.sub(r"(?<=\d)\.(?=\d)", "_", name.lower())
    wanted = wanted.replace("mobilenetv2", "mobilenet_v2").replace("inceptionv3", "inception_v3")
    if wanted not in _MODELS:
        raise ValueError(f"get_model: expected one of {', '.join(_MODELS)}; got {name!r}")
    return _MODELS[wanted](**kwargs)
