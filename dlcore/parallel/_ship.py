"""Networks and data by value: what leaves the notebook, and what comes home into the very same objects."""

from __future__ import annotations

import ast
import builtins
import io
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dlcore import _core


def names_read(source: str) -> list[str]:
    """The names a cell may take from outside, in order of appearance.

    >>> names_read("import os\\ny = f(x) + 1\\nprint(y, os.name)")
    ['f', 'x']
    """
    seen: dict[str, None] = {}
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imported |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    first_store: set[str] = set()
    for node in _in_order(ast.parse(source)):
        if not isinstance(node, ast.Name):
            continue
        if isinstance(node.ctx, ast.Load):
            if node.id not in first_store and node.id not in imported and not hasattr(builtins, node.id):
                seen[node.id] = None
        else:
            first_store.add(node.id)
    return list(seen)


def _in_order(tree: ast.AST) -> Iterable[ast.AST]:
    """Nodes as they are evaluated, near enough: the value of an assignment comes before its target."""
    for statement in ast.iter_child_nodes(tree):
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            yield from ast.walk(statement.value)
        yield from ast.walk(statement)


def pack(values: Mapping[str, Any]) -> bytes:
    """Objects as bytes for a worker of this machine (over ipyparallel's signed channel; never read from a file).

    Raises TypeError naming the variable that cannot be sent.
    """
    parts = {}
    for name, value in values.items():
        try:
            parts[name] = _dumps(value)
        except Exception as error:
            kind = type(value).__name__
            raise TypeError(f"{name!r} ({kind}) cannot be sent to worker processes: {error}") from error
    return _dumps(parts)


def unpack(data: bytes) -> dict[str, Any]:
    """The objects that `pack` was given, in a worker."""
    import pickle

    return {name: pickle.loads(part) for name, part in pickle.loads(data).items()}


def _dumps(value: Any) -> bytes:
    import cloudpickle

    class Pickler(cloudpickle.Pickler):
        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, _core.NDArray):
                return _array, (_values(obj), obj._dtype_name, obj._grad_req)
            return super().reducer_override(obj)

    buffer = io.BytesIO()
    Pickler(buffer, protocol=5).dump(value)
    return buffer.getvalue()


def _values(array: Any) -> np.ndarray:
    values = array.asnumpy()
    return values.view(np.uint16) if array._dtype_name == "bfloat16" else values


def _array(values: np.ndarray, dtype: str, grad_req: str) -> Any:
    if dtype == "bfloat16":
        import ml_dtypes

        values = values.view(ml_dtypes.bfloat16)
    array = _core.from_numpy(values)
    if grad_req != "null":
        array.attach_grad(grad_req)
    return array


def is_network(value: Any) -> bool:
    """True for a Gluon block."""
    from dlcore.gluon import Block

    return isinstance(value, Block)


def state_of(net: Any) -> dict[str, np.ndarray]:
    """The parameters of a network as NumPy arrays, by name."""
    return {name: _values(parameter.held()) for name, parameter in net.collect_params().items()}


def restore(net: Any, state: Mapping[str, np.ndarray]) -> None:
    """Write `state_of` a worker's copy into this network's own arrays, in place."""
    parameters = net.collect_params()
    for name, values in state.items():
        parameter = parameters[name]
        if not _has_data(parameter):
            parameter.shape = values.shape
            parameter.initialize(force_reinit=True)
        target = parameter.held()
        source = _array(values, target._dtype_name, "null")
        _core.assign(target, source)


def _has_data(parameter: Any) -> bool:
    try:
        parameter.held()
    except Exception as error:
        if "Deferred" in type(error).__name__ or isinstance(error, RuntimeError):
            return False
        raise
    return True
