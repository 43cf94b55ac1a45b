"""The network language: the text of a ``%%network`` cell, read, checked, built and written back.

A text goes this way: ``tokens`` -> ``parser`` (with ``line_parser``) -> ``tree`` -> ``resolve`` (braces, names,
repeats) -> ``plan`` -> ``infer`` (shapes) -> ``builder`` (Gluon layers). ``source`` turns a tree back into text.
``words`` is the vocabulary, one row a layer: to add a layer, add a row there. ``completion`` answers the Tab key.
Nothing here knows IPython; the magic is in ``kernel_ext/network.py``. Everything but ``builder``,
``layers``, ``regrow`` and ``sketch`` is plain Python and needs no compiled core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import NetworkError
from .parser import parse
from .source import to_source
from .template import Template

if TYPE_CHECKING:
    from .builder import Network
    from .regrow import Regrown
    from .tree import Program

__all__ = ["NetworkError", "Template", "make", "parse", "read", "rewrite", "to_source"]


def read(text: str, namespace: Mapping[str, Any], name: str = "net", place: str = "network") -> Program:
    """The syntax tree of a cell's text, written in the language or as a Mermaid flowchart. Raises NetworkError."""
    from .mermaid import is_flowchart, parse_flowchart
    from .parts import network_names

    networks = network_names(namespace)
    if is_flowchart(text):
        return parse_flowchart(text, name, place, networks)
    return parse(text, name, place, networks)


def make(
    text: str, namespace: Mapping[str, Any] | None = None, name: str = "net", place: str = "network"
) -> Network | Template:
    """The network or the reusable block that ``text`` describes, as the ``%%network`` cell makes it.

    ``namespace`` is what braces and ``use`` see. Raises NetworkError, which points at the mistake.

    >>> make("input 784\\ndense 128 relu\\ndense 10").shapes
    [(784,), (128,), (10,)]
    """
    from .resolve import resolve

    names = {} if namespace is None else namespace
    program = read(text, names, name, place)
    if program.parameters is not None:
        return Template(program, names)
    from .builder import build

    return build(resolve(program, names))


def rewrite(net: Network, text: str, namespace: Mapping[str, Any] | None = None) -> Regrown:
    """Change a living network to what ``text`` says, as an edited ``%%network`` cell does.

    Layers that stay the same keep their weights; what is returned names them. Raises NetworkError, and then nothing has
    changed.

    >>> net = make("input 4\\ndense 3\\ndense 2")
    >>> rewrite(net, "input 4\\ndense 3\\ndropout 0.5\\ndense 2")
    Regrown(kept=('dense1', 'dense2'), new=())
    >>> net.shapes
    [(4,), (3,), (3,), (2,)]
    """
    from .regrow import regrow
    from .resolve import resolve

    names = {} if namespace is None else namespace
    return regrow(net, resolve(read(text, names, net.plan.name), names))
