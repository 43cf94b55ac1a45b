"""Stanzas: recurrences over the steps of a sequence, and the whole stack of layers in one call, `rnn`.

A layer is one product of all inputs with their weights and one of these operators for the steps. Each has a gradient
operator, and that one a second, which takes a direction for each gradient and gives the Hessian along it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import _core
from ._lstm_loop import held_lstm
from ._record import op as _op
from ._samples import bad, case, real, whole
from .functions import function

if TYPE_CHECKING:
    from .._core import NDArray

# fmt: off
op = partial(_op, family="rnn", np_name="", dtype="promote")
_tol = {"float32": 2e-5, "float16": 2e-2, "bfloat16": 2e-1}
_WORDS = {"lstm": "gates in, forget, cell, out: c = f c + i g, h = o tanh(c)",
          "gru": "gates reset, update, new: n = tanh(x_n + r h_n), h = (1 - z) n + z h",
          "rnn": "h = tanh(x + h w^T + b), or relu"}
_SOURCES = {"lstm": "Hochreiter and Schmidhuber, Neural Computation 9 (1997) 1735; Gers et al., 12 (2000) 2451",
            "gru": "Cho et al., arXiv:1406.1078", "rnn": "Elman, Cognitive Science 14 (1990) 179"}
_T, _N, _H = 3, 2, 2


def _steps(kind: str, gates: int) -> None:
    lstm, plain = kind == "lstm", kind == "rnn"
    name = f"_{kind}_steps"
    primal = ["xw", "w", "b", "h0"] + ["c0"] * lstm
    states = ["y"] + ["cs"] * lstm
    outs = states + ["saved"] * (not plain)
    attrs = ("relu: bool = False, " if plain else "") + "reverse: bool = False"
    same = ("relu=relu, " if plain else "") + "reverse=reverse"
    given = ", ".join(primal)
    grads = ["d" + p for p in primal]
    gs = ["g" + s for s in states]
    optional = [f"{g}=None" for g in gs] if lstm else gs
    shapes = [(_T, _N, gates * _H), (gates * _H, _H), (gates * _H,), (_N, _H), (_N, _H)][:len(primal)]
    draws = [real(-1, 1, shape=s) for s in shapes]
    seq = real(-1, 1, shape=(_T, _N, _H))
    kept = [seq] * lstm + [real(0.2, 0.8, shape=(_T, _N, 4 * _H))] * (not plain)
    options: list[dict[str, Any]] = [{}, {"reverse": True, **({"relu": True} if plain else {})}]
    wrong = [bad(rf"{kind}.*expected inputs", real(shape=(3, 2, 5)), *draws[1:]),
             bad("expected states", *draws[:3], *[real(shape=(3, 2))] * (len(primal) - 3)),
             bad("expected bias", *draws[:2], real(shape=(1,)), *draws[3:]),
             bad("needs floating-point arrays, got int64", *[whole(shape=s) for s in shapes], raises="TypeError")]

    op(name, f"{given}, {attrs}",
       f"All steps of a sequence in one direction; xw (t, n, gates * hidden) are the inputs times their weights. "
       f"{_WORDS[kind][0].upper()}{_WORDS[kind][1:]}.", outs=", ".join(outs), infer=f"{kind}_steps",
       kernel=f"{kind}_steps", formula=_SOURCES[kind],
       grad={p: f"{', '.join(grads)} = {name}_grad({given}, {', '.join(outs)}, {', '.join(gs)}, {same}); d{p}"
             for p in primal},
       ref=f"dlcore.ops.reference_rnn.{kind}_steps", samples=[case(*draws, **o) for o in options], tol=_tol,
       errors=wrong, smooth=not lstm and plain)  # `saved` is made for the gradient, and passes none on itself
    op(f"{name}_grad", f"{given}, {', '.join(outs)}, {', '.join(optional)}, {attrs}",
       f"The gradients of {name}.", outs=", ".join(grads), infer=f"{kind}_steps_grad", kernel=f"{kind}_steps_grad",
       grad=_second(name, primal, gs, same), ref=f"dlcore.ops.reference_rnn.{kind}_steps_grad",
       samples=[case(*draws, seq, *kept, *[seq] * len(gs), **o) for o in options], tol=_tol,
       smooth=False)  # it takes y and what was saved as they come
    directions = [f"v{p}=None" for p in primal]
    second = ["o" + p for p in primal + gs]
    op(f"{name}_grad2", f"{given}, {', '.join(f'{g}=None' for g in gs)}, {', '.join(directions)}, {attrs}",
       f"The derivative of {name}_grad along a direction, and that of the outputs.", outs=", ".join(second),
       infer=f"{kind}_steps_grad", kernel=f"{kind}_steps_grad2",
       grad={p: f"_no_gradient({p})" for p in primal + gs},
       ref=f"dlcore.ops.reference_rnn.{kind}_steps_grad2", smooth=False,  # no third derivatives
       samples=[case(*draws, *[seq] * len(gs), *draws, **o) for o in options],
       tol={"float64": 2e-6, "float32": 5e-4, "float16": 5e-2, "bfloat16": 4e-1})  # the oracle takes differences


def _second(name: str, primal: list[str], gs: list[str], same: str) -> dict[str, str]:
    outs = ["o" + p for p in primal + gs]
    call = f"{name}_grad2({', '.join(primal + gs + ['gd' + p for p in primal])}, {same})"
    return {p: f"{', '.join(outs)} = {call}; o{p}" for p in primal + gs}


op("_no_gradient", "x, known: bool = False",
   "Stands for a derivative that is not known: asking for it is a RuntimeError (a copy of x where it is).",
   infer="no_gradient", kernel="copy", ref="np.copy(x)", samples=[case(real(shape=(2,)), known=True)], smooth=False,
   errors=[bad("no derivative of that order", real(shape=(2,)), raises="RuntimeError")])
for _kind, _gates in (("rnn", 1), ("gru", 3), ("lstm", 4)):
    _steps(_kind, _gates)
# fmt: on

_GATES = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}


def rnn(
    x: Any,
    parameters: Any,
    states: Any,
    mode: str = "lstm",
    bidirectional: bool = False,
    dropout: float = 0.0,
    lengths: Any = None,
    projections: Any = None,
    clip: Any = None,
) -> tuple[NDArray, list[NDArray]]:
    """A stack of recurrent layers over whole sequences: (outputs, last states).

    x: (steps, batch, inputs). parameters: for each layer, and within it for each direction, the four arrays i2h_weight
    (gates * hidden, inputs), h2h_weight (gates * hidden, hidden), i2h_bias and h2h_bias (gates * hidden,), as one
    flat list. states: [h] or, for "lstm", [h, c], each (layers * directions, batch, hidden). mode: "rnn_tanh",
    "rnn_relu", "gru" or "lstm". dropout: rate between layers, in training. lengths: (batch,) whole numbers; steps
    behind a sequence's length change no state and their outputs are 0, the way back begins at its last step.
    For "lstm" only: projections, one matrix (projected, hidden) for each layer and direction, by which h is multiplied
    before it goes on (Sak et al., arXiv:1402.1128), and clip, (low, high), between which the cells are held.

    The outputs are (steps, batch, hidden), twice hidden if bidirectional, in x's dtype; the last states have the
    shapes of `states`. Raises ValueError where shapes do not belong together, IndexError for a length above the steps.

    >>> from dlcore import nd
    >>> parameters = [nd.ones((4, 3)), nd.ones((4, 1)), nd.zeros((4,)), nd.zeros((4,))]
    >>> y, (h, c) = rnn(nd.ones((5, 2, 3)), parameters, [nd.zeros((1, 2, 1)), nd.zeros((1, 2, 1))])
    >>> y.shape, c.shape
    ((5, 2, 1), (1, 2, 1))
    """
    layers, directions = _checked(x, parameters, states, mode, bidirectional, lengths)
    if (projections is not None or clip is not None) and mode != "lstm":
        raise ValueError(f"rnn: projections and clip need mode 'lstm', got {mode!r}")
    if projections is not None and len(projections) != layers * directions:
        raise ValueError(f"rnn: expected {layers * directions} projections, got {len(projections)}")
    begin = [_rows(s) for s in states]
    ends: list[list[Any]] = [[] for _ in states]
    for layer in range(layers):
        outputs = []
        for way in range(directions):
            k = layer * directions + way
            own = parameters[4 * k : 4 * k + 4]
            after = None if projections is None else projections[k]
            output, last = _layer(x, own, [b[k] for b in begin], mode, way == 1, lengths, after, clip)
            outputs.append(output)
            for end, state in zip(ends, last, strict=True):
                end.append(state)
        x = outputs[0] if directions == 1 else function("concat")(*outputs, axis=2)
        if dropout and layer + 1 < layers and _core.is_training():
            x = function("dropout_train")(x, dropout)
    return x, [function("stack")(*end, axis=0) for end in ends]


def _checked(x: Any, parameters: Any, states: Any, mode: str, bidirectional: bool, lengths: Any) -> tuple[int, int]:
    """How many layers and directions there are, once everything fits together."""
    if mode not in _GATES:
        raise ValueError(f"rnn: mode must be one of {', '.join(_GATES)}, got {mode!r}")
    directions, wanted = 1 + bool(bidirectional), 1 + (mode == "lstm")
    layers, rest = divmod(len(parameters), 4 * directions)
    if rest or not layers:
        raise ValueError(f"rnn: expected 4 parameters for each layer and direction, got {len(parameters)}")
    if len(states) != wanted:
        raise ValueError(f"rnn: expected {wanted} states for mode {mode!r}, got {len(states)}")
    if x.ndim != 3 or not x.shape[0]:
        raise ValueError(f"rnn: expected x (steps, batch, inputs) with a step, got shape {tuple(x.shape)}")
    for state in states:
        if state.ndim != 3 or state.shape[0] != layers * directions:
            raise ValueError(
                f"rnn: expected states ({layers * directions}, batch, hidden), got shape {tuple(state.shape)}"
            )
    if lengths is not None and tuple(lengths.shape) != (x.shape[1],):
        raise ValueError(f"rnn: expected one length for each sequence of x {x.shape}, got shape {tuple(lengths.shape)}")
    return layers, directions


def _layer(
    x: Any, own: Any, states: list[Any], mode: str, reverse: bool, lengths: Any, after: Any, clip: Any
) -> tuple[Any, list[Any]]:
    """One layer in one direction: outputs (t, n, hidden) and the states after its last step."""
    i2h_weight, h2h_weight, i2h_bias, h2h_bias = own
    xw = function("dense")(x, i2h_weight, i2h_bias, False)
    if lengths is None:
        made = _run((xw, h2h_weight, h2h_bias, *states), mode, reverse, after, clip)
        last = 0 if reverse else x.shape[0] - 1
        return made[0], [_row(m, last) for m in made]
    turn = function("_sequence_reverse")
    lengths = function("cast")(lengths, "int64")
    made = _run((turn(xw, lengths) if reverse else xw, h2h_weight, h2h_bias, *states), mode, False, after, clip)
    back = [turn(m, lengths) for m in made]  # the first of each is now what its sequence ended with
    steps = function("arange")(0, x.shape[0], 1, "int64", x._device)
    inside = function("less")(function("reshape")(steps, (-1, 1, 1)), function("reshape")(lengths, (1, -1, 1)))
    y = function("where")(inside, back[0] if reverse else made[0], 0.0)
    some = function("expand_dims")(function("greater")(lengths, 0), 1)
    return y, [function("where")(some, _row(m, 0), s) for m, s in zip(back, states, strict=True)]


def _run(given: tuple[Any, ...], mode: str, reverse: bool, after: Any, clip: Any) -> tuple[Any, ...]:
    """All steps in one direction: the outputs, and for "lstm" the cells."""
    if after is not None or clip is not None:
        xw, w, b, h, c = given
        return held_lstm(xw, w, b, h, c, reverse, after, clip)
    if mode == "lstm":
        return function("_lstm_steps")(*given, reverse)[:2]
    if mode == "gru":
        return function("_gru_steps")(*given, reverse)[:1]
    return (function("_rnn_steps")(*given, mode == "rnn_relu", reverse),)


def _row(x: Any, k: int) -> Any:
    return function("squeeze")(function("slice")(x, (k,), (1,), None), 0)


def _rows(x: Any) -> list[Any]:
    return [_row(x, k) for k in range(x.shape[0])]
