"""Arrays: the methods of NDArray and its namespaces.

Here: `np` (array-API and NumPy names), `nd` (classic names), `random`, `linalg`, `sparse`, `context` (devices); and,
attached to the core's NDArray class when this room is imported: signs (`_dunders`), methods (`_methods`), indexing
(`_indexing`, `_key`), repr, DLPack. `np` and `linalg` are put together from private files by topic (`_creation`,
`_joining`, `_reducing`, `_linalg_norms`, ...).
Not here: operators (dlcore/ops), gradients (dlcore/autograd). Next: `_methods.py` for what an array can do.
"""

from .._core import NDArray
from . import _classic_methods, _methods, _sparse
from ._convert import array, asarray
from .context import Context, cpu, current_context, gpu, num_gpus

_methods.attach()
_classic_methods.attach()
_sparse.attach()

__all__ = ["Context", "NDArray", "array", "asarray", "cpu", "current_context", "gpu", "num_gpus"]
