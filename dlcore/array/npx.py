"""`dlcore.npx`: what deep learning adds to NumPy: MXNet's names in lower case, and every operator under its own.

Layers take MXNet's arguments (npx.convolution, npx.batch_norm, ...); the rest are the functions of `dlcore.nd` and the
operators. Arrays here always behave as NumPy's; `set_np` changes only what Python ints become, as it did there.
"""

from __future__ import annotations

import contextlib
import difflib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from .. import _answers
from .._core import NDArray
from .._hooks import hook
from ..ops import RECORDS, F
from ..ops.composite import FUNCTIONS
from . import nd
from ._convert import whole_dtype
from .context import Context, cpu, cpu_pinned, current_context, gpu, num_gpus, require_gpu

# npx name -> nd name, where they differ.
_NAMES = {
    "activation": "Activation", "batch_flatten": "flatten2d", "batch_norm": "BatchNorm", "convolution": "Convolution",
    "ctc_loss": "CTCLoss", "deconvolution": "Deconvolution", "dropout": "Dropout", "embedding": "Embedding",
    "fully_connected": "FullyConnected", "group_norm": "GroupNorm", "instance_norm": "InstanceNorm",
    "layer_norm": "LayerNorm", "leaky_relu": "LeakyReLU", "pooling": "Pooling", "rnn": "RNN",
    "sequence_mask": "SequenceMask", "sequence_last": "SequenceLast", "sequence_reverse": "SequenceReverse",
    "roi_pooling": "ROIPooling", "l2_normalization": "L2Normalization", "lrn": "LRN",
}  # fmt: skip
_CONTRIB = {
    "arange_like": "arange_like", "multibox_detection": "MultiBoxDetection", "multibox_prior": "MultiBoxPrior",
    "multibox_target": "MultiBoxTarget", "index_array": "index_array", "foreach": "foreach",
    "while_loop": "while_loop", "cond": "cond",
}  # fmt: skip
_SAME = """batch_dot cast depth_to_space erf erfinv gamma gammaln gather_nd load log_softmax one_hot pick relu reshape
    reshape_like save scatter_nd shape_array sigmoid slice smooth_l1 softmax space_to_depth stop_gradient topk
    waitall""".split()


def __getattr__(name: str) -> Any:
    if name in _NAMES and _NAMES[name] in dir(nd):
        value = getattr(nd, _NAMES[name])
    elif name in _CONTRIB and _CONTRIB[name] in dir(nd.contrib):
        value = getattr(nd.contrib, _CONTRIB[name])
    elif name in _SAME:
        value = getattr(nd, name)
    elif name in FUNCTIONS or (name in RECORDS and not RECORDS[name].internal):
        value = getattr(F, name)
        value = _answers.answered(value, name) if inspect.isfunction(value) else value
    else:
        near = difflib.get_close_matches(name, __dir__(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"dlcore.npx has no {name!r}{hint}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    there, contributed = set(dir(nd)), set(dir(nd.contrib))
    layers = [n for n, of in _NAMES.items() if of in there]
    others = [n for n, of in _CONTRIB.items() if of in contributed]
    return sorted(
        {*__all__, *layers, *others, *_SAME, *FUNCTIONS, *(r.name for r in RECORDS.values() if not r.internal)}
    )


def nonzero(data: Any) -> NDArray:
    """The positions of the numbers that are not 0, one row of indices for each: (count, axes), int64.

    >>> nonzero([[0.0, 5.0], [6.0, 0.0]]).tolist()
    [[0, 1], [1, 0]]
    """
    from . import np

    return np.argwhere(data)


def constraint_check(data: Any, msg: str = "Constraint violated.") -> NDArray:
    """True if all of data is true; else a ValueError with the message.

    >>> bool(constraint_check([True, True]))
    True
    """
    held = F.all(data)
    if not bool(held):
        raise ValueError(msg)
    return held


numpy_rules = [False]  # whether `set_np` was called: only `dlcore.compat` asks


def set_np(shape: bool = True, array: bool = True, dtype: bool = False) -> None:
    """Python ints without a dtype become float32 in `array`, `arange` and `full` from now on, as they do in MXNet,
    whose courses begin with this call and count on it. Arrays behave as NumPy's in any case.

    dtype   True keeps NumPy's rule, by which ints become int64

    >>> import dlcore as dl
    >>> set_np()
    >>> dl.np.arange(3).dtype
    dtype('float32')
    >>> reset_np()
    >>> dl.np.arange(3).dtype
    dtype('int64')
    """
    whole_dtype("int64" if dtype else "float32")
    numpy_rules[0] = True


def reset_np() -> None:
    """Python ints without a dtype become int64 again.

    >>> reset_np()
    """
    whole_dtype("int64")
    numpy_rules[0] = False


def is_np_array() -> bool:
    """True: arrays behave as NumPy's.

    >>> is_np_array()
    True
    """
    return True


def is_np_shape() -> bool:
    """True: arrays without axes and without elements exist.

    >>> is_np_shape()
    True
    """
    return True


@contextlib.contextmanager
def np_array(active: bool = True) -> Iterator[None]:
    """A block in which nothing is different: arrays behave as NumPy's in any case.

    >>> with np_array():
    ...     is_np_array()
    True
    """
    yield


np_shape = np_array


def use_np(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function or class itself: arrays behave as NumPy's in any case.

    >>> use_np(len)([1])
    1
    """
    return function


def _cupy(index: int) -> Any:
    require_gpu(index)
    return hook("device.gpu")().cupy


def gpu_memory_info(device_id: int = 0) -> tuple[int, int]:
    """Free and total bytes of a GPU. RuntimeError where there is none.

    >>> gpu_memory_info(0)  # doctest: +SKIP
    (149000000000, 150000000000)
    """
    cupy = _cupy(device_id)
    with cupy.cuda.Device(device_id):
        free, total = cupy.cuda.runtime.memGetInfo()
    return int(free), int(total)


def get_cuda_compute_capability(ctx: Context | str | None = None) -> int:
    """A GPU's compute capability as one number (90 for 9.0). RuntimeError where there is none.

    >>> get_cuda_compute_capability()  # doctest: +SKIP
    90
    """
    index = Context(ctx).device_id if ctx is not None else 0
    return int(_cupy(index).cuda.Device(index).compute_capability)


__all__ = [
    "Context", "NDArray", "constraint_check", "cpu", "cpu_pinned", "current_context", "get_cuda_compute_capability",
    "gpu", "gpu_memory_info", "is_np_array", "is_np_shape", "nonzero", "np_array", "np_shape", "num_gpus", "reset_np",
    "set_np", "use_np",
]  # fmt: skip

_answers.answer(__name__, __all__)
