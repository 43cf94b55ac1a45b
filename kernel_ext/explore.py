"""``%explore NET``: a network as a foldable graph, and what is inside each layer, live while it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import views
from .errors import WRONG, CleanError, did_you_mean, refusal
from .lookup import find_network
from .options import Words, forget, offer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words(
    "explore",
    "NET",
    {
        "data": ("data", "DATA"),
        "loss": ("function", "NAME"),
        "input": ("shape", "SHAPE"),
        "layer": ("word", "PATH"),
    },
)


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion."""

    def explore(line: str) -> Any:
        """Look inside a network: a foldable graph, and each layer's weights, activations and gradients as they are now.

        %explore NET [--data DATA] [--loss NAME] [--input SHAPE] [--layer PATH]

        --data: a data set, a loader, samples,labels, or mnist; its first samples are sent through the network.
        --loss: a loss or function of the notebook, for the gradients. --input: the shape of one sample, such as
        1x28x28, where there is no data. --layer: print what is inside this one layer as text.
        The explorer follows a network that trains in the background, and a network whose cell is edited and run
        again. A layer that cannot take what it is given is marked, with the arrow that brings it. On the input's row, a
        click on a picture shows what the network's decision rests on. In a terminal the graph is printed as text.

        Example: %explore lenet --data mnist
        Python: from dlcore.widgets.explorer import explore; explore(lenet, data="mnist")
        """
        return show(ip, line)

    ip.register_magic_function(explore, "line", "explore")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def show(ip: InteractiveShell, line: str) -> Any:
    """What the magic does; returns the explorer, which a notebook displays."""
    (name,), given = WORDS.read(line, ip.user_ns)
    net = find_network(ip.user_ns, name)
    layer = given.pop("layer", None)
    try:
        from dlcore.widgets.explorer import explore
    except ImportError as error:
        raise CleanError(f"%explore needs the notebook's packages: {error}") from None
    try:
        found = explore(net, name=name, **given)
        if layer is not None:
            return found.look(_path(layer, found))
    except CleanError:
        raise
    except WRONG as error:
        raise refusal("%explore", error) from error
    if getattr(ip, "kernel", None) is None:
        print(found.structure)
        if found.structure.note:
            print(found.structure.note)
        return None
    views.watch(ip, name, found)
    return found


def _path(layer: str, found: Any) -> str:
    paths = [row.path for row in found.structure.layers if row.kind in ("layer", "network")]
    if layer in paths:
        return layer
    ends = [path for path in paths if path.endswith(f".{layer}")]
    if len(ends) == 1:
        return ends[0]
    known = [path for path in paths if path]
    hint = did_you_mean(layer, known) or f"; the layers are {', '.join(known[:12])}"
    raise CleanError(f"%explore: there is no layer {layer}{hint}")
