"""The GPU backend: CuPy owns memory and streams, cuBLASLt and cuDNN do products and convolutions, the rest is rendered.

What lives here: registration with the core's device table (`_backend.py`), one file of kernels per stem of
csrc/kernels/cpu (tile, copy, reduce, index, concat, matmul, attention, conv, pooling, norm, random), compiled graphs
(`executable.py`; `control.py`: their branches and loops) and what is said where there is no GPU (`absent.py`). What
must not: gradients, shape rules and anything a user calls; those are the same on every device. Nobody imports this
room by name: the core loads it through the hook "device.gpu" when a GPU is first asked for. CuPy is imported inside
functions only.
"""

from ._backend import Backend, backend
from .control import Control
from .executable import Executable

__all__ = ["Backend", "Control", "Executable", "backend"]
