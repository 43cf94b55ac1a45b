"""Small questions about blocks that several files here ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcore.array import array, current_context
from dlcore.gluon import Block


def blocks(net: Any) -> Iterator[tuple[str, Any]]:
    """Every block of a network with its path, a parent before its children; the network's own path is ""."""

    def walk(block: Any, path: str) -> Iterator[tuple[str, Any]]:
        yield path, block
        for key, child in block._children.items():
            yield from walk(child, f"{path}.{key}" if path else key)

    yield from walk(net, "")


def find(net: Any, path: str, what: str) -> Any:
    """The block at `path`. Raises KeyError that names the place and the paths there are."""
    known = dict(blocks(net))
    if path not in known:
        near = [name for name in known if name.endswith(path.rpartition(".")[2])] or list(known)[1:9]
        raise KeyError(f"{what}: there is no layer {path!r}; there are {', '.join(near)}")
    return known[path]


def check_network(net: Any, what: str) -> None:
    """Raise TypeError unless `net` is a gluon block."""
    if not isinstance(net, Block):
        raise TypeError(f"{what}: expected a network (a gluon Block), got {type(net).__name__}")


def path_of(scope: str) -> str:
    """The path that a scope of the graph such as "net0.features.0" means, below the network itself."""
    return scope.partition(".")[2]


def device_of(net: Any) -> Any:
    """Where the network's parameters are; the current device where it has none that are known."""
    for parameter in net.collect_params().values():
        try:
            return parameter.list_ctx()[0]
        except RuntimeError:
            continue
    return current_context()


def batch_for(net: Any, x: Any) -> Any:
    """`x` as an array where the network is; 64-bit floats of NumPy become 32-bit ones."""
    if not hasattr(x, "as_in_context"):
        import numpy as np

        values = np.asarray(x)
        x = array(values.astype(np.float32) if values.dtype == np.float64 else values)
    return x.as_in_context(device_of(net))


def label_of(block: Any) -> str:
    """What a block says of itself, on one short line."""
    if block._children:
        details = block._details()
        text = type(block).__name__ + (f"({details})" if details else "")
    else:
        text = block._brief().splitlines()[0]
    return text if len(text) <= 80 else text[:79] + "…"
