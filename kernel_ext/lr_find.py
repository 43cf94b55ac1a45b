"""``%lr_find NET --data DATA``: a learning rate from one short sweep on a copy of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import WRONG, CleanError, refusal
from .lookup import find_network
from .options import Words, forget, offer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words(
    "lr_find",
    "NET",
    {
        "data": ("data", "DATA"),
        "batch": ("count", "N"),
        "optimizer": ("word", "NAME"),
        "loss": ("function", "NAME"),
        "start": ("number", "X"),
        "stop": ("number", "X"),
        "steps": ("count", "N"),
    },
)


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic, its completion, and the picture of what it finds."""
    from .pictures import show_as_picture

    def lr_find(line: str) -> Any:
        """Sweep the learning rate on a copy of a network, draw the loss, and suggest a rate.

        %lr_find NET --data DATA [--batch N] [--optimizer NAME] [--loss NAME] [--start X] [--stop X] [--steps N]

        The network, its optimizer and the random state stay as they are, to the bit. The result has `.suggestion`:
        the rate where the smoothed loss falls fastest, or a tenth of the rate where it is lowest, if that is smaller.

        Example: found = %lr_find lenet --data mnist
        Python: found = dl.run.lr_find(lenet, "mnist")
        """
        return find(ip, line)

    ip.register_magic_function(lr_find, "line", "lr_find")  # type: ignore[arg-type]
    offer(ip, WORDS)
    show_as_picture(ip, "dlcore.run._lr_find", "LearningRates", "learning_rates")


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def find(ip: InteractiveShell, line: str) -> Any:
    """What the magic does."""
    from dlcore import run

    (name,), given = WORDS.read(line, ip.user_ns)
    net = find_network(ip.user_ns, name)
    if "data" not in given:
        raise CleanError(f"%lr_find: --data is missing\n{WORDS.usage}")
    rule = given.get("optimizer")
    if rule is not None and hasattr(ip.user_ns.get(rule), "set_knob"):
        given["optimizer"] = ip.user_ns[rule]
    try:
        return run.lr_find(net, name=name, **given)
    except WRONG as error:
        raise refusal("%lr_find", error) from error
