"""Which parameters of a network are made smaller."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcore.gluon import Block, Parameter

Select = str | Callable[[str, Parameter], bool] | None


def chosen(what: str, net: Block, select: Select) -> dict[str, Parameter]:
    """Parameters by path, each once. ValueError if there are none, or if one is not made of finite floats.

    select: a regular expression for paths (as `collect_params` takes), or a function of path and parameter; None means
    every "weight" of at least two axes, that is those of dense and convolution layers and embeddings.
    """
    if isinstance(select, str):
        pairs = list(net.collect_params(select).items())
    else:
        wanted = select or _is_weight
        pairs = [(path, parameter) for path, parameter in net.collect_params().items() if wanted(path, parameter)]
    once = {id(parameter): (path, parameter) for path, parameter in reversed(pairs)}
    found = {path: parameter for path, parameter in pairs if once[id(parameter)][0] == path}
    if not found:
        raise ValueError(f"{what}: no parameter of {type(net).__name__} was selected")
    for path, parameter in found.items():
        values = parameter.data().asnumpy()
        if not parameter.dtype.startswith(("float", "bfloat")) or not np.isfinite(values.astype(np.float64)).all():
            raise ValueError(f"{what}: {path}: expected finite floats, got {parameter.dtype} with NaN, inf or integers")
    return found


def _is_weight(path: str, parameter: Parameter) -> bool:
    return path.split(".")[-1].endswith("weight") and len(parameter.shape or ()) >= 2
