"""What a network gives for Symbols: `net(sym.var("data"))` is the Symbol of the same network, by MXNet's names.

A layer that computes by itself has a rule here; any other block runs as it is written, on the Symbols. Parameters
become variables of their names, so values need not be there yet.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import FunctionType
from typing import Any

from dlcore import symbol as sym
from dlcore.ops import F
from dlcore.symbol._make import function
from dlcore.symbol._operators import EXACT
from dlcore.symbol.name import Prefix

from . import nn
from ._block import Block
from ._hybrid_block import HybridBlock
from ._symbol_block import SymbolBlock

Rule = Callable[..., Any]
_NAMED = {"relu", "sigmoid", "tanh", "softrelu", "softsign", "log_sigmoid", "mish", "silu", "gelu"}
_OTHER_NAMES = {"softplus": "softrelu", "swish": "silu"}


def as_symbol(block: Block, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `block(*args, **kwargs)` means for Symbols; NotImplementedError for a layer that has no form as one."""
    rule = next((RULES[kind] for kind in type(block).__mro__ if kind in RULES), None)
    if rule is not None:
        with Prefix(block.prefix):
            return rule(block, *args, **kwargs)
    if type(block).__module__.startswith(nn.__name__ + "._") and not block._children:
        raise NotImplementedError(f"{block.name}: {type(block).__name__} has no form as a Symbol")
    with nullcontext() if block._nameless else Prefix(block.prefix):
        if isinstance(block, HybridBlock) and type(block).forward is HybridBlock.forward:  # the older form
            params = {name: parameter.var() for name, parameter in block._reg_params.items()}
            return block.hybrid_forward(sym, *args, **{**kwargs, **params})
        return _on_symbols(type(block).forward)(block, *args, **kwargs)


class _Operators:
    """`F` for Symbols: the same operators, exactly."""

    def __getattr__(self, name: str) -> Any:
        return function(f"{EXACT}{name}")


def _on_symbols(forward: Any) -> Any:
    """`forward` with the operators of Symbols where it names those of arrays, `F`."""
    code, names = getattr(forward, "__code__", None), getattr(forward, "__globals__", {})
    if code is None or names.get("F") is not F or "F" not in code.co_names:
        return forward
    names = {**names, "F": _Operators()}
    return FunctionType(code, names, forward.__name__, forward.__defaults__, forward.__closure__)


def _activated(x: Any, name: str | None) -> Any:
    if name is None:
        return x
    name = _OTHER_NAMES.get(name, name)
    if name in _NAMED:
        return sym.Activation(x, act_type=name, name=f"{name}_fwd")
    if name == "leaky_relu":
        return sym.LeakyReLU(x, act_type="leaky", slope=0.01, name="leaky_fwd")
    return getattr(sym, name)(x, name=f"{name}_fwd")


def _dense(block: Any, x: Any) -> Any:
    inputs = [x, block.weight.var(), *([block.bias.var()] if block.bias is not None else [])]
    made = sym.FullyConnected(
        *inputs, num_hidden=block._units, no_bias=block.bias is None, flatten=block._flatten, name="fwd"
    )
    return _activated(made, block._activation)


def _window(block: Any) -> dict[str, Any]:
    if block._last:
        raise NotImplementedError(f"{block.name}: only layouts with channels first have a form as a Symbol")
    return {"stride": block._strides, "pad": block._padding}


def _conv(block: Any, x: Any) -> Any:
    inputs = [x, block.weight.var(), *([block.bias.var()] if block.bias is not None else [])]
    more: dict[str, Any] = {**_window(block), "kernel": block._kernel, "dilate": block._dilation}
    more |= {"num_filter": block._channels, "num_group": block._groups, "no_bias": block.bias is None, "name": "fwd"}
    if hasattr(block, "_more"):
        return _activated(sym.Deconvolution(*inputs, **more, adj=block._more), block._activation)
    return _activated(sym.Convolution(*inputs, **more), block._activation)


def _pool(block: Any, x: Any, kind: str, **more: Any) -> Any:
    convention = "full" if block._ceil else "valid"
    return sym.Pooling(
        x, kernel=block._size, pool_type=kind, pooling_convention=convention, **_window(block), **more, name="fwd"
    )


def _global_pool(block: Any, x: Any, kind: str) -> Any:
    if block._last:
        _window(block)  # refuses
    return sym.Pooling(x, kernel=(1,) * block.axes, pool_type=kind, global_pool=True, name="fwd")


def _batch_norm(block: Any, x: Any) -> Any:
    inputs = [p.var() for p in (block.gamma, block.beta, block.running_mean, block.running_var)]
    knobs = {"eps": block._epsilon, "momentum": block._momentum, "axis": block._axis}
    knobs |= {"fix_gamma": block.gamma.grad_req == "null", "use_global_stats": block._use_global_stats}
    made = sym.BatchNorm(x, *inputs, **knobs, name="fwd")
    return sym.relu(made, name="relu_fwd") if isinstance(block, nn.BatchNormReLU) else made


def _norm(operator: str, *knobs: str) -> Rule:
    def rule(block: Any, x: Any) -> Any:
        values = {knob: getattr(block, name) for knob, name in (k.split("=") for k in knobs)}
        return getattr(sym, operator)(x, block.gamma.var(), block.beta.var(), **values, name="fwd")

    return rule


def _embedding(block: Any, x: Any) -> Any:
    rows, width = block.weight.shape
    return sym.Embedding(x, block.weight.var(), input_dim=rows, output_dim=width, name="fwd")


def _concatenate(block: Any, x: Any, *args: Any) -> Any:
    return sym.concat(*[child(x, *args) for child in block._children.values()], dim=block.axis, name="concat")


def _lambda(block: Any, *args: Any) -> Any:
    made = block._function
    return getattr(sym, block._name)(*args) if made is None else made(sym, *args)


def _symbol_block(block: Any, *args: Any) -> Any:
    made = block._symbol(**{call.name: given for call, given in zip(block._inputs, args, strict=True)})
    return made if len(made) == 1 else list(made)


RULES: dict[type, Rule] = {
    nn.Dense: _dense,
    nn.Conv1D: _conv,
    nn.Conv2D: _conv,
    nn.Conv3D: _conv,
    nn.Conv1DTranspose: _conv,
    nn.Conv2DTranspose: _conv,
    nn.Conv3DTranspose: _conv,
    **{kind: lambda block, x: _pool(block, x, "max") for kind in (nn.MaxPool1D, nn.MaxPool2D, nn.MaxPool3D)},
    **{
        kind: lambda block, x: _pool(block, x, "avg", count_include_pad=block._count)
        for kind in (nn.AvgPool1D, nn.AvgPool2D, nn.AvgPool3D)
    },
    **{
        kind: lambda block, x: _global_pool(block, x, "max")
        for kind in (nn.GlobalMaxPool1D, nn.GlobalMaxPool2D, nn.GlobalMaxPool3D)
    },
    **{
        kind: lambda block, x: _global_pool(block, x, "avg")
        for kind in (nn.GlobalAvgPool1D, nn.GlobalAvgPool2D, nn.GlobalAvgPool3D)
    },
    nn.BatchNorm: _batch_norm,
    nn.LayerNorm: _norm("LayerNorm", "axis=_axis", "eps=_epsilon"),
    nn.GroupNorm: _norm("GroupNorm", "num_groups=_groups", "eps=_epsilon"),
    nn.InstanceNorm: _norm("InstanceNorm", "eps=_epsilon"),
    nn.Embedding: _embedding,
    nn.Flatten: lambda block, x: sym.Flatten(x, name="fwd"),
    nn.Identity: lambda block, x: x,
    nn.Dropout: lambda block, x: sym.Dropout(x, p=block._dropped, axes=block._axes, name="fwd"),
    nn.Activation: lambda block, x: (
        _activated(x, block._name) if block._name not in _NAMED else sym.Activation(x, act_type=block._name, name="fwd")
    ),
    nn.ReLU: lambda block, x: sym.Activation(x, act_type="relu", name="fwd"),
    nn.Sigmoid: lambda block, x: sym.Activation(x, act_type="sigmoid", name="fwd"),
    nn.Tanh: lambda block, x: sym.Activation(x, act_type="tanh", name="fwd"),
    nn.SiLU: lambda block, x: sym.Activation(x, act_type="silu", name="fwd"),
    nn.Swish: lambda block, x: x * sym.sigmoid(x * block._beta),
    nn.Softmax: lambda block, x: sym.softmax(x, axis=block._axis, name="fwd"),
    nn.LeakyReLU: lambda block, x: sym.LeakyReLU(x, act_type="leaky", slope=block._alpha, name="fwd"),
    nn.PReLU: lambda block, x: sym.LeakyReLU(x, block.alpha.var(), act_type="prelu", name="fwd"),
    nn.ELU: lambda block, x: sym.LeakyReLU(x, act_type="elu", slope=block._alpha, name="fwd"),
    nn.SELU: lambda block, x: sym.LeakyReLU(x, act_type="selu", name="fwd"),
    nn.GELU: lambda block, x: sym.gelu(x, approximate=block._approximation == "tanh", name="fwd"),
    nn.Concatenate: _concatenate,
    nn.HybridConcatenate: _concatenate,
    nn.HybridLambda: _lambda,
    SymbolBlock: _symbol_block,
}
