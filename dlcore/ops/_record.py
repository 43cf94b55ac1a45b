"""The operator record: one per operator, made by `op(...)` in the stanza files, read by everything else."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from . import _expr, _program
from ._samples import Bad, Case, Draw
from ._table import RECORDS, REQUIRED, get

ATTR_TYPES = {
    "bool",
    "int",
    "float",
    "str",
    "ints",
    "dtype",
    "obj",
    "opt_int",
    "opt_float",
    "opt_ints",
    "opt_dtype",
}


class Input(NamedTuple):
    """An array argument. `like`: only its shape and dtype are read. `scalar`: usually a Python number."""

    name: str
    optional: bool = False
    variadic: bool = False
    like: bool = False
    scalar: bool = False
    default: Any = REQUIRED


class Attr(NamedTuple):
    """An argument that is no array: part of the call, fixed when a graph is compiled."""

    name: str
    type: str
    default: Any = REQUIRED


@dataclass(eq=False)
class Op:
    """All that is known about one operator. See `op` for the meaning of the fields."""

    name: str
    args: str
    doc: str
    inputs: tuple[Input, ...]
    attrs: tuple[Attr, ...]
    order: tuple[str, ...]
    outs: tuple[str, ...]
    dtype: str
    infer: str
    kernel: str
    expr: str | None
    grad: Any
    define: str | None
    ref: Any
    samples: Any
    tol: dict[str, float]
    errors: tuple[Bad, ...]
    example: str
    formula: str
    aliases: tuple[str, ...]
    method: bool
    np_name: str | None
    random: bool
    inplace_ok: bool
    family: str
    smooth: bool
    complex_rule: str
    id: int = -1
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def internal(self) -> bool:
        """Operators that only gradients and composites use."""
        return self.name.startswith("_")

    @property
    def elementwise(self) -> bool:
        return self.expr is not None

    @cached_property
    def tile(self) -> _expr.Tile | None:
        """The SSA program of an elementwise operator (what fusion and the CUDA renderer read), else None."""
        if self.expr is None:
            return None
        tile = _expr.compile_tile(self.expr, [i.name for i in self.inputs])
        if len(tile.outs) != len(self.outs):
            raise ValueError(f"{self.name}: expr gives {len(tile.outs)} results, outs names {len(self.outs)}")
        return tile

    @cached_property
    def grad_program(self) -> dict | None:
        return None if self.grad is None else _program.compile_grad(self)

    @cached_property
    def complex_grad_program(self) -> dict | None:
        """The gradient for complex arrays, where it differs from `grad_program`."""
        if self.grad is None or self.complex_rule != "analytic":
            return None
        return _program.conjugated(self.grad_program or {})

    @property
    def takes_complex(self) -> bool:
        return self.complex_rule in ("analytic", "written")

    @property
    def complex_twin(self) -> str | None:
        """The operator that runs in this one's place when an array is complex."""
        return None if self.takes_complex else self.complex_rule or None

    @cached_property
    def define_program(self) -> dict | None:
        return None if self.define is None else _program.compile_define(self)

    @property
    def n_out(self) -> int:
        """Number of outputs; -1 where the inputs and attributes decide it."""
        return -1 if self.outs == ("*",) else len(self.outs)


# Kernels that take complex numbers as they take others: they move numbers, add them up or multiply them.
_LINEAR = frozenset(
    "view reshape copy concat stack pad pad_repeat pad_repeat_grad slice_grad zeros ones full full_like arange eye "
    "tril triu take take_grad take_along_axis take_along_axis_grad along_last gather_last put_along_axis "
    "put_diagonal slice_assign gather_nd gather_nd_grad index_put index_add pick pick_grad sum mean prod cumsum "
    "cumprod any all axis_size sum_to matmul".split()
)

_on_new: list[Callable[[Op], None]] = []


def on_new(hook: Callable[[Op], None]) -> None:
    """Calls `hook` with every record made from now on (once the built-in ones are registered)."""
    _on_new.append(hook)


def op(
    name: str,
    args: str,
    doc: str,
    *,
    dtype: str = "promote",
    infer: str = "broadcast",
    kernel: str = "",
    expr: str | None = None,
    outs: str = "y",
    grad: Any = None,
    define: str | None = None,
    ref: Any = None,
    samples: Any = None,
    tol: dict[str, float] | None = None,
    errors: tuple[Bad, ...] | list[Bad] = (),
    example: str = "",
    formula: str = "",
    aliases: str = "",
    method: bool = False,
    np_name: str | None = None,
    random: bool = False,
    inplace_ok: bool = False,
    family: str = "",
    smooth: bool = True,
    complex_rule: str | None = None,
) -> Op:
    """Declares an operator; this call is its stanza, and everything else about it is derived.

    args      its Python signature. `x` is an array, `bias=None` an optional one, `*xs` any number of them, `x: like`
              one of which only shape and dtype count, `a: scalar = 1.0` a knob that is an input too (a number or a
              0-d array); `axis: opt_ints = None` and the other types of ATTR_TYPES are attributes.
    dtype     name of the dtype rule;  infer: name of the shape rule (both live in the C++ core); a composite has those
              of its parts, and may name a rule "check_..." that refuses attributes which the parts would take
    expr      the scalar expression of an elementwise operator (see `_expr`), or
    kernel    the stem of the kernel ("view" when the shape rule alone does it), or
    define    a definition in terms of other operators (see `_program`); it may stand beside a kernel
    outs      names of the outputs; "*" when their number depends on the call
    grad      the gradient, written in operators: one text, or {input name: text or None}
    ref       the oracle: a dotted name ("numpy.exp") or an expression over np, sp and the arguments
    samples   what the tests draw: a Draw for all inputs, a tuple of one per input, or a list of case(...)
    tol       {dtype: tolerance relative to max(1, |expected|)} where the usual one does not fit, and why in a comment
    errors    calls that must raise;  example: "call -> value";  formula: where the formula comes from
    aliases   classic names in `dlcore.nd`;  method: also NDArray.name;  np_name: name in `dlcore.np`
              (default the same name, "" for none);  smooth=False: a gradient that finite differences cannot see
    complex_rule  what complex arrays get: "" a TypeError; "analytic" the same expr or kernel, and the gradient of a
              complex-differentiable function, made from `grad`; "written": `grad` holds as it stands for them; else
              the name of the operator that runs in its place. None: "analytic" for kernels that only move or add up.
              A gradient with respect to z = x + iy is dL/dx + i dL/dy of the real L, as in PyTorch: the direction
              of steepest ascent
    """
    inputs, attrs, order = parse_args(name, args)
    if name in RECORDS:
        raise ValueError(f"operator {name!r} is declared twice")
    if sum(x is not None and x != "" for x in (expr, kernel)) > 1 or not (expr or kernel or define):
        raise ValueError(f"{name}: give expr or kernel or define")
    record = Op(
        name=name,
        args=args,
        doc=doc,
        inputs=inputs,
        attrs=attrs,
        order=order,
        outs=tuple(o.strip() for o in outs.split(",")),
        dtype=dtype,
        infer=infer,
        kernel="tile" if expr else kernel,
        expr=expr,
        grad=grad,
        define=define,
        ref=ref,
        samples=samples,
        tol=tol or {},
        errors=tuple(errors),
        example=example,
        formula=formula,
        aliases=tuple(aliases.split()),
        method=method,
        np_name=name if np_name is None else np_name or None,
        random=random,
        inplace_ok=inplace_ok,
        family=family,
        smooth=smooth,
        complex_rule=complex_rule if complex_rule is not None else "analytic" if kernel in _LINEAR else "",
    )
    RECORDS[name] = record
    try:
        for hook in _on_new:
            hook(record)
    except Exception:
        del RECORDS[name]
        raise
    return record


def parse_args(name: str, args: str) -> tuple[tuple[Input, ...], tuple[Attr, ...], tuple[str, ...]]:
    """Splits a stanza's signature into inputs, attributes and the order in which they were written."""
    names = tuple(args.split(", "))
    if all(map(str.isidentifier, names)):  # most stanzas; importing is quicker without the full parser
        return tuple(Input(n) for n in names), (), names
    try:
        signature = ast.parse(f"def f({args}): 0").body[0].args  # type: ignore[attr-defined]
    except SyntaxError as error:
        raise ValueError(f"{name}: the signature {args!r} does not parse: {error.msg}") from None
    inputs: list[Input] = []
    attrs: list[Attr] = []
    positional = signature.posonlyargs + signature.args
    defaults = [None] * (len(positional) - len(signature.defaults)) + signature.defaults
    pairs = list(zip(positional, defaults, strict=True))
    if signature.vararg:
        pairs.append((signature.vararg, None))
    pairs += zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
    for arg, default_node in pairs:
        kind = arg.annotation.id if arg.annotation else "array"  # type: ignore[attr-defined]
        default = REQUIRED if default_node is None else ast.literal_eval(default_node)
        if kind in ATTR_TYPES:
            attrs.append(Attr(arg.arg, kind, default))
        elif kind in ("array", "like", "scalar"):
            inputs.append(
                Input(arg.arg, default is None, arg is signature.vararg, kind == "like", kind == "scalar", default)
            )
        else:
            raise ValueError(f"{name}: argument {arg.arg!r} has the unknown type {kind!r}")
    return tuple(inputs), tuple(attrs), tuple(pair[0].arg for pair in pairs)


__all__ = ["RECORDS", "REQUIRED", "Attr", "Bad", "Case", "Draw", "Input", "Op", "get", "on_new", "op", "parse_args"]
