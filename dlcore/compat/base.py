"""`mxnet.base`: what old scripts catch, and the kinds of Python's values that they ask for.

>>> try:
...     raise ValueError("a shape that does not fit")
... except MXNetError as error:
...     print(error)
a shape that does not fit
>>> isinstance(3, integer_types), isinstance("relu", string_types)
(True, True)
"""

import numpy as np

__all__ = ["MXNetError", "integer_types", "numeric_types", "py_str", "string_types"]

# dlcore raises Python's own exceptions (ValueError, TypeError, ...), so what stood for all errors of the library is:
MXNetError = Exception
numeric_types = (float, int, np.generic)
integer_types = (int, np.int32, np.int64)
string_types = (str,)


def py_str(text: bytes | str) -> str:
    """Text as Python's own.

    >>> py_str(b"relu")
    'relu'
    """
    return text.decode() if isinstance(text, bytes) else text
