"""SymbolBlock: a Symbol as a block."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from dlcore import symbol as sym
from dlcore.symbol._call import Call, states

from . import _saving
from ._hybrid_block import HybridBlock
from ._parameter import Parameter

_KINDS = ("arg:", "aux:")


class SymbolBlock(HybridBlock):
    """A block that runs a Symbol.

    outputs: a Symbol, or a list of them. inputs: the variables that come with each call, in their order; all others
    become parameters, called as in the symbol, those that operators change in place without gradient. params: values
    for them by name, or Parameters, such as another network's `collect_params()`: those of the right names are shared.
    A call gives one array, or a list where there are several outputs.

    >>> import dlcore as dl
    >>> x = dl.sym.var("data")
    >>> net = SymbolBlock(dl.sym.FullyConnected(x, num_hidden=3, name="fc"), x)
    >>> net.initialize(init="ones")
    >>> net(dl.nd.ones((2, 4))).tolist()
    [[4.0, 4.0, 4.0], [4.0, 4.0, 4.0]]
    """

    def __init__(self, outputs: Any, inputs: Any, params: Any = None, prefix: str | None = None) -> None:
        super().__init__(prefix)
        heads = outputs if isinstance(outputs, sym.Symbol) else sym.Group(list(outputs))
        given = [inputs] if isinstance(inputs, sym.Symbol) else list(inputs)
        names = [name for one in given for name in one.list_inputs()]
        calls = {call.name: call for call in heads._calls() if not call.op}
        for name in names:
            if name not in calls:
                raise ValueError(f"SymbolBlock: {name!r} is no input of {heads!r}; it has {', '.join(calls)}")
        self._symbol, self._inputs = heads, [calls[name] for name in names]
        untaught = states(heads._calls()) | _fixed(heads._calls())
        for name, call in calls.items():
            if name not in names:
                shape = tuple(call.notes.get("__shape__", ())) or None
                self._reg_params[name] = Parameter(
                    name, "null" if call in untaught else "write", shape, call.notes.get("__dtype__", "float32"),
                    allow_deferred_init=True, init=_start(name),
                )  # fmt: skip
        given_parameters = {p.name: p for p in (params or {}).values() if isinstance(p, Parameter)}
        self._reg_params.update({n: p for n, p in given_parameters.items() if n in self._reg_params})
        if params and not given_parameters:
            _saving.load("SymbolBlock", self.collect_params(), params)

    def infer_shape(self, *args: Any) -> None:
        """Set the shapes of parameters from those of the inputs, as the symbol infers them."""
        known = {call.name: tuple(array.shape) for call, array in zip(self._inputs, args, strict=True)}
        found = self._symbol.infer_shape(**known)
        names = (self._symbol.list_arguments(), self._symbol.list_auxiliary_states())
        for listed, shapes in zip(names, (found[0], found[2]), strict=True):
            for name, shape in zip(listed, shapes, strict=True):
                if name in self._reg_params:
                    self._reg_params[name].shape = shape

    def forward(self, *args: Any) -> Any:
        """The symbol's outputs for these inputs."""
        if len(args) != len(self._inputs):
            wanted = ", ".join(call.name for call in self._inputs)
            raise TypeError(f"{self.name}: expected {len(self._inputs)} arrays ({wanted}), got {len(args)}")
        arrays = dict(zip(self._inputs, args, strict=True))
        for call in self._symbol._calls():
            if not call.op and call not in arrays:
                arrays[call] = self._reg_params[call.name].data()
        found = self._symbol._run(arrays)
        return found[0] if len(found) == 1 else found

    @staticmethod
    def imports(
        symbol_file: str | os.PathLike[str],
        input_names: str | Sequence[str],
        param_file: str | os.PathLike[str] | None = None,
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
    ) -> SymbolBlock:
        """The block in the files of `HybridBlock.export`, or in those of MXNet where it names operators that are here.

        input_names: which variables are inputs. param_file: safetensors, or an MXNet `.params` file. ValueError for
        an operator that is not known, and for values that do not fit, naming each; then nothing is made.
        """
        names = [input_names] if isinstance(input_names, str) else list(input_names)
        block = SymbolBlock(sym.load(symbol_file), [sym.var(name) for name in names])
        if param_file is not None:
            arrays = {_bare(name): array for name, array in _saving.read(param_file).items()}
            source = os.fspath(param_file)
            _saving.load(source, block.collect_params(), arrays, ctx, allow_missing, ignore_extra)
        return block

    def _details(self) -> str:
        return (
            f"{self._symbol.name or 'outputs'}: {', '.join(call.name for call in self._inputs)} -> {len(self._symbol)}"
        )

    def __repr__(self) -> str:
        return self._brief()


def _fixed(calls: Sequence[Call]) -> set[Call]:
    """The scales of normalizations that take 1 instead."""
    norms = [call for call in calls if call.op == "BatchNorm" and call.attrs.get("fix_gamma", True)]
    return {
        source for call in norms for (source, _), name in zip(call.inputs, call.slots, strict=True) if name == "gamma"
    }


def _bare(name: str) -> str:
    return name[4:] if name.startswith(_KINDS) else name


def _start(name: str) -> str | None:
    """How running statistics begin, whatever the network's initializer is."""
    return "ones" if name.endswith("_var") else "zeros" if name.endswith("_mean") else None
