"""Sparse arrays: `_classes` (what they hold, slices, copies), `_make` (from dense arrays, lists and SciPy),
`_arithmetic` (number by number, sums), `_dot` (products).

What lives here: storage kinds "csr" and "row_sparse" put together from dense arrays and ordinary operators, so that
gradients flow through their values. What must not: kernels (dlcore/ops/sparse.py names them) and public names: those
are in `dlcore.nd.sparse` (dlcore/array/sparse.py). Next: `_classes.py`.
"""

from ._arithmetic import attach
from ._classes import CSRNDArray, RowSparseNDArray, SparseNDArray

__all__ = ["CSRNDArray", "RowSparseNDArray", "SparseNDArray", "attach"]
