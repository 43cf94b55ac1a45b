"""Operators: one stanza each, from which everything about them is derived.

Here: the stanza files by family (elementwise, unary, activation, reduce, shape, index, linalg, fft, conv, pool, norm,
loss, ctc, rnn, attention, vision, random, sparse, optimizer, outside), `_record` (what a stanza may say), `_expr` and
`_program` (its two small languages), `_register` (to the C++ core), `functions` (the Python functions), `composite`
(functions that choose between operators or are made of several; beside it `composite_vision` and `multibox`), `_host`
(kernels in Python over NumPy: `_lapack`, `_fft`), `reference*` (oracles in plain NumPy), `docs` (table, stub).
`F` holds the functions: F.relu(x).
Not here: other kernels (dlcore/csrc/kernels), the NDArray type's methods and the np and nd namespaces (dlcore/array).
Next: `_record.op`, then any stanza file; a new elementwise operator is one stanza and nothing else.
"""

from . import (  # noqa: F401
    activation,
    attention,
    conv,
    ctc,
    elementwise,
    fft,
    index,
    linalg,
    loss,
    norm,
    optimizer,
    optimizer_more,
    outside,
    pool,
    random,
    reduce,
    rnn,
    shape,
    sparse,
    unary,
    vision,
)
from ._record import RECORDS, Op, get, op
from ._register import register_all

register_all()

from . import F  # noqa: E402  (its functions need the registered numbers)

__all__ = ["F", "RECORDS", "Op", "get", "op"]
