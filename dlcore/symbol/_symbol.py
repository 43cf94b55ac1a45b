"""Symbol: outputs of a network that is described but not yet run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dlcore import _core
from dlcore._hints import old_modules
from dlcore.graph import Graph, trace

from . import _build, _executor, _json, _shapes, _types
from ._call import Call, Outputs, order, run, states
from ._compose import compose
from ._executor import Executor
from ._operators import known

_BINARY = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "mod": "remainder", "pow": "power",
           "matmul": "matmul", "floordiv": "floor_divide"}  # fmt: skip
_COMPARE = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
# What MXNet called their nodes.
_OLD_SIGNS = {"add": "plus", "subtract": "minus", "multiply": "mul", "divide": "div", "remainder": "mod",
              "power": "power", "equal": "equal", "not_equal": "not_equal", "less": "lesser",
              "less_equal": "lesser_equal", "greater": "greater", "greater_equal": "greater_equal"}  # fmt: skip


class Symbol(Outputs):
    """One or several outputs of calls of operators; made by `var`, `Group` and the functions of `dlcore.sym`.

    Signs (+ - * / % ** @ and comparisons) and operators as methods make further symbols; nothing is computed before
    `eval`, `bind` or `simple_bind`. An index or an output's name takes single outputs.

    >>> import dlcore as dl
    >>> x = dl.sym.var("data")
    >>> net = dl.sym.FullyConnected(x, num_hidden=10, name="fc1")
    >>> net.list_arguments()
    ['data', 'fc1_weight', 'fc1_bias']
    >>> net.infer_shape(data=(2, 5))
    ([(2, 5), (10, 5), (10,)], [(2, 10)], [])
    """

    is_symbol = True  # asked by those who take arrays too

    __array_priority__ = 1000.0

    # What it consists of.

    @property
    def name(self) -> str | None:
        """The name of the node; None for a group."""
        calls = {call for call, _ in self._entries}
        return next(iter(calls)).name if len(calls) == 1 else None

    def _calls(self) -> list[Call]:
        return order(self._entries)

    def _variables(self) -> tuple[list[Call], list[Call]]:
        """Arguments and auxiliary states. ValueError where two of them have one name."""
        calls = self._calls()
        changed = states(calls)
        variables = [c for c in calls if not c.op]
        seen: dict[str, Call] = {}
        for call in variables:
            if seen.setdefault(call.name, call) is not call:
                raise ValueError(f"two variables are called {call.name!r}; use one and the same variable, or two names")
        return [c for c in variables if c not in changed], [c for c in variables if c in changed]

    def list_arguments(self) -> list[str]:
        """Names of the variables, without auxiliary states, in the order in which they are used."""
        return [call.name for call in self._variables()[0]]

    def list_auxiliary_states(self) -> list[str]:
        """Names of the variables that operators change in place: running means and variances."""
        return [call.name for call in self._variables()[1]]

    def list_inputs(self) -> list[str]:
        """Names of all variables."""
        return [call.name for call in self._calls() if not call.op]

    def list_outputs(self) -> list[str]:
        """Names of the outputs, such as "fc1_output"."""
        return [call.output_names()[index] for call, index in self._entries]

    def get_internals(self) -> Symbol:
        """A group of the outputs of every node; take one by its name: `net.get_internals()["fc1_output"]`."""
        return Symbol([(call, k) for call in self._calls() for k in range(call.n_out)])

    def get_children(self) -> Symbol | None:
        """The inputs of the outermost nodes as a group; None for a variable."""
        entries = [entry for call in dict.fromkeys(c for c, _ in self._entries) for entry in call.inputs]
        return Symbol(entries) if entries else None

    def attr(self, key: str) -> Any:
        """One attribute of the node, None if it has none of that name."""
        known = self.list_attr()
        return known.get(key, known.get(f"__{key}__"))

    def list_attr(self) -> dict[str, Any]:
        """The attributes of the node."""
        call = self._single("list_attr")[0]
        return {**call.attrs, **call.notes}

    def _set_attr(self, **kwargs: Any) -> None:
        """Write notes of this node, as `attr=` of its call does: `ctx_group`, `mirror_stage` and the like."""
        self._single("_set_attr")[0].notes.update({f"__{key.strip('_')}__": value for key, value in kwargs.items()})

    def attr_dict(self) -> dict[str, dict[str, Any]]:
        """The attributes of every node that has any, by its name."""
        found = {call.name: {**call.attrs, **call.notes} for call in self._calls()}
        return {name: attrs for name, attrs in found.items() if attrs}

    def __getitem__(self, index: int | str | slice) -> Symbol:
        if isinstance(index, slice):
            return Symbol(self._entries[index])
        if isinstance(index, str):
            names = self.list_outputs()
            if names.count(index) != 1:
                raise ValueError(f"expected one output called {index!r}, there are {names.count(index)} in {names}")
            index = names.index(index)
        if not -len(self._entries) <= index < len(self._entries):
            raise IndexError(f"Symbol: there is no output {index} of {len(self._entries)}")
        return Symbol([self._entries[index]])

    def __call__(self, *args: Symbol, name: str | None = None, **kwargs: Symbol) -> Symbol:
        """The same calls with other symbols in the places of variables, by position or by name; this one stays.

        name   what the outermost call of the new symbol is called. TypeError for a variable that is not there.

        >>> import dlcore as dl
        >>> double = dl.sym.var("x") * 2
        >>> double(x=dl.sym.var("y") + 1).list_arguments()
        ['y']
        """
        entries = compose(self, self.list_arguments(), args, kwargs)
        if name is not None:
            call, index = Outputs(entries)._single("name")
            entries = [(replace(call, name=name), index)]
        return Symbol(entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Symbol]:
        return (Symbol([entry]) for entry in self._entries)

    # What is known before it runs.

    def infer_shape(self, *args: Any, **known: Any) -> tuple[list, list, list]:
        """The shapes of arguments, outputs and auxiliary states from the given ones, by position or name.

        Parameters of layers and labels are told by the data. ValueError where shapes do not fit, naming the node, and
        where the shape of an argument follows from nothing, naming it.
        """
        return self._inferred(_shapes.infer, args, known)

    def _inferred(self, infer: Any, args: tuple[Any, ...], known: dict[str, Any]) -> tuple[list, list, list]:
        if args:
            known = {**{n: s for n, s in zip(self.list_arguments(), args, strict=False) if s is not None}, **known}
        arguments, changed = self._variables()
        dtypes, _ = _types.infer(self._entries, {})
        shapes, outputs = infer(self._entries, known, {c: dtypes.get(c, "float32") for c in arguments + changed})
        return [shapes.get(c, ()) for c in arguments], outputs, [shapes.get(c, ()) for c in changed]

    def infer_shape_partial(self, *args: Any, **known: Any) -> tuple[list, list, list]:
        """`infer_shape` as far as it goes, with () for shapes that nothing tells, instead of an error.

        ValueError where shapes that are known do not fit.

        >>> import dlcore as dl
        >>> net = dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=3, name="fc") + dl.sym.var("more")
        >>> net.infer_shape_partial(data=(2, 5))
        ([(2, 5), (3, 5), (3,), ()], [()], [])
        """
        return self._inferred(_shapes.infer_partial, args, known)

    def infer_type_partial(self, *args: Any, **known: Any) -> tuple[list[type], list[type], list[type]]:
        """`infer_type`, which needs nothing: a variable of unknown dtype has that of what it is used with."""
        return self.infer_type(*args, **known)

    def infer_type(self, *args: Any, **known: Any) -> tuple[list[type], list[type], list[type]]:
        """The dtypes (as NumPy's classes) of arguments, outputs and auxiliary states from the given ones.

        >>> import dlcore as dl
        >>> arguments, outputs, states = (dl.sym.var("x") * 2).infer_type(x="float64")
        >>> arguments, outputs, states
        ([<class 'numpy.float64'>], [<class 'numpy.float64'>], [])
        """
        arguments, outputs, states = self._dtypes(*args, **known)
        return (
            [*map(_types.scalar_type, arguments)],
            [*map(_types.scalar_type, outputs)],
            [*map(_types.scalar_type, states)],
        )

    def _dtypes(self, *args: Any, **known: Any) -> tuple[list[str], list[str], list[str]]:
        """The same by name."""
        if args:
            known = {**{n: t for n, t in zip(self.list_arguments(), args, strict=False) if t is not None}, **known}
        arguments, changed = self._variables()
        found, outputs = _types.infer(self._entries, known)
        return (
            [found.get(c, "float32") for c in arguments],
            outputs,
            [found.get(c, "float32") for c in changed],
        )

    def graph(self, **known: Any) -> Graph:
        """The graph (`dlcore.graph.Graph`) for the given shapes: inputs are the arguments, then auxiliary states.

        >>> import dlcore as dl
        >>> [node.op for node in dl.sym.relu(dl.sym.var("x")).graph(x=(2,)).nodes]
        ['relu']
        """
        arguments, changed = self._variables()
        shapes, _, more = self.infer_shape(**known)
        dtypes, _, aux = self._dtypes()
        metas = zip(shapes + more, dtypes + aux, strict=True)
        arrays = [_core.empty(shape, dtype, "cpu(0)") for shape, dtype in metas]

        def walk(stand_ins: list[Any]) -> tuple[None, list[Any]]:
            return None, self._run(dict(zip(arguments + changed, stand_ins, strict=True)))

        found = trace(walk, arrays, self.name or "group").graph
        for value, call in zip(found.inputs, arguments + changed, strict=True):
            value.name = call.name
        return found

    def _run(self, arrays: Mapping[Call, Any]) -> list[Any]:
        return run(self._calls(), self._entries, arrays.__getitem__)

    # Running it.

    def eval(self, ctx: Any = None, **arrays: Any) -> list[_core.NDArray]:
        """The outputs for the given arrays.

        >>> import dlcore as dl
        >>> (dl.sym.var("x") * 2).eval(x=dl.nd.array([1.0]))[0].tolist()
        [2.0]
        """
        changed = set(self.list_auxiliary_states())
        aux = {name: a for name, a in arrays.items() if name in changed}
        rest = {name: a for name, a in arrays.items() if name not in changed}
        return self.bind(ctx, rest, grad_req="null", aux_states=aux).forward()

    def bind(
        self,
        ctx: Any,
        args: Any,
        args_grad: Any = None,
        grad_req: Any = "write",
        aux_states: Any = None,
        group2ctx: Any = None,
    ) -> Executor:
        """An Executor on the given arrays (a list in the order of `list_arguments`, or a dict).

        args_grad: the arrays that receive gradients; arguments without one get no gradient. grad_req: "write", "add" or
        "null", for all, as a list or as a dict. group2ctx: {group: device} places the calls and variables that were
        made inside `AttrScope(ctx_group=group)`; the rest is on `ctx`, a variable without a group where it is used
        first, and arrays cross by themselves. ValueError for a missing argument, a shape that does not fit, or an
        array that is not in its place.
        """
        return _executor.bind(self, ctx, args, args_grad, grad_req, aux_states, group2ctx)

    def simple_bind(
        self, ctx: Any = None, grad_req: Any = "write", type_dict: Any = None, group2ctx: Any = None, **shapes: Any
    ) -> Executor:
        """An Executor on new arrays of zeros, their shapes inferred from the given ones; see `bind`.

        >>> import dlcore as dl
        >>> net = dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=3, name="fc")
        >>> net.simple_bind(dl.cpu(), data=(2, 4)).arg_dict["fc_weight"].shape
        (3, 4)
        """
        return _executor.simple_bind(self, ctx, grad_req, type_dict, shapes, group2ctx)

    # Files and text.

    def tojson(self) -> str:
        """The calls as JSON, in MXNet's form; `load_json` reads it."""
        return _json.dumps(self._entries)

    def save(self, fname: str | os.PathLike[str]) -> None:
        """Write `tojson()` to a file."""
        _json.save(fname, self.tojson())

    def debug_str(self) -> str:
        """Every node in a line of its own."""
        lines = [f"Symbol Outputs: {', '.join(self.list_outputs())}"]
        for call in self._calls():
            if not call.op:
                lines.append(f"Variable: {call.name}")
                continue
            inputs = ", ".join(
                f"{slot}={one.output_names()[k]}" for (one, k), slot in zip(call.inputs, call.slots, strict=True)
            )
            attrs = "".join(f" {key}={value!r}" for key, value in call.attrs.items())
            lines.append(f"{call.op} {call.name}({inputs}){attrs}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Symbol {self.name}>" if self.name else f"<Symbol group [{', '.join(self.list_outputs())}]>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not known(name):
            raise AttributeError(f"Symbol has no attribute {name!r}")
        return lambda *args, **kwargs: _call(name, (self, *args), kwargs)

    def reshape(self, *shape: Any, **kwargs: Any) -> Symbol:
        """As `sym.reshape`; the shape may be given as one tuple or as several numbers."""
        if shape:
            kwargs["shape"] = shape[0] if isinstance(shape[0], (tuple, list)) else shape
        return _call("reshape", (self,), kwargs)

    def astype(self, dtype: Any) -> Symbol:
        """As `sym.cast`."""
        return _call("cast", (self,), {"dtype": dtype})

    def __neg__(self) -> Symbol:
        return _call("negative", (self,), {})

    def __abs__(self) -> Symbol:
        return _call("abs", (self,), {})

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has no truth value: nothing has been computed yet")

    __hash__ = object.__hash__


def make_call(op: str, args: Any, kwargs: Any, name: str | None = None, attr: Any = None, hint: str = "") -> Symbol:
    """A call of an operator as a Symbol."""
    call = _build.call(op, args, kwargs, name, attr, hint)
    return Symbol([(call, k) for k in range(call.n_out)])


def _call(op: str, args: Any, kwargs: Any) -> Symbol:
    name, attr = kwargs.pop("name", None), kwargs.pop("attr", None)
    return make_call(op, args, kwargs, name, attr)


def _sign(op: str, reflected: bool = False) -> Any:
    def method(self: Symbol, other: Any) -> Symbol:
        if not isinstance(other, (Symbol, bool, int, float)):
            return NotImplemented
        args = (other, self) if reflected else (self, other)
        return make_call(op, args, {}, hint=_old_hint(op, isinstance(other, Symbol), reflected))

    return method


def _old_hint(op: str, of_symbols: bool, reflected: bool) -> str:
    """What MXNet called a node that a sign made: old programs look layers up by names such as `_plus12_output`."""
    if not old_modules or op not in _OLD_SIGNS:
        return ""
    word = _OLD_SIGNS[op]
    if of_symbols:
        return f"_{word}"
    if op in _COMPARE.values():
        return f"_{word}_scalar"
    return f"_r{word}scalar" if reflected and op not in ("add", "multiply") else f"_{word}scalar"


for _name, _op in {**_BINARY, **_COMPARE}.items():
    setattr(Symbol, f"__{_name}__", _sign(_op))
    if _name in _BINARY:
        setattr(Symbol, f"__r{_name}__", _sign(_op, True))
