"""Derives the Python function of an operator from its record: a callable of the core with a true signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

from .. import _core
from ._record import REQUIRED, Attr, Input, Op, get

ATTR_HINTS = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "str",
    "ints": "int | Sequence[int]",
    "dtype": "DTypeLike",
    "obj": "Any",
    "opt_int": "int | None",
    "opt_float": "float | None",
    "opt_ints": "int | Sequence[int] | None",
    "opt_dtype": "DTypeLike | None",
}
DTYPE_RULES = {
    "promote": "the inputs' common dtype",
    "arith": "the inputs' common dtype",
    "signed": "the inputs' common dtype, which must not be bool",
    "floating": "the inputs' common floating-point dtype; whole numbers and truth values give float32",
    "bool_out": "bool; the inputs may have any dtype",
    "predicate": "bool; the input may have any dtype",
    "same": "that of the input",
    "first": "that of the first input",
    "integer": "the inputs' common dtype, which must be a whole-number dtype or bool",
    "int_only": "that of the input, which must be a whole-number dtype",
    "sum": "floating-point dtypes stay; whole numbers and bool give int64 (unsigned ones uint64)",
    "mean": "floating-point dtypes stay; whole numbers and bool give float32",
    "wide": "float32 of 16-bit floats; other floating-point dtypes stay, all else gives float32",
    "index_out": "int64; the input may have any dtype",
    "select": "the common dtype of x and y; the condition is bool",
    "real_of": "the input's floating-point dtype, of complex numbers that of their parts; whole numbers give float32",
    "eigh": "w is real; v has the input's floating-point or complex dtype",
    "svd": "s is real; u and h have the input's floating-point or complex dtype",
    "slogdet": "size is real; sign has the input's floating-point or complex dtype",
    "attr:dtype": "the attribute dtype",
    "attr_or_first": "the attribute dtype, or else that of x",
}
SHAPE_RULES = {
    "broadcast": "the inputs are broadcast against each other",
    "same": "that of the first input",
    "step": "that of the first input, which gradient and states have too",
    "reduce": "the reduced axes go, or stay with length 1 if keepdims is set",
    "arg_reduce": "the reduced axis goes, or stays with length 1 if keepdims is set",
    "attr_shape": "the attribute shape",
    "like": "that of the first input",
}


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def parameters(record: Op, typed: bool = False) -> list[str]:
    """The parameters as Python source: ["x", "axis=-1"] or, typed, ["x: ArrayLike", "axis: int = -1"]."""
    by_name: dict[str, Input | Attr] = {i.name: i for i in record.inputs}
    by_name.update({a.name: a for a in record.attrs})
    parts = []
    starred = False
    for name in record.order:
        part = by_name[name]
        if isinstance(part, Input):
            hint = "ArrayLike | None" if part.optional else "ArrayLike"
            starred |= part.variadic
            text = f"*{name}" if part.variadic else name
        else:
            hint, text = ATTR_HINTS[part.type], name
        text += f": {hint}" if typed else ""
        if part.default is not REQUIRED:
            text += (" = " if typed else "=") + _literal(part.default)
        parts.append(text)
    hint = ": NDArray | Sequence[NDArray] | None = None" if typed else "=None"
    return [*parts, *([] if starred else ["*"]), "out" + hint]


def signature(record: Op, typed: bool = False) -> str:
    """The parameters in one line."""
    return ", ".join(parameters(record, typed))


@cache
def function(name: str) -> Callable[..., Any]:
    """The function of the operator `name`, built when it is first asked for."""
    return make(get(name))


def make(record: Op) -> Callable[..., Any]:
    """Builds the function; called when it is first looked up in F."""
    parameters = []
    for name in record.order:
        parts: list[Input | Attr] = [*record.inputs, *record.attrs]
        part = next(p for p in parts if p.name == name)
        variadic = isinstance(part, Input) and part.variadic
        kind = "attr" if isinstance(part, Attr) else "variadic" if variadic else "input"
        required = part.default is REQUIRED and not variadic
        parameters.append((name, kind, required, None if part.default is REQUIRED else part.default))
    about = {"__name__": record.name, "__qualname__": record.name, "__doc__": docstring(record)}
    about["__module__"] = "dlcore.ops.F"
    return _core.make_operator(record.id, parameters, _Explain(record), about)


# What makes of a call that does not fit the signature of the operator `name` one that does, as fn(name, args, kwargs);
# NotImplemented where it cannot. Set by the room of arrays, which knows NumPy's signatures.
unfitting: Callable[[str, Any, Any], Any] | None = None


class _Explain:
    """The operator as a plain Python function: for its signature, and for calls that do not fit it."""

    def __init__(self, record: Op) -> None:
        self._record = record

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The function, made when it is needed."""
        record = self._record
        fixed = "".join(f"{i.name}, " for i in record.inputs if not i.variadic)
        inputs = f"({fixed}{''.join(f'*{i.name}, ' for i in record.inputs if i.variadic)})"
        attrs = f"({''.join(f'{a.name}, ' for a in record.attrs)})"
        source = f"def {record.name}({signature(record)}):\n    return _invoke({record.id}, {inputs}, {attrs}, out)"
        scope: dict[str, Any] = {"_invoke": _core.invoke}
        exec(compile(source, f"<operator {record.name}>", "exec"), scope)  # noqa: S102  (source made of our own stanza)
        return scope[record.name]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = NotImplemented if unfitting is None else unfitting(self._record.name, args, kwargs)
        return self.function(*args, **kwargs) if found is NotImplemented else found


def docstring(record: Op) -> str:
    """The documentation, put together from the stanza."""
    lines = [record.doc, "", "Args:"]
    for name in record.order:
        lines.append("    " + _describe(record, name))
    lines.append("    out: array (or a tuple of them) that receives the result instead of a new one")
    if record.outs == ("*",):
        lines += ["", "Returns: a tuple of arrays."]
    elif len(record.outs) > 1:
        lines += ["", f"Returns: the arrays ({', '.join(record.outs)})."]
    if record.infer in SHAPE_RULES and (record.kernel or record.expr):
        lines += ["", f"Shape: {SHAPE_RULES[record.infer]}."]
    if record.dtype in DTYPE_RULES and (record.kernel or record.expr):
        lines += ["", f"Dtype: {DTYPE_RULES[record.dtype]}."]
    lines += ["", "Gradient: " + _gradient(record)]
    if record.errors:
        lines += ["", "Raises:"] + [f"    {kind}" for kind in sorted({e.raises for e in record.errors})]
    if record.example:
        call, _, result = record.example.partition(" -> ")
        lines += ["", "Example:", f"    >>> F.{call}  # doctest: +SKIP", f"    {result}"]
    if record.formula:
        lines += ["", f"Source: {record.formula}."]
    return "\n".join(lines)


def _describe(record: Op, name: str) -> str:
    for slot in record.inputs:
        if slot.name == name:
            kind = "arrays" if slot.variadic else "array, of which only shape and dtype count" if slot.like else "array"
            kind = "number or array" if slot.scalar else kind
            return f"{name}: {kind}" + (" or None" if slot.optional else "")
    attr = next(a for a in record.attrs if a.name == name)
    default = "" if attr.default is REQUIRED else f", default {attr.default!r}"
    return f"{name}: {ATTR_HINTS[attr.type]}{default}"


def _gradient(record: Op) -> str:
    if record.grad is None:
        return "through its definition." if record.define else "none flows."
    if isinstance(record.grad, str):
        return record.grad
    return "; ".join(f"{k}: {v}" for k, v in record.grad.items() if v is not None)
