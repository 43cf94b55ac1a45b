"""``%interpret NET --data DATA``: what a network gets right and wrong, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import WRONG, CleanError, refusal
from .lookup import find_network
from .options import Words, forget, offer
from .pictures import show_as_picture

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WAYS = "results worst saliency gradients grad_cam embedding tsne umap rules"
WORDS = Words(
    "interpret",
    "NET",
    {
        "data": ("data", "DATA"),
        "show": (f"one of {WAYS}", "WHAT"),
        "count": ("count", "N"),
        "layer": ("word", "PATH"),
    },
)


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic, its completion, and the pictures of what it returns."""

    def interpret(line: str) -> Any:
        """Show what a classifier gets right and wrong on a data set, and what its decisions rest on.

        %interpret NET --data DATA [--show WHAT] [--count N] [--layer PATH]

        WHAT is results (confusion matrix and the scores of each class; the default), worst (the worst mistakes),
        saliency, gradients (integrated) or grad_cam (what the decisions on the first samples rest on), embedding
        (where a layer puts the samples), tsne or umap (the same, neighbours kept together; need scikit-learn or
        umap-learn) or rules (a decision tree that imitates the network; needs scikit-learn).

        Example: %interpret lenet --data mnist --show worst
        Python: found = dl.interpret.results(lenet, "mnist"); found.worst(12)
        """
        return show(ip, line)

    ip.register_magic_function(interpret, "line", "interpret")  # type: ignore[arg-type]
    offer(ip, WORDS)
    show_as_picture(ip, "dlcore.interpret._results", "Results", "results")
    show_as_picture(ip, "dlcore.interpret._results", "Mistakes", "worst")
    show_as_picture(ip, "dlcore.interpret._attribution", "Attribution", "attribution")
    show_as_picture(ip, "dlcore.interpret._overview", "Embedding", "scatter")


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def show(ip: InteractiveShell, line: str) -> Any:
    """What the magic does."""
    (name,), given = WORDS.read(line, ip.user_ns)
    net = find_network(ip.user_ns, name)
    if "data" not in given:
        raise CleanError(f"%interpret: --data is missing\n{WORDS.usage}")
    try:
        return _found(net, given["data"], given.get("show", "results"), given.get("count"), given.get("layer"))
    except (*WRONG, ImportError) as error:
        raise refusal("%interpret", error) from error
    except KeyError as error:
        raise CleanError(f"%interpret: {error.args[0]}") from error


def _found(net: Any, data: Any, what: str, count: int | None, layer: str | None) -> Any:
    from dlcore import interpret

    if what == "results":
        return interpret.results(net, data)
    if what == "worst":
        return interpret.results(net, data).worst(count or 16)
    if what in ("embedding", "tsne", "umap"):
        return interpret.embedding(net, data, layer, count or 1000, "pca" if what == "embedding" else what)
    if what == "rules":
        found = interpret.rules(net, data, count=count or 4000)
        print(found)
        return found
    x, _ = interpret.batch_of(data, count or 8)
    if what == "grad_cam":
        return interpret.grad_cam(net, x, layer=layer)
    return interpret.saliency(net, x) if what == "saliency" else interpret.integrated_gradients(net, x)
