"""Stanzas: products with a matrix in compressed sparse rows. Each one's gradients are the other two.

The matrix comes as three arrays: its values, their columns `indices`, and `indptr`, where row r has the values
indptr[r] to indptr[r + 1]. `dlcore.nd.sparse` puts a class around them.
"""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, real

# fmt: off
op = partial(_op, family="sparse", dtype="first", np_name="")
_CSR = (fixed([2, 0, 2, -3, 3], "int64"), fixed([0, 2, 2, 5], "int32"))  # 3 rows (one is empty), 4 columns
_values = real(shape=(5,))
_far = fixed([2, 0, 2, 4, 3], "int64")

op("csr_dot", "data, indices, indptr, x", "A sparse matrix (m, k) times a dense one (k, n).",
   infer="csr_dot", kernel="csr_dot",
   grad={"data": "csr_sampled(gy, x, indices, indptr)", "x": "csr_dot_t(data, indices, indptr, gy, x)"},
   ref="dlcore.ops.reference.csr_dot", samples=[case(_values, *_CSR, real(shape=(4, 3))),
                                                case(real(shape=(0,)), fixed([], "int64"), fixed([0, 0], "int64"),
                                                     real(shape=(4, 2)))],
   errors=[bad("index 4 is out of range for axis 1 of size 4", _values, _far, _CSR[1], real(shape=(4, 3)),
               raises="IndexError"),
           bad("indptr must rise from 0 to the number of values, 5", _values, _CSR[0], fixed([0, 6, 5], "int64"),
               real(shape=(4, 3))),
           bad("as column indices, got 4 and 5", real(shape=(4,)), *_CSR, real(shape=(4, 3))),
           bad(r"matrix, got shape \(4,\)", _values, *_CSR, real(shape=(4,)))],
   example="csr_dot([2., 3.], [1, 0], [0, 1, 2], [[1., 2.], [3., 4.]]) -> [[6., 8.], [3., 6.]]")
op("csr_dot_t", "data, indices, indptr, g, x: like",
   "A sparse matrix (m, k), transposed, times a dense one (m, n); x only tells the shape (k, n).",
   infer="csr_dot_t", kernel="csr_dot_t",
   grad={"data": "csr_sampled(g, gy, indices, indptr)", "g": "csr_dot(data, indices, indptr, gy)"},
   ref="dlcore.ops.reference.csr_dot_t",
   samples=[case(_values, *_CSR, real(shape=(3, 2)), real(shape=(4, 2)))],
   errors=[bad("index 4 is out of range for axis 1 of size 4", _values, _far, _CSR[1], real(shape=(3, 2)),
               real(shape=(4, 2)), raises="IndexError"),
           bad("with 3 rows", _values, *_CSR, real(shape=(4, 2)), real(shape=(4, 2)))],
   example="csr_dot_t([2., 3.], [1, 0], [0, 1, 2], [[1.], [2.]], [[0.], [0.]]) -> [[6.], [2.]]")
op("csr_sampled", "a, b, indices, indptr",
   "The product a @ b.T of dense matrices (m, n) and (k, n), only at the places of a sparse matrix (m, k).",
   infer="csr_sampled", kernel="csr_sampled",
   grad={"a": "csr_dot(gy, indices, indptr, b)", "b": "csr_dot_t(gy, indices, indptr, a, b)"},
   ref="dlcore.ops.reference.csr_sampled",
   samples=[case(real(shape=(3, 2)), real(shape=(4, 2)), *_CSR)],
   errors=[bad("index 4 is out of range for axis 1 of size 4", real(shape=(3, 2)), real(shape=(4, 2)), _far, _CSR[1],
               raises="IndexError"), bad("as many columns each", real(shape=(3, 2)), real(shape=(4, 3)), *_CSR)],
   example="csr_sampled([[1., 2.], [3., 4.]], [[1., 1.], [0., 1.]], [1, 0], [0, 1, 2]) -> [2., 7.]")
