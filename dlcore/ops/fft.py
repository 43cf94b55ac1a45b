"""Stanzas: Fourier transforms along one axis. `dlcore.np.fft` makes the standard's functions of them."""

from functools import partial

from . import _fft  # noqa: F401 - the kernels
from ._record import op as _op
from ._samples import bad, case, real

# fmt: off
_BOOK = "C. F. Van Loan, Computational Frameworks for the Fast Fourier Transform (1992)"
op = partial(_op, family="fft", np_name="", complex_rule="written", formula=_BOOK,
             tol={"float32": 4e-6, "float16": 4e-3, "bfloat16": 4e-2})
_CALL = "x, n: int, axis: int = -1, norm: str = 'backward'"
_x, _x3 = real(shape=(2, 5)), real(shape=(2, 4, 3))
_SAMPLES = [case(_x, n=5), case(_x, n=8), case(_x, n=3), case(_x3, n=4, axis=1, norm="ortho"),
            case(_x3, n=6, axis=-2, norm="forward"), case(real(shape=(1,)), n=1), case(real(shape=(0, 3)), n=3)]
_ERRORS = [bad("axis 2 is out of range", _x, n=5, axis=2, raises="IndexError"), bad("at least 1 point", _x, n=0),
           bad("norm must be 'backward', 'ortho' or 'forward'", _x, n=5, norm="other")]
_ref = "np.fft.{}(x, n, axis, norm)".format
# Each transform is linear: its gradient is its adjoint, with the scale of the other direction.
_BACK = "n, axis=axis, norm=dual_norm(norm)"

op("fft", _CALL, "The discrete Fourier transform of n points along an axis; x is cut or filled up with zeros to n. In "
   "complex64, or complex128 for float64 and complex128. norm 'backward' scales the inverse by 1 / n, 'forward' this "
   "one, 'ortho' both by the root.", dtype="complex", infer="fft", kernel="fft", ref=_ref("fft"), samples=_SAMPLES,
   errors=_ERRORS, grad=f"_fit_like(ifft(gy, {_BACK}), x, axis=axis)",
   example="fft([1., 2.], 2) -> [3. + 0j, -1. + 0j]")
op("ifft", _CALL, "The inverse of fft.", dtype="complex", infer="fft", kernel="ifft", ref=_ref("ifft"),
   samples=_SAMPLES, errors=_ERRORS, grad=f"_fit_like(fft(gy, {_BACK}), x, axis=axis)",
   example="ifft([3., -1.], 2) -> [1. + 0j, 2. + 0j]")
op("rfft", _CALL, "The first n // 2 + 1 numbers of the Fourier transform of n real points; the others are their "
   "conjugates. Raises TypeError for complex numbers.", dtype="to_complex", infer="rfft", kernel="rfft",
   ref=_ref("rfft"), samples=_SAMPLES,
   errors=[*_ERRORS, bad("expected real numbers", real(shape=(2,), dtype="complex64"), n=2, raises="TypeError")],
   grad=f"_fit_like(irfft(_half_weight(gy, n, axis=axis, inverse=True), {_BACK}), x, axis=axis)",
   example="rfft([1., 2.], 2) -> [3. + 0j, -1. + 0j]")
op("irfft", _CALL, "The n real points whose Fourier transform begins with x: the inverse of rfft. Only the first "
   "n // 2 + 1 numbers are read; the imaginary part of the first, and of the last where n is even, counts as 0.",
   dtype="from_complex", infer="fft", kernel="irfft", ref="dlcore.ops.reference.irfft", samples=_SAMPLES,
   errors=_ERRORS,
   grad=f"_fit_like(_half_weight(rfft(gy, {_BACK}), n, axis=axis), x, axis=axis)",
   example="irfft([3., -1.], 2) -> [1., 2.]")
op("_fit_like", "x, y: like, axis: int", "x cut to y's length along the axis, or filled up with zeros at the end.",
   dtype="same", infer="fit_like", kernel="fit_like", grad={"x": "_fit_like(gy, x, axis=axis)"},
   ref="dlcore.ops._fft.fit_like", samples=[case(_x, real(shape=(2, 3)), axis=1), case(_x, real(shape=(4, 5)), axis=0)])
op("_half_weight", "x, n: int, axis: int, inverse: bool = False", "Half a spectrum of n points, each number times (or "
   "over) how many of the whole it stands for.", dtype="floating", infer="half_weight", kernel="half_weight",
   grad={"x": "_half_weight(gy, n, axis=axis, inverse=inverse)"}, ref="dlcore.ops._fft.half_weight",
   samples=[case(_x, n=8, axis=1, inverse=False), case(_x3, n=7, axis=1, inverse=True),
            case(_x3, n=6, axis=1, inverse=False)])
