"""In which dtype an elementwise operator computes: the Python twin of the core's promotion and dtype rules.

Fusion and autodiff need it; the tests hold it against what the core infers.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ._ir import ITEMSIZE, Node, Value

FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")


def is_float(dtype: str) -> bool:
    """Whether this is a real floating-point dtype."""
    return dtype in FLOATS


def is_complex(dtype: str) -> bool:
    """Whether this is a complex dtype."""
    return dtype in COMPLEX


def is_inexact(dtype: str) -> bool:
    """Whether gradients can flow through arrays of this dtype."""
    return dtype in FLOATS or dtype in COMPLEX


def has_complex(values: Iterable[Value | None]) -> bool:
    """Whether any of these is a complex array."""
    return any(v is not None and v.dtype in COMPLEX for v in values)


def complex_of(dtype: str) -> str:
    """The complex dtype that holds numbers of a dtype."""
    return "complex128" if dtype in ("float64", "complex128") else "complex64"


def promote(a: str, b: str) -> str:
    """The dtype of an operation on arrays of two dtypes: the wider one of a kind, the float of an integer and a float.

    >>> promote("int32", "float16"), promote("int8", "uint8"), promote("float16", "bfloat16")
    ('float16', 'int16', 'float32')
    >>> promote("complex64", "float64")
    'complex128'
    """
    if a == b or b == "bool":
        return a
    if a == "bool":
        return b
    if is_complex(a) or is_complex(b):
        return max(complex_of(a), complex_of(b), key=ITEMSIZE.__getitem__)
    if is_float(a) and is_float(b):
        if {a, b} == {"float16", "bfloat16"}:
            return "float32"
        return a if ITEMSIZE[a] > ITEMSIZE[b] else b
    if is_float(a) or is_float(b):
        return a if is_float(a) else b
    return np.promote_types(a, b).name


def promote_weak(array: str, weak: str) -> str:
    """The same for an array and a Python number, which never widens an array of its own kind."""
    if weak == "bool":
        return array
    if is_complex(weak):
        return complex_of(array)
    if is_float(weak):
        return array if is_inexact(array) else "float32"
    return "int64" if array == "bool" else array


def common_dtype(values: list[Value | None]) -> str:
    """What the operands are promoted to."""
    strong = weak = ""
    for value in values:
        if value is None:
            continue
        if value.weak:
            weak = promote(weak, value.dtype) if weak else value.dtype
        else:
            strong = promote(strong, value.dtype) if strong else value.dtype
    if strong:
        return promote_weak(strong, weak) if weak else strong
    if not weak:
        return "float32"
    return _double(weak) if is_inexact(weak) else weak  # numbers alone stay in double precision


def _double(dtype: str) -> str:
    return "complex128" if is_complex(dtype) else "float64"


def compute_dtype(rule: str, node: Node) -> str:
    """The dtype in which an elementwise operator with this dtype rule computes."""
    values = node.inputs
    rule = rule.partition(":")[0]
    if rule == "select":
        return common_dtype(values[1:])
    if rule in ("floating", "real_floating"):
        only_weak = all(v is None or v.weak for v in values)
        common = common_dtype(values)
        return _double(common) if only_weak else common if is_inexact(common) else "float32"
    if rule == "complex":
        return complex_of(common_dtype(values))
    if rule == "wide":
        return "float32" if values[0] is None or values[0].dtype in ("float16", "bfloat16") else values[0].dtype
    if rule == "update":
        return "float64" if values[0] is not None and values[0].dtype == "float64" else "float32"
    if rule in ("same", "first", "attr", "real"):
        return values[0].dtype if values and values[0] is not None else "float32"
    return common_dtype(values)


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype called `name`; bfloat16 comes from ml_dtypes.

    >>> numpy_dtype("float32")
    dtype('float32')
    """
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
