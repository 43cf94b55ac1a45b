"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ._alexnet import alexnet
from ._classifier import Classifier
from ._inception import inception_v3
from ._mobilenet import mobilenet_v1
from ._resnet import cifar_resnet20_v1, resnet18_v1, resnet34_v1, resnet50_v1
from ._small import lenet, mlp
from ._vgg import vgg11, vgg16

_MODELS: dict[str, Callable[..., Classifier]] = {
    "alexnet": alexnet,
    "cifar_resnet20_v1": cifar_resnet20_v1,
    **dict.fromkeys(("inceptionv3", "inception_v3"), inception_v3),
    "lenet": lenet,
    "mlp": mlp,
    "mobilenet_v1": mobilenet_v1,
    **{f"mobilenet{width}": partial(mobilenet_v1, width) for width in (1.0, 0.75, 0.5, 0.25)},
    "resnet18_v1": resnet18_v1,
    "resnet34_v1": resnet34_v1,
    "resnet50_v1": resnet50_v1,
    "vgg11": vgg11,
    "vgg16": vgg16,
}


def get_model(name: str, **kwargs: Any) -> Classifier:
    """A new network by name, in any case; kwargs: `classes` and what else its function takes.

    Raises ValueError listing the names for an unknown one, and for pretrained=True.

    >>> get_model("ResNet18_v1", classes=10).output
    Dense(512 -> 10)
    """
    make = _MODELS.get(name.lower())
    if make is None:
        raise ValueError(f"get_model: expected one of {', '.join(_MODELS)}; got {name!r}")
    return make(**kwargs)
