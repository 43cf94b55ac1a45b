"""The rules of a well-formed graph, checked after every pass.

A graph that breaks one raises `GraphError`, which names the rule, the node and its layer. The rules:
order and single definition, arity, re-inferred shapes, dtypes and views, fused programs, state writes, random blocks,
what is kept from run to run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from . import _ops
from ._ir import EACH, FUSED, Graph, Node, Value, bodies_of, numel, same_layout, sets
from ._rows import COLUMNS, REDUCTIONS, along_row, column_shapes, is_wide, of_columns, row_shapes, strides_along


class GraphError(RuntimeError):
    """A graph breaks a rule; the text says which, where, what was expected and what came.

    >>> from dlcore.graph import Graph, Value
    >>> x = Value("float32", (2,), (1,), kind="input")
    >>> verify(Graph(outputs=[x], name="lost"))
    Traceback (most recent call last):
    dlcore.graph.verify.GraphError: graph lost: result f32[2] is never defined
    """


MICRO_ARITY = {
    **dict.fromkeys(
        "neg abs sign sqrt rsqrt exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh "
        "atanh erf sigmoid floor ceil round trunc isnan isinf isfinite round_bf16 round_f16 round_f32 not bnot "
        "wrap_i8 wrap_i16 wrap_i32 wrap_u8 wrap_u16 wrap_u32 signbit cbrt exp2 lgamma gamma erfinv real imag conj "
        "angle gelu gelu_slope".split(),
        1,
    ),
    **dict.fromkeys(
        "add sub mul div fdiv rem pow max min eq ne lt le gt ge and or xor band bor bxor shl shr atan2 hypot copysign "
        "fmod polygamma gcd lcm complex".split(),
        2,
    ),
    **dict.fromkeys("select fma".split(), 3),
}


NUMBERS = (bool, int, float, complex)


def verify(graph: Graph, after: str = "") -> Graph:
    """Checks every rule and returns the graph; raises `GraphError` naming the pass in `after`.

    >>> from dlcore.graph import Graph, Value
    >>> x = Value("float32", (2,), (1,), kind="input")
    >>> verify(Graph(inputs=[x], outputs=[x])).name
    'graph'
    """
    try:
        for rule in RULES:
            rule(graph)
    except GraphError as error:
        where = f" after {after}" if after else ""
        raise GraphError(f"graph {graph.name}{where}: {error}") from None
    return graph


def _fail(graph: Graph, node: Node, text: str) -> None:
    try:
        line = graph.node_text(node)
    except Exception:  # a broken graph may not even print
        line = node.op
    raise GraphError(f"{text}\n  node: {line}")


def check_order(graph: Graph) -> None:
    """Every value is defined once, before it is used, and knows its node."""
    defined: set[Value] = set()
    for kind, values in (("input", graph.inputs), ("state", [s.value for s in graph.states])):
        for value in values:
            if value.kind != kind or value.node is not None:
                raise GraphError(f"{value.type_text()} is listed as {kind} but is marked as {value.kind}")
            if value in defined:
                raise GraphError(f"{kind} {value.type_text()} is listed twice")
            defined.add(value)
    for node in graph.nodes:
        for operand in node.inputs:
            if operand is not None and operand.kind != "const" and operand not in defined:
                _fail(graph, node, f"operand {operand.type_text()} is used before it is defined")
        if not node.outputs:
            _fail(graph, node, "a node without outputs")
        for i, value in enumerate(node.outputs):
            if value in defined:
                _fail(graph, node, f"output {i} is defined twice")
            if value.node is not node or value.index != i or value.kind != "node":
                _fail(graph, node, f"output {i} does not point back to its node")
            defined.add(value)
    for value in graph.results():
        if value.kind != "const" and value not in defined:
            raise GraphError(f"result {value.type_text()} is never defined")


def check_values(graph: Graph) -> None:
    """Shapes and strides have one length, sizes are not negative, constants hold what they claim."""
    for value in _each_value(graph):
        shape = value.shape
        if len(shape) != len(value.strides) or (shape and min(shape) < 0):
            raise GraphError(f"shape {shape} and strides {value.strides} do not belong together")
        if value.dtype not in _ops.TILE_TYPES:
            raise GraphError(f"unknown dtype {value.dtype!r}")
        const = value.const
        if (value.kind == "const") != (const is not None):
            raise GraphError(f"{value.type_text()} is marked as {value.kind} but its constant is {const!r}")
        if const is not None and (shape or not isinstance(const, NUMBERS)) and np.shape(const) != shape:
            raise GraphError(f"a constant of shape {np.shape(const)} is declared as {shape}")


def _each_value(graph: Graph) -> Iterator[Value]:
    """Every value where it is made; constants where they are used."""
    yield from graph.sources()
    for node in graph.nodes:
        for value in node.inputs:
            if value is not None and value.node is None and value.kind == "const":
                yield value
        yield from node.outputs
    yield from graph.results()


def check_arity(graph: Graph) -> None:
    """Operators exist, and get the number of operands and attributes that their record asks for."""
    for node in graph.nodes:
        if node.op == EACH:
            _check_sets(graph, node)
            continue
        if node.op == FUSED:
            if node.tile is None or node.tile.n_in != len(node.inputs) or None in node.inputs:
                _fail(graph, node, "a fused group whose program does not fit its operands")
            continue
        try:
            record = _ops.record_of(node.op)
        except KeyError:
            _fail(graph, node, f"there is no operator {node.op!r}")
        variadic = bool(record.inputs) and record.inputs[-1].variadic
        wanted = len(record.inputs)
        if len(node.inputs) < wanted - 1 if variadic else len(node.inputs) != wanted:
            _fail(graph, node, f"{node.op} takes {wanted} operands, got {len(node.inputs)}")
        for spec, value in zip(record.inputs, node.inputs, strict=False):
            if value is None and not spec.optional:
                _fail(graph, node, f"operand {spec.name!r} of {node.op} is missing")
        if len(node.attrs) != len(record.attrs):
            _fail(graph, node, f"{node.op} takes {len(record.attrs)} attributes, got {len(node.attrs)}")


def _check_sets(graph: Graph, node: Node) -> None:
    """The arrays of every set are as many as the program asks for, and of one layout beside single numbers."""
    n_in, n_out = (node.tile.n_in, len(node.tile.outs)) if node.tile is not None else (0, 0)
    count = len(node.outputs) // max(n_out, 1)
    if not n_in or len(node.inputs) != count * n_in or len(node.outputs) != count * n_out or None in node.inputs:
        _fail(graph, node, "sets of arrays that do not fit the program")
    for operands, outputs in sets(node):
        like = outputs[0]
        for value in [*operands, *outputs]:
            same = value.shape == like.shape and same_layout(like.shape, value.strides, like.strides)
            if not same and (value.size != 1 or value.node is node):
                _fail(graph, node, f"{value.type_text()} is neither one number nor laid out as {like.type_text()}")
        if not _ops.is_dense(like.shape, like.strides) or any(out.base is not None for out in outputs):
            _fail(graph, node, f"results of strides {like.strides}, which are not dense")


def check_types(graph: Graph) -> None:
    """Inference gives the shapes, dtypes, layouts and views that the graph claims."""
    for node in graph.nodes:
        if node.op == EACH:
            continue  # `check_arity` has looked at its sets
        if node.op == FUSED:
            _check_fused_types(graph, node)
            continue
        try:
            found = _ops.infer(node.op, node.inputs, node.attrs)
        except (TypeError, ValueError, IndexError, RuntimeError) as error:
            _fail(graph, node, f"inference refuses it: {error}")
        if len(found) != len(node.outputs):
            _fail(graph, node, f"inference gives {len(found)} outputs, the node has {len(node.outputs)}")
        for out, (dtype, shape, strides, view_of, offset) in zip(node.outputs, found, strict=True):
            base = node.inputs[view_of] if view_of >= 0 else None
            claimed = (out.dtype, out.shape, out.strides, out.offset if base is not None else 0)
            if claimed != (dtype, shape, strides, offset if base is not None else 0) or out.base is not base:
                _fail(
                    graph,
                    node,
                    f"inference gives {dtype} {shape} strides {strides} "
                    f"{'view' if base is not None else 'fresh'}, the node claims {claimed[0]} {claimed[1]} strides "
                    f"{claimed[2]} {'view' if out.base is not None else 'fresh'}",
                )


def _check_fused_types(graph: Graph, node: Node) -> None:
    try:
        shape = _ops.infer_fused(node)
        whole = shape if node.rows else _ops.broadcast(shape, node.outputs[0].shape)
    except ValueError as error:
        _fail(graph, node, str(error))
    if node.rows:
        return _check_row_types(graph, node, shape)
    for out in node.outputs:
        if out.shape != whole or out.base is not None:
            _fail(graph, node, f"a fused group over {whole} claims an output of shape {out.shape}")
        if numel(out.shape) and not _ops.is_dense(out.shape, out.strides):
            _fail(graph, node, f"a fused group writes to strides {out.strides}, which are not dense")


def _check_row_types(graph: Graph, node: Node, whole: tuple[int, ...]) -> None:
    """Rows are evenly spaced, and each output has a number per element or per row, as the program makes it."""
    if not 0 < node.rows <= len(whole):
        _fail(graph, node, f"a row of {node.rows} axes in a group over {whole}")
    steps = [along_row(value, whole, node.rows) for value in node.inputs]
    if None in steps:
        _fail(graph, node, "the rows of an operand are not evenly spaced in memory")
    column = of_columns(node.tile)
    for i, out in enumerate(node.outputs):
        of_column = i < len(node.tile.outs) and column[node.tile.outs[i]]
        shapes = column_shapes(whole, node.rows) if of_column else (whole, *row_shapes(whole, node.rows))
        if out.shape not in shapes or out.base is not None:
            _fail(
                graph, node, f"a row group over {whole} with rows of {node.rows} axes claims an output of {out.shape}"
            )
        if not _ops.is_dense(out.shape, out.strides) or (out.shape == whole and along_row(out, whole, node.rows) != 1):
            _fail(graph, node, f"a row group writes to strides {out.strides}, not row by row")
        wide = is_wide(node.tile, [step != 0 for step in steps])
        if i < len(node.tile.outs) and out.shape != whole and wide[node.tile.outs[i]]:
            _fail(graph, node, f"output {i} holds one number a row, its program makes one per element")
    if any((m in REDUCTIONS or m in COLUMNS) and not wide[o[0]] for m, o in node.tile.code):
        _fail(graph, node, "a reduction of one number a row")
    lead = whole[: len(whole) - node.rows]  # over an axis of one nothing varies, whatever its stride
    varies = [any(n > 1 and s for n, s in zip(lead, strides_along(v, whole), strict=False)) for v in node.inputs]
    for i, (mnemonic, operands) in enumerate(node.tile.code, node.tile.n_in):
        varies.append(mnemonic != "const" and not column[i] and any(varies[o] for o in operands))
        if column[i] and mnemonic not in COLUMNS and any(varies[o] for o in operands):
            _fail(graph, node, "a number of a column that follows from more than columns")


def check_fused(graph: Graph) -> None:
    """Fused programs are in single-assignment order and use known micro-operations."""
    for node in graph.nodes:
        if not _ops.is_fused(node):
            continue
        tile = node.tile
        if node.register not in ("int32", "int64", "uint64", "float32", "float64"):
            _fail(graph, node, f"registers of type {node.register!r}")
        known = MICRO_ARITY if not node.rows else MICRO_ARITY | dict.fromkeys((*REDUCTIONS, *COLUMNS), 1)
        for i, (mnemonic, operands) in enumerate(tile.code):
            if mnemonic == "const":
                continue
            if known.get(mnemonic) != len(operands):
                _fail(graph, node, f"micro-operation {mnemonic!r} with {len(operands)} operands")
            if any(not 0 <= o < tile.n_in + i for o in operands):
                _fail(graph, node, f"instruction {i} of the program reads a value that comes later")
        many = node.op == FUSED and len(tile.outs) != len(node.outputs)
        if many or any(not 0 <= o < tile.n_in + len(tile.code) for o in tile.outs):
            _fail(graph, node, "the program's results do not fit the node's outputs")


def check_states(graph: Graph) -> None:
    """A state is listed once, and what is written into it has its shape and dtype."""
    arrays: set[int] = set()
    for state in graph.states:
        if id(state.array) in arrays:
            raise GraphError(f"state {state.value.name or state.value.type_text()} is captured twice")
        arrays.add(id(state.array))
        new = state.new
        if new is not None and (new.shape, new.dtype) != (state.value.shape, state.value.dtype):
            raise GraphError(
                f"a value {new.type_text()} is written into the state {state.value.type_text()} {state.value.name}"
            )


def check_views(graph: Graph) -> None:
    """A view is made by a node from one of its own operands and stays inside the memory of its base."""
    for node in graph.nodes:
        for out in node.outputs:
            if out.base is None:
                continue
            if not any(value is out.base for value in node.inputs):
                _fail(graph, node, "an output is a view of something that is no operand")
            if out.dtype != out.base.dtype:
                _fail(graph, node, f"a view of dtype {out.dtype} on memory of dtype {out.base.dtype}")
            low, high = _span(out)
            base_low, base_high = _span(out.base)
            if out.size and (low + out.offset < base_low or high + out.offset > base_high):
                _fail(graph, node, "a view reaches outside the memory of its base")


def _span(value: Value) -> tuple[int, int]:
    steps = [(size - 1) * stride for size, stride in zip(value.shape, value.strides, strict=True) if size]
    return sum(min(s, 0) for s in steps), sum(max(s, 0) for s in steps)


def check_random(graph: Graph) -> None:
    """Random operators, and only they, own random blocks, inside the graph's count.

    None are shared, unless a call of the forward part is there again, once or in several segments, to be repeated.
    """
    taken: list[tuple[int, int, Node]] = []
    for node in graph.nodes:
        if not _ops.is_random(node):
            if node.rng != -1:
                _fail(graph, node, "a node that draws no random numbers has random blocks")
            continue
        blocks = _ops.random_blocks(node)
        if node.rng < 0 or node.rng + blocks > graph.rng_blocks:
            _fail(graph, node, f"random blocks {node.rng}..{node.rng + blocks} of {graph.rng_blocks}")
        taken.append((node.rng, node.rng + blocks, node))
    taken.sort(key=lambda t: t[:2])
    original: Node | None = None
    for (_, end, before), (start, _, node) in zip(taken, taken[1:], strict=False):
        original = None if start >= end else original or before
        if original is not None and not (_same_draw(original, node) and original.recorded and not node.recorded):
            _fail(graph, node, "two random operators share random blocks")


def _same_draw(a: Node, b: Node) -> bool:
    return (a.op, a.rng, a.attrs, a.outputs[0].shape) == (b.op, b.rng, b.attrs, b.outputs[0].shape)


def check_bodies(graph: Graph) -> None:
    """The graphs inside branches and loops are well formed and capture nothing."""
    for node in graph.nodes:
        for what, body in bodies_of(node).items():
            if body.states:
                _fail(graph, node, f"its body {what!r} captures {len(body.states)} arrays instead of taking them")
            for rule in RULES:
                rule(body)


def check_kept(graph: Graph) -> None:
    """What is kept from run to run needs no argument, writes and draws nothing, and fits the states that hold it."""
    kept = graph.kept
    made = [state for state in graph.states if state.made >= 0]
    if kept is None:
        if made:
            raise GraphError(f"{made[0].value.type_text()} is marked as kept, and nothing is")
        return
    if kept.inputs or kept.writes or kept.rng_blocks or kept.kept is not None:
        raise GraphError("what is kept takes arguments, changes arrays, draws random numbers or keeps again")
    for state in made:
        if state.made >= len(kept.outputs):
            raise GraphError(f"{state.value.type_text()} is output {state.made} of {len(kept.outputs)} kept ones")
        out = kept.outputs[state.made]
        if (out.shape, out.dtype) != (state.value.shape, state.value.dtype):
            raise GraphError(f"{state.value.type_text()} holds what is kept as {out.type_text()}")
    for rule in RULES:
        rule(kept)


RULES: tuple[Callable[[Graph], None], ...] = (
    check_order,
    check_values,
    check_arity,
    check_types,
    check_views,
    check_fused,
    check_states,
    check_random,
    check_bodies,
    check_kept,
)
