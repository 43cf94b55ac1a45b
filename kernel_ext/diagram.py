"""``%diagram NET``: a network's text as a picture that can be edited; text and picture follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import views
from .errors import CleanError
from .lookup import find_network
from .options import Words, forget, offer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words("diagram", "NET", {})


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion."""

    def diagram(line: str) -> Any:
        """Edit a network as a diagram: add, remove, connect and repeat lines, set their values, undo.

        %diagram NET

        NET is a network of a %%network cell. The diagram and the cell's text are one: what is changed in the diagram
        is written into the cell and changes the living network at once; when the cell is edited and run again, the
        diagram follows. Layers that stay the same keep their weights. A change that is no network (shapes that do not
        meet) is shown where it is wrong, and the network stays what it was. Where a front end does not let the cell
        be reached, the text is shown to be copied; in a terminal the rows are printed.

        Example: %diagram lenet
        Python: from dlcore.kernel_ext.language import rewrite; rewrite(lenet, text)
        """
        return show(ip, line)

    ip.register_magic_function(diagram, "line", "diagram")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def show(ip: InteractiveShell, line: str) -> Any:
    """What the magic does; returns the diagram, which a notebook displays."""
    from .language.builder import Network
    from .session import Session

    (name,), _ = WORDS.read(line, ip.user_ns)
    net = find_network(ip.user_ns, name)
    if not isinstance(net, Network):
        raise CleanError(f"%diagram edits the text of a %%network cell, and {name} has none; look at it with %explore")
    session = Session(ip, name, net)
    if getattr(ip, "kernel", None) is None:
        print(session.structure())
        return None
    try:
        from dlcore.widgets.diagram import Diagram
    except ImportError as error:
        raise CleanError(f"%diagram needs the notebook's packages: {error}") from None
    found = session.shown = Diagram(session)
    views.watch(ip, name, found)
    return found
