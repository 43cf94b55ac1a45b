"""What NumPy asks about complex arrays: iscomplex, isreal and kin, and the parts as attributes."""

from __future__ import annotations

from typing import Any

from .._core import NDArray
from ..ops import F
from ._convert import asarray


def iscomplexobj(x: Any) -> bool:
    """Whether x is an array of a complex dtype, whatever its numbers.

    >>> iscomplexobj([1 + 0j]), iscomplexobj([1.0])
    (True, False)
    """
    return asarray(x)._dtype_name.startswith("complex")


def isrealobj(x: Any) -> bool:
    """Whether x is an array of a real dtype.

    >>> isrealobj([1 + 0j]), isrealobj([1.0])
    (False, True)
    """
    return not iscomplexobj(x)


def iscomplex(x: Any) -> NDArray:
    """Whether the imaginary part is not zero, element by element.

    >>> iscomplex([1 + 0j, 2 - 1j]).tolist()
    [False, True]
    """
    return F.not_equal(F.imag(x), 0)


def isreal(x: Any) -> NDArray:
    """Whether the imaginary part is zero, element by element.

    >>> isreal([1 + 0j, 2 - 1j]).tolist()
    [True, False]
    """
    return F.equal(F.imag(x), 0)


def real_if_close(a: Any, tol: float = 100) -> NDArray:
    """The real part, if no imaginary part is larger than `tol` (up to 1: that size; above: so many rounding steps of
    the dtype); else the array itself.

    >>> real_if_close([1 + 1e-9j, 2.0]).dtype
    dtype('float32')
    """
    a = asarray(a)
    if not iscomplexobj(a):
        return a
    step = 2.0**-23 if a._dtype_name == "complex64" else 2.0**-52
    limit = tol * step if tol > 1 else tol
    return F.real(a) if bool(F.all(F.less(F.abs(F.imag(a)), limit))) else a


def angle(z: Any, deg: bool = False) -> NDArray:
    """The angle of complex numbers from the real axis, in radians from -pi to pi, or in degrees; 0 or pi of real ones.

    >>> angle([1j, -1.0], deg=True).tolist()
    [90.0, 180.0]
    """
    found = F.angle(z)
    return F.degrees(found) if deg else found


def _real(self: NDArray) -> NDArray:
    """The real part: of a complex array a new one, of others the array itself."""
    return F.real(self) if iscomplexobj(self) else self


def _imag(self: NDArray) -> NDArray:
    """The imaginary part, a new array; zeros for a real one."""
    return F.imag(self)


def conjugate(self: NDArray) -> NDArray:
    """The complex conjugate, a new array; a copy of a real one."""
    return F.conj(self)


PARTS = {"real": _real, "imag": _imag}  # attributes of NDArray
