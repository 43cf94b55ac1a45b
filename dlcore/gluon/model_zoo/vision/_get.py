"""Networks by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ._classifier import Classifier


def _models() -> dict[str, Callable[..., Classifier]]:
    from dlcore.gluon.model_zoo import vision

    return {name: getattr(vision, name) for name in vision.__all__ if name[0].islower() and name[:4] != "get_"}


def get_model(name: str, **kwargs: Any) -> Classifier:
    """A new network by name, in any case, also as old scripts write it; kwargs: what its function takes.

    Raises ValueError listing the names for an unknown one, and for pretrained=True.

    >>> get_model("ResNet18_v1", classes=10).output
    Dense(512 -> 10)
    >>> get_model("mobilenetv2_1.0", classes=10).output
    Dense(1280 -> 10)
    """
    wanted = re.sub(r"(?<=\d)\.(?=\d)", "_", name.lower())
    wanted = wanted.replace("mobilenetv2", "mobilenet_v2").replace("inceptionv3", "inception_v3")
    models = _models()
    if wanted not in models:
        raise ValueError(f"get_model: expected one of {', '.join(models)}; got {name!r}")
    return models[wanted](**kwargs)
