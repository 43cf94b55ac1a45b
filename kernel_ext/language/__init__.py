"""The network language: the text of a ``%%network`` cell, read, checked, built and written back.

A text goes this way: ``tokens`` -> ``parser`` (with ``line_parser``) -> ``tree`` -> ``resolve`` (braces, names,
repeats) -> ``plan`` -> ``infer`` (shapes) -> ``builder`` (Gluon layers). ``source`` turns a tree back into text.
``words`` is the vocabulary, one row a layer: to add a layer, add a row there. ``completion`` answers the Tab key.
Nothing here knows IPython; the magic is in ``kernel_ext/network.py``. Everything but ``builder`` and ``layers`` is
plain Python and needs no compiled core.
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

__all__ = ["NetworkError", "Template", "make", "parse", "to_source"]


def make(
    text: str, namespace: Mapping[str, Any] | None = None, name: str = "net", place: str = "network"
) -> Network | Template:
    """The network or the reusable block that ``text`` describes, as the ``%%network`` cell makes it.

    ``namespace`` is what braces and ``use`` see. Raises NetworkError, which points at the mistake.

    >>> make("input 784\\ndense 128 relu\\ndense 10").shapes
    [(784,), (128,), (10,)]
    """
    from .parts import network_names
    from .resolve import resolve

    names = {} if namespace is None else namespace
    program = parse(text, name, place, network_names(names))
    if program.parameters is not None:
        return Template(program, names)
    from .builder import build

    return build(resolve(program, names))
