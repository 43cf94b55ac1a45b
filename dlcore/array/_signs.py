"""Operators of two arrays, or of an array and a number, as MXNet calls them inside: "_plus", "_rminus_scalar", ...

`nd._internal` has them, and MXNet's files of symbols name them.
"""

from __future__ import annotations

import re

# Sign: the operator here.
_SIGNS = {
    "plus": "add", "add": "add", "minus": "subtract", "sub": "subtract", "subtract": "subtract", "mul": "multiply",
    "multiply": "multiply", "div": "divide", "true_divide": "divide", "mod": "remainder", "power": "power",
    "maximum": "maximum", "minimum": "minimum", "hypot": "hypot", "equal": "equal", "not_equal": "not_equal",
    "greater": "greater", "greater_equal": "greater_equal", "lesser": "less", "lesser_equal": "less_equal",
    "less": "less", "less_equal": "less_equal", "logical_and": "logical_and", "logical_or": "logical_or",
    "logical_xor": "logical_xor",
}  # fmt: skip
# Those that say yes or no: MXNet's give 1 and 0 in the dtype of what they compare.
COMPARISONS = frozenset(
    "equal not_equal greater greater_equal less less_equal logical_and logical_or logical_xor logical_not".split()
)
_BEFORE = re.compile(r"_npi_|_scatter_elemwise_|_scatter_|_grad_|broadcast_|_")


def sign_of(name: str) -> tuple[str, bool, bool] | None:
    """The operator behind such a name, whether its second operand is a number, and whether they change places.

    >>> sign_of("_rdiv_scalar"), sign_of("_Plus"), sign_of("broadcast_lesser"), sign_of("_copy")
    (('divide', True, True), ('add', False, False), ('less', False, False), None)
    """
    before = _BEFORE.match(name)
    if before is None:
        return None
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[before.end() :]).lower()
    number = plain.endswith("_scalar")
    plain = plain.removesuffix("_scalar")
    turned = number and plain not in _SIGNS and plain.startswith("r")
    found = _SIGNS.get(plain[1:] if turned else plain)
    return None if found is None else (found, number, turned)
