"""`mxnet.base`: what old scripts catch.

>>> try:
...     raise ValueError("a shape that does not fit")
... except MXNetError as error:
...     print(error)
a shape that does not fit
"""

__all__ = ["MXNetError"]

# dlcore raises Python's own exceptions (ValueError, TypeError, ...), so what stood for all errors of the library is:
MXNetError = Exception
