"""Making symbols: variables, groups, and one function for every operator."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _json, attribute
from ._call import Call
from ._operators import parameters, target
from ._symbol import Symbol, make_call
from ._types import dtype_name


def var(
    name: str,
    attr: Mapping[str, Any] | None = None,
    shape: Sequence[int] | None = None,
    lr_mult: float | None = None,
    wd_mult: float | None = None,
    dtype: Any = None,
    init: Any = None,
    stype: str = "default",
) -> Symbol:
    """A variable: an array that is given when the symbol is bound.

    shape and dtype, if known already; lr_mult and wd_mult scale the learning rate and weight decay in a Module, init
    (a name, or an Initializer) says how it is filled there. Zeros in a shape are lengths that are not known. A sparse
    `stype` is taken from old scripts; what is computed is dense.

    >>> var("x", shape=(2, 3)).list_arguments()
    ['x']
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"var: a variable needs a name, got {name!r}")
    if stype not in ("default", "csr", "row_sparse"):
        raise ValueError(f"var {name}: stype must be 'default', 'csr' or 'row_sparse', got {stype!r}")
    notes: dict[str, Any] = attribute.notes(attr)
    if shape is not None:
        notes["__shape__"] = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    if dtype is not None:
        notes["__dtype__"] = dtype_name(dtype)
    if init is not None:
        words = getattr(init, "_kwargs", {})
        notes["__init__"] = init if isinstance(init, str) else json.dumps([type(init).__name__.lower(), words])
    for key, value in (("__lr_mult__", lr_mult), ("__wd_mult__", wd_mult)):
        if value is not None:
            notes[key] = float(value)
    return Symbol([(Call("", name, notes=notes), 0)])


Variable = var


def Group(symbols: Sequence[Symbol]) -> Symbol:
    """Several symbols as one with all their outputs.

    >>> x = var("x")
    >>> Group([x, x * 2]).list_outputs()[0]
    'x'
    """
    if not isinstance(symbols, (list, tuple)) or not symbols or not all(isinstance(s, Symbol) for s in symbols):
        raise TypeError(f"Group: expected a list of at least one Symbol, got {symbols!r}")
    return Symbol([entry for symbol in symbols for entry in symbol._entries])


def function(op: str) -> Callable[..., Symbol]:
    """The function that adds a call of `op`: its own arguments with Symbols for arrays, and `name=`, `attr=`."""

    def add(*args: Any, name: str | None = None, attr: Mapping[str, Any] | None = None, **kwargs: Any) -> Symbol:
        return make_call(op, args, kwargs, name, attr)

    add.__name__ = add.__qualname__ = op
    add.__doc__ = target(op).__doc__
    own = [p for p in parameters(op).values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    extra = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=None) for n in ("name", "attr")]
    add.__signature__ = inspect.Signature([*own, *extra])  # type: ignore[attr-defined]
    return add


def load(fname: str | os.PathLike[str]) -> Symbol:
    """The symbol in a file of `Symbol.save`. Errors: see `load_json`.

    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/net.json"
    >>> (var("x") + 1).save(file)
    >>> load(file).list_arguments()
    ['x']
    """
    return load_json(Path(fname).read_text(encoding="utf-8"), os.fspath(fname))


def load_json(text: str, source: str = "symbol") -> Symbol:
    """The symbol in a text of `Symbol.tojson`, or of MXNet where it names operators that are here.

    ValueError for an operator or argument that is not known, naming the node, and for text that is no symbol.

    >>> load_json((var("x") + 1).tojson()).list_arguments()
    ['x']
    """
    return Symbol(_json.loads(text, source))


fromjson = load_json
