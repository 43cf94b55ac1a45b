"""What all networks of this folder share. Their parameters are named and counted as those of MXNet's zoo are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dlcore._kinds import Count, Length

from ... import nn
from ..._hybrid_block import HybridBlock


class Classifier(HybridBlock):
    """`output(features(x))`: who makes it fills `features`, by `fill` or later, and gives the number of classes.

    output: a function that makes the last layer; a dense one where it is None.

    >>> import dlcore as dl
    >>> net = Classifier(10)
    >>> net.features.add(dl.gluon.nn.Dense(5))
    >>> net.initialize()
    >>> net(dl.nd.ones((2, 3))).shape
    (2, 10)
    """

    def __init__(
        self,
        classes: Count,
        in_units: Length = 0,
        prefix: str | None = None,
        params: Any = None,
        fill: Callable[[Any], None] | None = None,
        output: Callable[[], HybridBlock] | None = None,
    ) -> None:
        super().__init__(prefix, params)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            if fill is not None:
                fill(self.features)  # the last layer has the last number
            self.output: HybridBlock = nn.Dense(classes, in_units=in_units) if output is None else output()

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        return self.output(self.features(x))


_OLD = ("ctx", "root")  # what MXNet's functions take for trained weights only


def no_weights(name: str, pretrained: bool, given: Mapping[str, Any], *own: str) -> dict[str, Any]:
    """What of `given` is for the network itself: its prefix and params, and the words in `own`.

    ValueError if trained weights are asked for, TypeError for an argument that neither it nor MXNet's functions take.
    """
    if pretrained:
        raise ValueError(
            f"{name}: no pretrained weights are shipped; make it with pretrained=False, then load your own with "
            "load_parameters"
        )
    words = (*own, "prefix", "params")
    for word in given:
        if word not in (*words, *_OLD):
            listed = ", ".join(("classes", "pretrained", *words, *_OLD))
            raise TypeError(f"{name}: there is no argument {word!r}; it takes {listed}")
    return {word: value for word, value in given.items() if word in words}
