"""What all networks of this folder share."""

from __future__ import annotations

from typing import Any

from ... import nn
from ..._hybrid_block import HybridBlock


class Classifier(HybridBlock):
    """`output(features(x))`: a subclass, or who makes it, fills `features` and gives the number of classes.

    >>> import dlcore as dl
    >>> net = Classifier(10)
    >>> net.features.add(dl.gluon.nn.Dense(5))
    >>> net.initialize()
    >>> net(dl.nd.ones((2, 3))).shape
    (2, 10)
    """

    def __init__(self, classes: int, in_units: int = 0, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self.features = nn.HybridSequential()
        self.output = nn.Dense(classes, in_units=in_units)

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        return self.output(self.features(x))


def no_weights(name: str, pretrained: bool) -> None:
    """ValueError if trained weights are asked for."""
    if pretrained:
        raise ValueError(
            f"{name}: no pretrained weights are shipped; make it with pretrained=False, then load your own with "
            "load_parameters"
        )
