"""Executor: a symbol with arrays, run through the compiled functions of `dlcore.graph`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcore import _core, autograd
from dlcore.array import nd
from dlcore.graph import CachedOp

from ._placed import Placed, context, places

if TYPE_CHECKING:
    from ._symbol import Symbol

_REQS = ("write", "add", "null")


class Executor:
    """What `Symbol.bind` and `Symbol.simple_bind` give.

    arg_dict, grad_dict, aux_dict   the arrays by name (gradients: those that are wanted), also as lists arg_arrays,
                                    grad_arrays and aux_arrays in the order of the symbol's lists
    outputs, output_dict            of the last `forward`; taken before the first, arrays that each one writes into

    >>> import dlcore as dl
    >>> x = dl.sym.var("x")
    >>> run = (x * x).bind(dl.cpu(), {"x": dl.nd.array([3.0])}, {"x": dl.nd.zeros((1,))})
    >>> run.forward(is_train=True)[0].tolist()
    [9.0]
    >>> run.backward(); run.grad_dict["x"].tolist()
    [6.0]
    """

    def __init__(
        self,
        symbol: Symbol,
        ctx: Any,
        args: dict[str, Any],
        grads: dict[str, Any],
        reqs: dict[str, str],
        aux: dict[str, Any],
        groups: Any = None,
    ) -> None:
        self._symbol, self._ctx, self._reqs, self._groups = symbol, ctx, reqs, groups
        self.arg_dict, self.grad_dict, self.aux_dict = args, grads, aux
        self._results: list[_core.NDArray] = []  # of the last forward
        self._early: list[_core.NDArray] = []  # what was taken as outputs before the first
        arguments, self._aux = symbol._variables()
        self._arguments = arguments
        _, self.output_shapes, _ = symbol.infer_shape(**{n: a.shape for n, a in {**args, **aux}.items()})
        # Gradients belong to this executor, so aliases on the same memory are marked, not the user's own arrays.
        self._aliases = [args[c.name].detach() for c in arguments]
        wanted = [(alias, c.name) for alias, c in zip(self._aliases, arguments, strict=True) if c.name in grads]
        for alias, name in wanted:
            autograd.mark_variables(alias, grads[name], reqs[name])
        where = self._where = places(symbol, ctx, groups)
        self._spread = len(set(where.values())) > 1
        self._run: Any = (
            Placed(symbol, where, arguments, aux)
            if self._spread
            else CachedOp(self._forward, list(aux.values()), symbol.name or "group")
        )
        self._monitor: Any = None

    @property
    def arg_arrays(self) -> list[_core.NDArray]:
        """The arguments' arrays."""
        return list(self.arg_dict.values())

    @property
    def grad_arrays(self) -> list[Any]:
        """The gradients, None where none is wanted."""
        return [self.grad_dict.get(name) for name in self.arg_dict]

    @property
    def aux_arrays(self) -> list[_core.NDArray]:
        """The auxiliary states' arrays."""
        return list(self.aux_dict.values())

    @property
    def outputs(self) -> list[_core.NDArray]:
        """What the last `forward` gave."""
        if not self._results and not self._early:
            _, types, _ = self._symbol._dtypes(**{n: a.dtype.name for n, a in self.arg_dict.items()})
            rows = zip(self._symbol._entries, self.output_shapes, types, strict=True)
            self._early = [nd.zeros(shape, ctx=self._where[call], dtype=dtype) for (call, _), shape, dtype in rows]
        return self._early or self._results

    @property
    def output_dict(self) -> dict[str, _core.NDArray]:
        """The outputs by name."""
        return dict(zip(self._symbol.list_outputs(), self.outputs, strict=True))

    def _forward(self, *arrays: Any) -> list[Any]:
        known = dict(zip(self._arguments, arrays, strict=True))
        return self._symbol._run({**known, **{c: self.aux_dict[c.name] for c in self._aux}})

    def forward(self, is_train: bool = False, **arrays: Any) -> list[_core.NDArray]:
        """Writes `arrays` into the arguments of these names and gives the outputs.

        is_train: as in training (dropout, batch statistics), and `backward` can follow. KeyError for a name that is no
        argument, ValueError for a shape that does not fit.
        """
        for name, array in arrays.items():
            if name not in self.arg_dict:
                raise KeyError(f"{name!r} is no argument of {self._symbol!r}; it has {', '.join(self.arg_dict)}")
            put(self.arg_dict[name], array, name)
        is_train = bool(is_train)  # old programs say 0 and 1
        recording = is_train and bool(self.grad_dict)
        with autograd.record() if recording else autograd.pause(train_mode=is_train):
            if self._monitor is not None and self._monitor[1]():
                self._show(is_train)
            self._results = list(self._run(*self._aliases))
        for array, result in zip(self._early, self._results, strict=bool(self._early)):
            _core.assign(array, result)
        return self.outputs

    def set_monitor_callback(self, callback: Any, wanted: Any = None) -> None:
        """Have `callback(name, array)` see every node's outputs in each forward for which `wanted()` is true.

        They come from a run of their own, node by node, on copies of the states; random nodes draw other numbers.
        """
        self._monitor = (callback, wanted or (lambda: True))

    def _show(self, is_train: bool) -> None:
        inside = self._symbol.get_internals()
        known = dict(zip(self._arguments, self._aliases, strict=True))
        known.update({c: self.aux_dict[c.name].copy() for c in self._aux})
        if self._spread:  # a look at the values, which are the same on one device
            known = {call: array.detach().as_in_context(self._ctx) for call, array in known.items()}
        with autograd.pause(train_mode=is_train):
            found = inside._run(known)
        for (call, index), array in zip(inside._entries, found, strict=True):
            if call.op:
                self._monitor[0](call.output_names()[index], array)

    def sharing(self, other: Executor, names: Sequence[str]) -> Executor:
        """This executor with the arrays and gradients of another for the arguments `names` and the states both have.

        ValueError where shapes differ.
        """
        args, grads, aux = dict(self.arg_dict), dict(self.grad_dict), dict(self.aux_dict)
        pairs = (
            (args, other.arg_dict, set(names)),
            (grads, other.grad_dict, set(names)),
            (aux, other.aux_dict, set(aux)),
        )
        for mine, given, chosen in pairs:
            for name in chosen & set(mine) & set(given):
                if tuple(mine[name].shape) != tuple(given[name].shape):
                    raise ValueError(
                        f"{name}: shared by two symbols, as {tuple(given[name].shape)} and {tuple(mine[name].shape)}"
                    )
                mine[name] = given[name]
        return Executor(self._symbol, self._ctx, args, grads, self._reqs, aux, self._groups)

    def backward(self, out_grads: Any = None) -> None:
        """The gradients of the last `forward(is_train=True)`, into `grad_dict` as grad_req says.

        out_grads: what arrives at each output, in order; ones where there is none (heads such as SoftmaxOutput do not
        look at it).
        """
        heads = [out for out in self._results if out._tracked]
        if not heads:
            raise RuntimeError(f"backward of {self._symbol!r}: call forward(is_train=True) first, with gradients bound")
        if out_grads is not None:
            given = [out_grads] if isinstance(out_grads, _core.NDArray) else list(out_grads)
            if len(given) > len(self._results):
                raise ValueError(f"backward: {len(self._results)} outputs, but {len(given)} gradients")
            given += [None] * (len(self._results) - len(given))
            out_grads = [g for g, out in zip(given, self._results, strict=True) if out._tracked]
        autograd.backward(heads, out_grads)

    def copy_params_from(
        self, arg_params: Mapping[str, Any], aux_params: Any = None, allow_extra_params: bool = False
    ) -> None:
        """Writes values into arguments and auxiliary states. ValueError for a name that is neither, unless allowed."""
        for own, given in ((self.arg_dict, arg_params), (self.aux_dict, aux_params or {})):
            for name, array in given.items():
                if name in own:
                    put(own[name], array, name)
                elif not allow_extra_params:
                    raise ValueError(f"{name!r} is neither an argument nor an auxiliary state")

    def reshape(self, **shapes: Any) -> Executor:
        """An executor for other shapes of the given arguments, with the same arrays wherever the shape stays."""
        inferred, _, more = self._symbol.infer_shape(**shapes)
        names = [c.name for c in self._arguments]
        args, grads = dict(self.arg_dict), dict(self.grad_dict)
        for name, shape in zip(names, inferred, strict=True):
            if tuple(args[name].shape) != shape:
                place = args[name].context
                args[name] = nd.zeros(shape, ctx=place, dtype=args[name].dtype)
                if name in grads:
                    grads[name] = nd.zeros(shape, ctx=place, dtype=args[name].dtype)
        for call, shape in zip(self._aux, more, strict=True):
            if tuple(self.aux_dict[call.name].shape) != shape:
                raise ValueError(f"reshape: the state {call.name!r} would change to {shape}")
        return Executor(self._symbol, self._ctx, args, grads, self._reqs, self.aux_dict, self._groups)


def put(into: Any, array: Any, name: str) -> None:
    """Writes values into an array of the same shape, else ValueError with the name."""
    array = nd.array(array, dtype=into.dtype) if not isinstance(array, _core.NDArray) else array
    if tuple(array.shape) != tuple(into.shape):
        raise ValueError(f"{name}: expected shape {tuple(into.shape)}, got {tuple(array.shape)}")
    if array is not into:
        _core.assign(into, array)


def _named(what: str, names: list[str], given: Any, of: Any = None) -> dict[str, Any]:
    """Arrays by name, of a list or a dict; a dict may hold those of other symbols too.

    of: what each must belong to where not all of them are needed, as gradients belong to arguments.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        if len(given) != len(names):
            raise ValueError(f"bind: {what} has {len(given)} entries, expected {len(names)}: {', '.join(names)}")
        given = dict(zip(names, given, strict=True))
    wrong = [n for n in names if n not in given] if of is None else [n for n in given if n not in (*names, *of)]
    if wrong:
        text = f"{'missing' if of is None else 'unknown'} {', '.join(wrong)}"
        raise ValueError(f"bind: {what}: {text} (expected {', '.join(names)})")
    return {n: given[n] for n in names if given.get(n) is not None}


def _requests(names: list[str], grad_req: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(grad_req, str):
        found = dict.fromkeys(names, grad_req)
    elif isinstance(grad_req, Mapping):
        found = {n: grad_req.get(n, "null") for n in names}
    elif isinstance(grad_req, (list, tuple)) and len(grad_req) == len(names):
        found = dict(zip(names, grad_req, strict=True))
    else:
        raise ValueError(
            f"bind: grad_req must be a word, a dict or a list of {len(names)} words, for {', '.join(names)}; got "
            f"{grad_req!r}"
        )
    for name, req in found.items():
        if req not in _REQS:
            raise ValueError(f"bind: grad_req of {name} must be 'write', 'add' or 'null', got {req!r}")
    return found


def bind(
    symbol: Symbol, ctx: Any, args: Any, args_grad: Any, grad_req: Any, aux_states: Any, groups: Any = None
) -> Executor:
    """See `Symbol.bind`."""
    names = symbol.list_arguments()
    where = {call.name: place for call, place in places(symbol, ctx, groups).items() if not call.op}

    def arrays(what: str, given: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, a in given.items():
            found[name] = array = a if isinstance(a, _core.NDArray) else nd.array(a, ctx=where[name])
            if array.context != where[name]:
                raise ValueError(f"bind: {what} {name!r} is on {array.context}, its place is {where[name]}")
        return found

    found = arrays("args", _named("args", names, args))
    aux = arrays("aux_states", _named("aux_states", symbol.list_auxiliary_states(), aux_states))
    reqs = _requests(names, grad_req)
    named = _named("args_grad", names, args_grad, args if isinstance(args, Mapping) else ())
    grads = {n: g for n, g in named.items() if reqs[n] != "null"}
    for name, grad in grads.items():
        if tuple(grad.shape) != tuple(found[name].shape):
            raise ValueError(f"bind: the gradient of {name} has shape {grad.shape}, the argument {found[name].shape}")
    return Executor(symbol, context(ctx), found, grads, reqs, aux, groups)


def simple_bind(
    symbol: Symbol, ctx: Any, grad_req: Any, type_dict: Any, shapes: Mapping[str, Any], groups: Any = None
) -> Executor:
    """See `Symbol.simple_bind`."""
    where = {call.name: place for call, place in places(symbol, ctx, groups).items() if not call.op}
    names, aux_names = symbol.list_arguments(), symbol.list_auxiliary_states()
    arg_shapes, _, aux_shapes = symbol.infer_shape(**shapes)
    arg_types, _, aux_types = symbol._dtypes(**(type_dict or {}))
    reqs = _requests(names, grad_req)

    def zeros(name: str, shape: Any, dtype: str) -> Any:
        return nd.zeros(shape, ctx=where[name], dtype=dtype)

    args = {n: zeros(n, s, t) for n, s, t in zip(names, arg_shapes, arg_types, strict=True)}
    grads = {
        n: zeros(n, a.shape, a.dtype.name) for n, a in args.items() if reqs[n] != "null" and a.dtype.kind not in "biu"
    }
    aux = {n: zeros(n, s, t) for n, s, t in zip(aux_names, aux_shapes, aux_types, strict=True)}
    return Executor(symbol, context(ctx), args, grads, reqs, aux, groups)
