"""Stanzas: products of matrices, and their factorisations with gradients that differentiate again."""

from functools import partial

from . import _lapack  # noqa: F401 - the kernels
from ._record import op as _op
from ._samples import bad, case, fixed, real

# fmt: off
op = partial(_op, family="linalg", dtype="promote")
_a, _b = real(shape=(3, 4)), real(shape=(4, 2))

op("matmul", "a, b", "Matrix product over the last two axes; leading axes are broadcast. Both need two axes or more; "
   "`dlcore.np.matmul` takes vectors too.", infer="matmul", kernel="matmul", np_name="",
   grad={"a": "matmul(gy, swap_last(b))", "b": "matmul(swap_last(a), gy)"}, ref="np.matmul(a, b)",
   samples=[case(_a, _b), case(real(shape=(2, 3, 4)), real(shape=(2, 4, 2))), case(real(shape=(5, 1, 3, 4)), _b),
            case(real(shape=(0, 4)), _b), case(real(shape=(3, 0)), real(shape=(0, 2)))],
   errors=[bad(r"matmul: .*\(3, 4\).*\(3, 4\)", _a, _a), bad("2", real(shape=(4,)), _b),
           bad("broadcast", real(shape=(2, 3, 4)), real(shape=(3, 4, 2)))],
   tol={"float16": 4e-3, "bfloat16": 4e-2}, example="matmul([[1., 2.]], [[3.], [4.]]) -> [[11.]]")

op("dense", "x, weight, bias=None, flatten: bool = True",
   "A fully connected layer: x @ weight.T + bias. weight is (units, inputs); with flatten x is seen as (d0, rest), "
   "else only its last axis is multiplied.", infer="dense", kernel="dense", np_name="",
   grad={"x": "_reshape_like(matmul(flatten2d(gy, leading=True), weight), x)",
         "weight": "matmul(swap_last(flatten2d(gy, leading=True)), flatten2d(x, leading=not flatten))",
         "bias": "sum(flatten2d(gy, leading=True), axis=0)"},
   ref="dlcore.ops.reference.dense",
   samples=[case(real(shape=(2, 3)), real(shape=(4, 3)), real(shape=(4,))),
            case(real(shape=(2, 3, 2)), real(shape=(4, 6)), None),
            case(real(shape=(2, 5, 3)), real(shape=(4, 3)), real(shape=(4,)), flatten=False),
            case(real(shape=(0, 3)), real(shape=(4, 3)), None)],
   errors=[bad(r"dense: .*\(4, 5\).*\(2, 3\)", real(shape=(2, 3)), real(shape=(4, 5)), None),
           bad(r"dense: .*bias", real(shape=(2, 3)), real(shape=(4, 3)), real(shape=(3,)))],
   tol={"float16": 4e-3, "bfloat16": 4e-2},
   example="dense([[1., 2.]], [[3., 4.], [0., 1.]], [10., 20.]) -> [[21., 22.]]")

# What the graph makes of a product and the elementwise calls that follow it (graph/passes/epilogue.py).
op("_product", "a, b, bias=None, other=None, transpose_b: bool = False, then: str = ''",
   "matmul(a, b) + bias, b turned over its last two axes if asked, then the calls that `then` names, joined by '+', in "
   "turn: operators of one array, or of what was made so far and `other`, which has its shape. Of 16-bit floats sums, "
   "bias and calls are float32, and rounded once (on a GPU the sum with its bias, then each call); not at all where "
   "`other` is float32.",
   dtype="floating", infer="product", kernel="product", np_name="", ref="dlcore.ops.reference.product",
   samples=[case(real(shape=(2, 3)), real(shape=(3, 4)), real(shape=(4,)), None, then="relu"),
            case(real(shape=(2, 5, 3)), real(shape=(4, 3)), None, real(shape=(2, 5, 4)), transpose_b=True,
                 then="add+sigmoid"),
            case(real(shape=(70, 9)), real(shape=(9, 50)), None, real(shape=(70, 50)), then="_relu_grad"),
            case(real(shape=(2, 5, 3)), real(shape=(2, 3, 2)), real(shape=(2,)), None, then="gelu_erf"),
            case(real(shape=(0, 3)), real(shape=(3, 4)), real(shape=(4,)), None, then="tanh")],
   errors=[bad("_product: .*expected other", real(shape=(2, 3)), real(shape=(3, 4)), None, real(shape=(4,)),
               then="add"),
           bad("_product: .*bias", real(shape=(2, 3)), real(shape=(3, 4)), real(shape=(3,)), None),
           bad("_product: .*'exps'", real(shape=(2, 3)), real(shape=(3, 4)), None, None, then="exps")],
   tol={"float16": 6e-3, "bfloat16": 6e-2}, example="_product([[1., -2.]], [[3.], [4.]], [1.], None) -> [[-4.]]")

# The gradients of a dense layer's weights and bias in one (graph/passes/product_sums.py).
op("_product_sums", "a, b", "matmul(a, b) of two matrices, and the sums of a's lines.", outs="y, sums",
   dtype="floating", infer="product_sums", kernel="product_sums", np_name="",
   ref="(np.matmul(a, b), np.sum(a, axis=1))",
   samples=[case(_a, _b), case(real(shape=(9, 40)), real(shape=(40, 16))), case(real(shape=(0, 4)), _b),
            case(real(shape=(3, 0)), real(shape=(0, 2)))],
   errors=[bad(r"_product_sums: .*\(3, 4\).*\(3, 4\)", _a, _a), bad("two matrices", real(shape=(4,)), _b)],
   tol={"float16": 4e-3, "bfloat16": 4e-2}, example="_product_sums([[1., 2.]], [[3.], [4.]]) -> ([[11.]], [3.])")

# The factorisations: kernels in `_lapack`, gradients here. Y^H is _adjoint(y). Formulas: M. Giles, "An extended
# collection of matrix derivative results for forward and reverse mode algorithmic differentiation" (2008); M. Seeger
# et al., "Auto-differentiating linear algebra" (2017); J. Townsend, "Differentiating the singular value decomposition"
# (2016); S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions" (2018).
_settings: dict = {"family": "factorisation", "dtype": "floating", "np_name": "", "complex_rule": "written",
                   "tol": {"float32": 2e-5, "float16": 1e-2, "bfloat16": 8e-2}}


def _lapack_op(*args, **more):
    return _op(*args, **_settings | more)



_S3 = fixed([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 5.0]])
_S2B = fixed([[[2.0, 0.5], [0.5, 1.0]], [[3.0, -1.0], [-1.0, 2.0]]])
_R3 = fixed([[2.0, -1.0, 0.5], [0.25, 3.0, 1.0], [1.0, -0.5, 1.5]])
_T3 = fixed([[2.0, 0.0, 0.0], [0.25, 3.0, 0.0], [1.0, -0.5, 1.5]])
_TALL, _WIDE = fixed([[2.0, -1.0], [0.25, 3.0], [1.0, -0.5]]), fixed([[2.0, 0.25, 1.0], [-1.0, 3.0, -0.5]])
_b3 = real(shape=(3, 2))
_oblong = bad(r"square matrices.*\(2, 3\)", real(shape=(2, 3)))
_vector = bad(r"matrices.*\(3,\)", real(shape=(3,)))
_singular = bad("[Ss]ingular", fixed([[1.0, 1.0], [1.0, 1.0]]))
_nothing = real(shape=(0, 2, 2))

op("_adjoint", "x", "The conjugate of the transposed matrices.", define="swap_last(conj(x))",
   ref="np.conj(np.swapaxes(x, -1, -2))", samples=[case(real(shape=(2, 3)))], complex_rule="written")
_lapack_op("cholesky", "a", "Lower triangular L with L @ L^H = a, for symmetric positive definite matrices; a counts "
   "as (a + a^H) / 2.", infer="cholesky", kernel="cholesky",
   ref="np.linalg.cholesky((a + np.conj(np.swapaxes(a, -1, -2))) / 2)",
   grad="p = matmul(_adjoint(y), gy); p = 0.5 * (tril(p) + tril(p, k=-1)); u = _adjoint(y);"
        "s = _solve_upper(u, _adjoint(_solve_upper(u, p))); 0.5 * (s + _adjoint(s))",
   samples=[case(_S3), case(_S2B), case(_nothing)], errors=[_oblong, _vector,
                                                             bad("positive definite", fixed([[-1.0]]))],
   formula="Giles 2008; Seeger et al. 2017", aliases="linalg_potrf", example="cholesky([[4.]]) -> [[2.]]")
_lapack_op("inv", "a", "The inverse of square matrices.", infer="inv", kernel="inv", ref="np.linalg.inv(a)",
   grad="h = _adjoint(y); -matmul(matmul(h, gy), h)", samples=[case(_R3), case(_S2B), case(_nothing)],
   errors=[_oblong, _vector, _singular], aliases="linalg_inverse", example="inv([[2.]]) -> [[0.5]]")
_lapack_op("det", "a", "The determinant of square matrices.", infer="det", kernel="det", ref="np.linalg.det(a)",
   grad="expand_dims(gy, axis=(-2, -1)) * _cofactor(a)", samples=[case(_R3), case(_S2B), case(_nothing)],
   errors=[_oblong, _vector], aliases="linalg_det", example="det([[2., 0.], [0., 3.]]) -> 6.")
_lapack_op("_cofactor", "a", "The cofactors: det(a) times the adjoint inverse, defined for singular matrices too.",
   infer="cofactor", kernel="cofactor",
   ref="np.conj(np.linalg.det(a)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2))",
   grad="i = _adjoint(inv(a));"
        "i * sum(conj(gy) * y, axis=(-2, -1), keepdims=True) - matmul(matmul(y, _adjoint(gy)), i)",
   samples=[case(_R3), case(_S2B)])
_lapack_op("slogdet", "a", "The sign of the determinant and the logarithm of its size.", outs="sign, size",
   infer="slogdet", kernel="slogdet", dtype="slogdet",
   grad="k = conj(gsign) * sign; expand_dims(gsize + 0.5 * (conj(k) - k), axis=(-2, -1)) * _adjoint(inv(a))",
   ref="np.linalg.slogdet(a)", samples=[case(_R3), case(_S2B)], errors=[_oblong, _vector], aliases="linalg_slogdet",
   example="slogdet([[-1.]]) -> (-1., 0.)")
_lapack_op("solve", "a, b", "x with a @ x = b, for square matrices a and matrices b; leading axes are broadcast.",
   infer="solve", kernel="solve", ref="np.linalg.solve(a, b)",
   grad={"a": "-matmul(solve(_adjoint(a), gy), _adjoint(y))", "b": "solve(_adjoint(a), gy)"},
   samples=[case(_R3, _b3), case(_S2B, real(shape=(2, 1))), case(_R3, real(shape=(2, 3, 1)))],
   errors=[bad(r"square.*\(2, 3\)", real(shape=(2, 3)), _b3), bad(r"\(3, 3\).*3 rows.*\(0, 2, 2\)", _R3, _nothing),
           bad("[Ss]ingular", fixed([[0.0]]), fixed([[1.0]])),
           bad("broadcast", real(shape=(2, 3, 3)), real(shape=(4, 3, 1)))], example="solve([[2.]], [[4.]]) -> [[2.]]")
for _name, _other, _half, _a in (("lower", "upper", "tril", _T3),
                                 ("upper", "lower", "triu", _T3._replace(value=list(zip(*_T3.value, strict=True))))):
    _lapack_op(f"_solve_{_name}", "a, b", f"x with t @ x = b, where t is the {_name} triangle of a.",
       infer=f"solve_{_name}", kernel=f"solve_{_name}", ref=f"np.linalg.solve(np.{_half}(a), b)",
       grad={"a": f"-{_half}(matmul(_solve_{_other}(_adjoint(a), gy), _adjoint(y)))",
             "b": f"_solve_{_other}(_adjoint(a), gy)"},
       samples=[case(_a, _b3), case(_a, real(shape=(2, 3, 1)))],
       errors=[bad("[Ss]ingular", fixed([[0.0]]), fixed([[1.0]])), bad("rows", _a, real(shape=(2, 2)))])
_lapack_op("_qr", "a", "Q with orthonormal columns and upper triangular R with Q @ R = a, for tall matrices.",
   outs="q, r", infer="qr", kernel="qr", ref="np.linalg.qr(a)",
   grad="m = matmul(r, _adjoint(gr)) - matmul(_adjoint(gq), q);"
        "t = tril(m, k=-1); d = tril(m) - t; x = gq + matmul(q, t + _adjoint(t) + 0.5 * (d + _adjoint(d)));"
        "_adjoint(_solve_upper(r, _adjoint(x)))",
   samples=[case(_TALL), case(_R3), case(_S2B)], errors=[bad(r"as many rows.*\(2, 3\)", real(shape=(2, 3)))],
   formula="Walter and Lehmann 2018")
_lapack_op("_qr_complete", "a", "QR with a square Q. No gradient: the added columns are not determined.", outs="q, r",
   infer="qr_complete", kernel="qr_complete", ref="np.linalg.qr(a, mode='complete')",
   samples=[case(_TALL), case(_WIDE)], errors=[_vector])
# The phases of complex vectors are not determined: gradients hold for what does not depend on them, which differences
# of the vectors themselves cannot see. So complex matrices have stanzas of their own, and tests beside those derived.
for _name, _more in (("_eigh_complex", {"complex_rule": "written", "smooth": False}),
                     ("eigh", {"complex_rule": "_eigh_complex", "example": "eigh([[2.]]) -> ([2.], [[1.]])"})):
    _lapack_op(_name, "a", "Eigenvalues, smallest first, and eigenvectors (columns) of symmetric matrices; a counts as "
       "(a + a^H) / 2. The gradient of eigenvectors takes equal eigenvalues for unconnected.", outs="w, v",
       infer="eigh", kernel="eigh", dtype="eigh", ref="np.linalg.eigh((a + np.conj(np.swapaxes(a, -1, -2))) / 2)",
       grad="d = expand_dims(w, axis=-2) - expand_dims(w, axis=-1); same = d == 0;"
            "f = where(same, 0.0, 1.0 / where(same, 1.0, d)); h = _adjoint(v);"
            "t = matmul(v * expand_dims(gw, axis=-2), h) + matmul(matmul(v, f * matmul(h, gv)), h);"
            "0.5 * (t + _adjoint(t))",
       samples=[case(_S3), case(_S2B)], errors=[_oblong, _vector], formula="Giles 2008", **_more)
_lapack_op("eigvalsh", "a", "Eigenvalues of symmetric matrices, smallest first; a counts as (a + a^H) / 2.",
   infer="eigvalsh", kernel="eigvalsh", dtype="real_of",
   ref="np.linalg.eigvalsh((a + np.conj(np.swapaxes(a, -1, -2))) / 2)",
   grad="w, v = eigh(a); matmul(v * expand_dims(gy, axis=-2), _adjoint(v))", samples=[case(_S3), case(_S2B)],
   errors=[_oblong, _vector], example="eigvalsh([[2.]]) -> [2.]")
_lapack_op("eig", "a", "Eigenvalues and eigenvectors (columns of length 1) of square matrices, both complex, in no "
   "particular order.", outs="w, v", dtype="complex", infer="eig", kernel="eig", smooth=False,
   ref="np.linalg.eig(a.astype(complex))",
   grad="h = _adjoint(v); p = matmul(h, gv);"
        "d = conj(expand_dims(w, axis=-2) - expand_dims(w, axis=-1)); same = d == 0;"
        "r = diagonal(p, axis1=-2, axis2=-1); r = 0.5 * (r + conj(r)); k = p - matmul(h, v) * expand_dims(r, axis=-2);"
        "k = where(same, 0.0, k / where(same, 1.0, d)); solve(h, expand_dims(gw, axis=-1) * h + matmul(k, h))",
   samples=[case(_R3), case(_S2B)], errors=[_oblong, _vector], formula="Giles 2008",
   example="eig([[2.]]) -> ([2. + 0j], [[1. + 0j]])")
_lapack_op("eigvals", "a", "Eigenvalues of square matrices, complex, in no particular order.", dtype="complex",
   infer="eigvals", kernel="eigvals", ref="np.linalg.eigvals(a.astype(complex))",
   grad="w, v = eig(a); h = _adjoint(v); solve(h, expand_dims(gy, axis=-1) * h)",
   samples=[case(_R3), case(_S2B)], errors=[_oblong, _vector], example="eigvals([[2.]]) -> [2. + 0j]")
for _name, _more in (("_svd_complex", {"complex_rule": "written", "smooth": False}),
                     ("_svd", {"complex_rule": "_svd_complex"})):
    _lapack_op(_name, "a", "The reduced singular value decomposition.", outs="u, s, h", infer="svd", kernel="svd",
       dtype="svd", ref="np.linalg.svd(a, full_matrices=False)",
       grad="e = expand_dims(s, axis=-2); t = expand_dims(s, axis=-1); d = e * e - t * t; same = d == 0;"
            "f = where(same, 0.0, 1.0 / where(same, 1.0, d)); i = where(e == 0, 0.0, 1.0 / where(e == 0, 1.0, e));"
            "p = matmul(_adjoint(u), gu); k = p - _adjoint(p); v = _adjoint(h); gv = _adjoint(gh); q = matmul(h, gv);"
            "left = matmul(u, (f * k) * e) + (gu - matmul(u, p)) * i;"
            "right = matmul(v, (f * (q - _adjoint(q))) * e) + (gv - matmul(v, q)) * i;"
            "turn = 0.5 * expand_dims(diagonal(k, axis1=-2, axis2=-1), axis=-2) * i;"  # of the phase; real: 0
            "matmul(left + u * (expand_dims(gs, axis=-2) + turn), h) + matmul(u, _adjoint(right))",
       samples=[case(_TALL), case(_WIDE), case(_R3), case(_S2B)], errors=[_vector], formula="Townsend 2016",
       **_more)
_lapack_op("_svd_full", "a", "The singular value decomposition with square U and V. No gradient.", outs="u, s, h",
   infer="svd_full", kernel="svd_full", dtype="svd", ref="np.linalg.svd(a)",
   samples=[case(_TALL), case(_WIDE)], errors=[_vector])
_lapack_op("svdvals", "a", "Singular values, largest first.", infer="svdvals", kernel="svdvals",
   dtype="real_of", ref="np.linalg.svd(a, compute_uv=False)",
   grad="u, s, h = _svd(a); matmul(u * expand_dims(gy, axis=-2), h)",
   samples=[case(_TALL), case(_WIDE), case(_S2B)], errors=[_vector], example="svdvals([[-3.]]) -> [3.]")
_lapack_op("pinv", "a, rtol: opt_float = None", "The Moore-Penrose inverse; singular values up to rtol times the "
   "largest count as zero (None: eps times the longer side).", infer="pinv", kernel="pinv",
   ref="np.linalg.pinv(a) if rtol is None else np.linalg.pinv(a, rtol)",
   grad="h = _adjoint(y); g = _adjoint(gy); yh = matmul(y, h); hy = matmul(h, y);"
        "matmul(g - matmul(a, matmul(y, g)), yh) + matmul(hy, g - matmul(matmul(g, y), a))"
        " - matmul(matmul(h, gy), h)",
   samples=[case(_TALL), case(_WIDE), case(_S2B)], errors=[_vector], formula="Golub and Pereyra 1973",
   example="pinv([[2.], [0.]]) -> [[0.5, 0.]]")
