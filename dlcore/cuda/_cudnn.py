"""cuDNN's graph API through NVIDIA's front end: one built plan per shapes, layouts and dtype.

Each function returns False where the front end is not installed (or the arrays are NumPy's), or cuDNN has no engine for
the call: the caller then takes its own path.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from ._call import Call, each

_KINDS = {"float32": "FLOAT", "float16": "HALF", "bfloat16": "BFLOAT16", "float64": "DOUBLE"}


@cache
def _frontend() -> Any:  # the module, or None where it is not installed
    try:
        import cudnn
    except ImportError:
        return None
    return cudnn


@cache
def _handle(device: int, stream: int) -> Any:
    """One handle a stream: the front end asks that none be driven from two."""
    handle = _frontend().create_handle()
    _frontend().set_stream(handle=handle, stream=stream)
    return handle


def _suits(array: Any) -> bool:
    """Whether cuDNN's engines take it: at a multiple of 16 bytes, neither running back nor repeating itself."""
    return array.data.ptr % 16 == 0 and all(s > 0 for n, s in zip(array.shape, array.strides, strict=True) if n > 1)


def _suitable(xp: Any, array: Any) -> Any:
    return array if _suits(array) else xp.array(array, order="C")


def _spec(array: Any, kind: str) -> tuple:
    item = array.dtype.itemsize
    packed = [math.prod(array.shape[i + 1 :]) for i in range(array.ndim)]
    steps = tuple(s // item if n > 1 else p for n, s, p in zip(array.shape, array.strides, packed, strict=True))
    return array.shape, steps, kind


def _tensor(graph: Any, name: str, spec: tuple) -> Any:
    shape, strides, kind = spec
    kind = getattr(_frontend().data_type, kind)
    return graph.tensor(name=name, dim=list(shape), stride=list(strides), data_type=kind)


@cache
def _plan(
    device: int,
    stream: int,
    what: str,
    first: tuple,
    second: tuple,
    out: tuple,
    pad: tuple,
    stride: tuple,
    dilate: tuple,
) -> Any:
    """The built graph with its tensors and workspace; None where cuDNN has no engine for it."""
    cudnn = _frontend()
    shape, strides, kind = out
    sums = cudnn.data_type.DOUBLE if kind == "DOUBLE" else cudnn.data_type.FLOAT
    graph = cudnn.pygraph(
        io_data_type=getattr(cudnn.data_type, kind),
        intermediate_data_type=sums,
        compute_data_type=sums,
        handle=_handle(device, stream),
    )
    a, b = _tensor(graph, "first", first), _tensor(graph, "second", second)
    options = {"padding": list(pad), "stride": list(stride), "dilation": list(dilate)}
    if what == "forward":
        y = graph.conv_fprop(image=a, weight=b, **options)
    elif what == "data":
        y = graph.conv_dgrad(loss=a, filter=b, **options)
    else:
        y = graph.conv_wgrad(loss=a, image=b, **options)
    y.set_output(True).set_dim(list(shape)).set_stride(list(strides)).set_data_type(getattr(cudnn.data_type, kind))
    try:
        graph.build([cudnn.heur_mode.A, cudnn.heur_mode.FALLBACK])
    except cudnn.cudnnGraphNotSupportedError:
        return None
    import cupy

    return graph, a, b, y, cupy.cuda.alloc(max(graph.get_workspace_size(), 1))


def _run(call: Call, what: str, first: Any, second: Any) -> bool:
    xp = call.xp
    kind = "BFLOAT16" if call.bits else _KINDS.get(str(call.y.dtype))
    if xp.__name__ != "cupy" or _frontend() is None or kind is None or 0 in (*first.shape, *second.shape):
        return False
    if not first.dtype == second.dtype == call.y.dtype or not _suits(call.y):
        return False
    first, second = _suitable(xp, first), _suitable(xp, second)
    device, stream = xp.cuda.Device().id, xp.cuda.get_current_stream().ptr
    options = tuple(each(call.attrs[name], first.ndim - 2) for name in ("pad", "stride", "dilate"))
    plan = _plan(device, stream, what, *(_spec(array, kind) for array in (first, second, call.y)), *options)
    if plan is None:
        return False
    graph, a, b, y, workspace = plan
    graph.execute(
        {a: first.data.ptr, b: second.data.ptr, y: call.y.data.ptr}, workspace.ptr, handle=_handle(device, stream)
    )
    return True


def forward(call: Call, x: Any, weight: Any) -> bool:
    """call.y = conv2d(x, weight). Groups follow from the channels of the two."""
    return _run(call, "forward", x, weight)


def data_gradient(call: Call, gy: Any, weight: Any) -> bool:
    """call.y = the gradient with respect to the image."""
    return _run(call, "data", gy, weight)


def weight_gradient(call: Call, gy: Any, x: Any) -> bool:
    """call.y = the gradient with respect to the weight."""
    return _run(call, "weight", gy, x)
