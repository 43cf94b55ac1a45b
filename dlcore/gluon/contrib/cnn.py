"""Convolutions under the import path that MXNet had them in; they are `dlcore.gluon.nn`'s.

>>> from dlcore import gluon
>>> DeformableConvolution is gluon.nn.DeformableConvolution
True
"""

from dlcore import _answers

from ..nn import DeformableConvolution, ModulatedDeformableConvolution

__all__ = ["DeformableConvolution", "ModulatedDeformableConvolution"]

_answers.guard(__name__, __all__)
